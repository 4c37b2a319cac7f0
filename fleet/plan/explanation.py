"""Explanation: what holds for an application at a destination, who says so, and instead of what.

In: an application, one of its destinations and the cluster. Out: facts. They are found by putting the same overrides on
top of the same sources as `expand` does, one after the other, and looking at what each of them changes; so nothing here
knows how things are merged. Whether a repository, revision or path exists is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field, fields, replace
from types import MappingProxyType
from typing import Any

from fleet.errors import DeclarationError, Problem, Where
from fleet.frozen import dataclass
from fleet.model.application import Application, Destination, SyncPolicy
from fleet.model.cluster import Cluster
from fleet.model.override import Override
from fleet.model.project import DEFAULT_PROJECT
from fleet.model.selector import parse_selector
from fleet.model.source import ChartSource, Source, Tool
from fleet.plan import leaves
from fleet.plan.expand import declared, mirrored, mirrored_as, overridden
from fleet.plan.layers import Layer, about, layers, selected
from fleet.plan.leaves import Path
from fleet.plan.namespace import DEFAULT_NAMESPACE

APPLICATION, CLUSTER, CONFIGURATION, DEFAULT = "application", "cluster", "configuration", "default"
SOURCE_FILE = "source file"

# The first of these that has a value of some name is the one that Helm takes.
_RANKS = ("file_parameters", "string_parameters", "parameters", "values")


@dataclass(frozen=True, slots=True)
class Said:
    """One value, and who says it.

    by: `application`, `override 2 (env=prod)`, `destination`, `source file`, `cluster`, `configuration`; `default` if
        it is what holds where nobody says anything.
    where: the place of what says it. path: of what it says below that, in fields of the DSL.
    """

    by: str
    value: Any
    where: Where = field(default_factory=Where)
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that holds.

    path: what it is about: `namespace`, `source.revision`, `sources[1].helm.values.replicas`.
    said: everything that was said about it, in order; the last word counts.
    beaten_by: the fact that leaves this one without effect, as a parameter does with a value of its name.
    """

    path: Path
    said: tuple[Said, ...]
    beaten_by: Path = ()

    @property
    def value(self) -> Any:
        """What holds."""
        return self.said[-1].value


@dataclass(frozen=True, slots=True)
class Judged:
    """One of the application's overrides. why_not: why it is not about the cluster; empty if it is."""

    layer: Layer
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One of the files in a source's path that tell its tool something.

    on_top: a tool → the tool with the file on top. place: a path of fields → where the file says that.
    """

    on_top: Callable[[Tool], Tool]
    place: Callable[[Path], Where]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What holds at one destination. overrides: all that the application has."""

    destination: Destination
    facts: tuple[Fact, ...]
    overrides: tuple[Judged, ...]

    def value(self, *path: str | int) -> Any:
        """Return what holds; None where nothing is said."""
        return next((fact.value for fact in self.facts if fact.path == path), None)


def explain(
    application: Application,
    destination: Destination,
    cluster: Cluster,
    mirrors: Mapping[str, str],
    files: Mapping[int, Sequence[Told]] = MappingProxyType({}),
) -> Explanation:
    """Return what holds for an application about whose overrides `misfits` has nothing to say.

    mirrors: as for `expand`. files: by the position of their source; the last one counts most. Raises DeclarationError
    for what does not fit together in the cluster.
    """
    above = layers(application, destination, cluster)
    facts = [*_skip(above), *_placing(application, above)]
    problems: list[Problem] = []
    for position in range(len(application.all_sources)):
        path: Path = ("source",) if application.source else ("sources", position)
        try:
            found = _source(path, position, application, above, files.get(position, ()))
            found |= _mirror(application.all_sources[position], found, mirrors)
        except DeclarationError as error:
            problems += (each.at(application=application.name, cluster=cluster.name) for each in error.problems)
            continue
        facts += _ranked(path, found)
    if problems:
        raise DeclarationError(*problems)
    facts += (*_metadata(above), *_about_cluster(cluster), *_settings(application))
    judged = (
        Judged(layer, "" if means else why_not(layer.override, cluster))
        for layer, means in selected(application, cluster)
    )
    return Explanation(destination, tuple(facts), tuple(judged))


def why_not(override: Override, cluster: Cluster) -> str:
    """Return why an override is not about a cluster: `the cluster has env=dev`."""
    if not override.names(cluster):
        return f"it is for {', '.join(override.references) or 'no cluster'}"
    unmet = (each for each in parse_selector(override.selector).requirements if not each.matches(cluster.labels))
    return "; ".join(dict.fromkeys(_has(cluster, each.key) for each in unmet))


def _has(cluster: Cluster, key: str) -> str:
    return f"the cluster has {key}={cluster.labels[key]}" if key in cluster.labels else f"the cluster has no {key}"


def _about_cluster(cluster: Cluster) -> Iterator[Fact]:
    for name in ("paused", "kube_version", "api_versions"):
        value = getattr(cluster, name)
        if value:
            yield Fact((name,), (Said(CLUSTER, value),))


def _skip(above: Sequence[Layer]) -> Iterator[Fact]:
    said = tuple(_said(layer, "skip") for layer in above if layer.override.skip is not None)
    if said:
        yield Fact(("skip",), said)


def _settings(application: Application) -> Iterator[Fact]:
    """Yield what holds in all clusters alike."""
    yield _of_application(application.where, ("project",), application.project, DEFAULT_PROJECT)
    for name in SyncPolicy.__slots__:
        yield _of_application(
            application.where, ("sync", name), getattr(application.sync, name), getattr(SyncPolicy(), name)
        )
    wait = _BETWEEN_WAVES if application.wait is None else application.wait
    yield _of_application(application.where, ("wait",), wait, _BETWEEN_WAVES)
    yield _of_application(application.where, ("wait_timeout_s",), application.wait_timeout_s, _WAIT_TIMEOUT_S)
    for each in fields(Application):
        value = getattr(application, each.name)
        if each.name not in _TOLD_OTHERWISE and value != each.default:
            yield _of_application(application.where, (each.name,), value, each.default)


_BETWEEN_WAVES = "between waves"
_WAIT_TIMEOUT_S = next(each.default for each in fields(Application) if each.name == "wait_timeout_s")
_TOLD_OTHERWISE = frozenset(
    {*("name", "source", "sources", "destinations"), *("namespace", "overrides", "project", "sync", "labels", "where")}
    | {"wait", "wait_timeout_s"}
)


def _of_application(where: Where, path: Path, value: Any, default: Any) -> Fact:
    said = Said(DEFAULT, value) if value == default else Said(APPLICATION, value, where, path)
    return Fact(path, (said,))


def _placing(application: Application, above: Sequence[Layer]) -> Iterator[Fact]:
    own = _of_application(
        application.where, ("namespace",), application.namespace or DEFAULT_NAMESPACE, DEFAULT_NAMESPACE
    )
    said = (_said(layer, "namespace") for layer in above if layer.override.namespace is not None)
    yield Fact(own.path, (*own.said, *said))


def _metadata(above: Sequence[Layer]) -> Iterator[Fact]:
    for name in ("labels", "annotations"):
        found: dict[str, tuple[Said, ...]] = {}
        for layer in above:
            for key, value in getattr(layer.override, name).items():
                said = Said(layer.name, value, layer.override.where, (name, key))
                found[key] = (*found.get(key, ()), said)
        yield from (Fact((name, key), said) for key, said in sorted(found.items()))
    patches = [
        Said(layer.name, patch, layer.override.where, ("patches", position))
        for layer in above
        for position, patch in enumerate(layer.override.patches)
    ]
    yield from (Fact(("patches", position), (said,)) for position, said in enumerate(patches))


def _said(layer: Layer, name: str) -> Said:
    return Said(layer.name, getattr(layer.override, name), layer.override.where, (name,))


def _source(
    path: Path, position: int, application: Application, above: Sequence[Layer], files: Sequence[Told]
) -> dict[Path, tuple[Said, ...]]:
    """Return what is said about one of the sources, leaf by leaf."""
    source = application.all_sources[position]
    state = declared(source, {})
    # A line of Python is the source's own; of YAML it is found by the key below the application.
    where = source.where if source.where.line else application.where
    said = {
        leaf: _of_application(where, (*path, *leaf), value, _DEFAULTS.get(leaf)).said
        for leaf, value in leaves.of_source(state).items()
    }
    for layer in above:
        if about(layer.override, application.all_sources) != position:
            continue
        changed = overridden(state, layer.override)
        if isinstance(changed, Problem):
            raise DeclarationError(changed)
        said = _with_layer(said, leaves.of_source(changed), layer, source)
        state = changed
    for file in files:
        state = replace(state, tool=file.on_top(state.tool))
        said = _with_file(said, leaves.of_source(state), file)
    return said


def _mirror(
    source: Source, said: Mapping[Path, tuple[Said, ...]], mirrors: Mapping[str, str]
) -> dict[Path, tuple[Said, ...]]:
    """Return what is said about where a source is fetched from, if that is elsewhere."""
    url = mirrored_as(source.repo, mirrors)
    if mirrored(source.repo, mirrors) == source.repo:
        return {}
    mirror = Said(CONFIGURATION, mirrors[url], Where(key="config.fleet:repositories"), (url,))
    return {("repo",): (*said["repo",], mirror)}


_DEFAULTS: Mapping[Path, Any] = {("revision",): "HEAD", ("version",): "*"}


def _with_layer(
    before: Mapping[Path, tuple[Said, ...]], now: Mapping[Path, Any], layer: Layer, source: Source
) -> dict[Path, tuple[Said, ...]]:
    """Return what is said when a layer has said what makes the leaves what they are now."""
    own = _own(layer.override, source)
    return _changed(
        before, now, own, lambda leaf, value: Said(layer.name, value, layer.override.where, _below(leaf, before))
    )


def _with_file(
    before: Mapping[Path, tuple[Said, ...]], now: Mapping[Path, Any], file: Told
) -> dict[Path, tuple[Said, ...]]:
    """Return what is said when a file of the source's path has said what it changes."""
    return _changed(before, now, frozenset(), lambda leaf, value: Said(SOURCE_FILE, value, file.place(leaf), leaf))


def _changed(
    before: Mapping[Path, tuple[Said, ...]],
    now: Mapping[Path, Any],
    own: Collection[Path],
    say: Callable[[Path, Any], Said],
) -> dict[Path, tuple[Said, ...]]:
    """Return what is said when somebody has said what makes the leaves what they are now.

    own: what they say, even if it changes nothing.
    """
    gone = [leaf for leaf in before if leaf not in now]
    after: dict[Path, tuple[Said, ...]] = {}
    for leaf, value in now.items():
        earlier = before.get(leaf) or tuple(said for each in gone if _related(each, leaf) for said in before[each])
        there = leaf in before and _same(before[leaf][-1].value, value)
        after[leaf] = earlier if there and leaf not in own else (*earlier, say(leaf, value))
    return after


def _same(one: Any, other: Any) -> bool:
    """Return whether two values are the same; `1`, `1.0` and `true` are not."""
    return type(one) is type(other) and bool(one == other)


def _own(override: Override, source: Source) -> frozenset[Path]:
    """Return the leaves that an override names itself, so that it has the last word even if it changes nothing."""
    version = "version" if isinstance(source, ChartSource) else "revision"
    named = {(version,): override.revision, ("path",): override.path}
    found: set[Path] = {leaf for leaf, value in named.items() if value is not None}
    for tool in (override.kustomize, override.helm):
        found |= {leaf for leaf in leaves.of_tool(tool) if not isinstance(leaf[-1], int)}
    return frozenset(found)


def _below(leaf: Path, before: Mapping[Path, object]) -> Path:
    """Return the path of a leaf below the override that says it: lists there begin anew."""
    leaf = ("revision",) if leaf == ("version",) else leaf
    if not isinstance(leaf[-1], int):
        return leaf
    earlier = sum(each[:-1] == leaf[:-1] for each in before)
    return (*leaf[:-1], leaf[-1] - earlier)


def _related(gone: Path, leaf: Path) -> bool:
    """Return whether a leaf came in the place of another: a value of a mapping, or a parameter of another kind."""
    if leaf[: len(gone)] == gone or gone[: len(leaf)] == leaf:
        return True
    kinds = (gone[:1], leaf[:1]) == (("helm",), ("helm",)) and {gone[1], leaf[1]} <= set(_RANKS[:3])
    return kinds and gone[2:] == leaf[2:]


def _ranked(path: Path, found: Mapping[Path, tuple[Said, ...]]) -> Iterator[Fact]:
    """Yield the facts of a source, and what beats them."""
    for leaf, said in found.items():
        yield Fact((*path, *leaf), said, _beats(path, leaf, found))


def _beats(path: Path, leaf: Path, found: Mapping[Path, object]) -> Path:
    if leaf[0] != "helm" or len(leaf) < 3 or leaf[1] not in _RANKS:
        return ()
    name = ".".join(str(part) for part in leaf[2:])
    higher = (("helm", rank, name) for rank in _RANKS[: _RANKS.index(str(leaf[1]))])
    return next(((*path, *each) for each in higher if each in found), ())
