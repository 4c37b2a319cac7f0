"""Explaining: what a stack's declaration says about one application in one cluster, and where it says so.

In: settings and names. Out: JSON-like data: per destination the facts, who says them, and the lines where that is.
Nothing is rendered, and nothing fetched unless that is asked for.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fleet.argo import paths
from fleet.errors import DeclarationError, Problem, Where
from fleet.frozen import dataclass
from fleet.model.application import Application, Destination
from fleet.model.cluster import Cluster
from fleet.model.fleet import Fleet
from fleet.model.masking import mask
from fleet.model.patch import Patch
from fleet.model.settings import Settings
from fleet.plan.expand import misfits, repeated_names, targets_of
from fleet.plan.explanation import (
    APPLICATION,
    CONFIGURATION,
    SOURCE_FILE,
    Explanation,
    Fact,
    Judged,
    Said,
    Told,
    explain,
)
from fleet.plan.leaves import shown
from fleet.plan.reference import find, nearest_reference, unknown_references
from fleet.program.declaration import declare
from fleet.program.lines import Files
from fleet.program.reading import opened
from fleet.program.say import Say
from fleet.program.source_files import told_by_files
from fleet.register.configuration import file_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be explained.

    cluster: its name, or one of its URLs. fetch: True reads the sources for the files in them that count.
    """

    application: str
    cluster: str
    fetch: bool = False


def explained(
    asked: Asked, settings: Settings, problems: tuple[Problem, ...], say: Say, *, base: Path | None = None
) -> dict[str, Any]:
    """Return what holds at each of the application's destinations in the cluster.

    base: as for `opened`. Raises DeclarationError for what is not there, naming what is near it, and for what does not
    fit together about this application; what is wrong with others is not looked for. With `fetch` SourceError, too.
    """
    fleet = declare(settings, problems)
    wrong = list(repeated_names(fleet))
    if wrong:
        raise DeclarationError(*wrong)
    meant, where = _application(fleet, asked.application), _cluster(fleet, asked.cluster)
    places = _Places(Files(settings.project_dir), file_of(settings.stack))
    here = _destinations(fleet, meant, where)
    files: dict[Destination, Mapping[int, tuple[Told, ...]]] = {}
    if asked.fetch:
        targets, _ = targets_of(replace(meant, destinations=here), fleet.clusters, settings.mirrors)
        with opened(settings, say, base=base) as sources:
            files = {each.destination: told_by_files(each, sources) for each in targets}
    found = [explain(meant, each, where, settings.mirrors, files.get(each, {})) for each in here]
    return {
        "application": meant.name,
        "cluster": where.name,
        "stack": settings.stack,
        "destinations": [_destination(each, places, fleet.clusters) for each in found],
    }


def _application(fleet: Fleet, name: str) -> Application:
    known = {each.name: each for each in fleet.applications}
    if name in known:
        return known[name]
    nearest = difflib.get_close_matches(name, sorted(known), n=1)
    raise DeclarationError(
        Problem(
            f"no application is named {name!r}",
            detail=f"Known: {', '.join(sorted(known)) or 'none'}.",
            hint=f"Did you mean {nearest[0]!r}?" if nearest else "",
        )
    )


def _cluster(fleet: Fleet, reference: str) -> Cluster:
    found = [each for each in fleet.clusters if each.means(reference)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(sorted(each.name for each in found or fleet.clusters)) or "none"
    nearest = "" if found else nearest_reference(reference, fleet.clusters)
    raise DeclarationError(
        Problem(
            f"{reference!r} means more than one cluster" if found else f"no cluster is known as {reference!r}",
            detail=f"It means {names}." if found else f"Known: {names}.",
            hint=f"Did you mean {nearest!r}?" if nearest else "",
        )
    )


def _destinations(fleet: Fleet, application: Application, cluster: Cluster) -> list[Destination]:
    """Return the application's destinations in a cluster."""
    problems = [each.at(application=application.name) for each in misfits(application)]
    if problems:
        raise DeclarationError(*problems)
    meant = {destination: find(destination, fleet.clusters) for destination in application.targets}
    here = [destination for destination, found in meant.items() if found == cluster]
    if not here:
        raise DeclarationError(_nowhere(application, cluster, meant.values()))
    return here


def _nowhere(application: Application, cluster: Cluster, found: Iterable[Cluster | Problem]) -> Problem:
    names = sorted({each.name for each in found if isinstance(each, Cluster)})
    unknown = [each.summary for each in found if isinstance(each, Problem)]
    return Problem(
        "the application has no destination in this cluster",
        application.where,
        detail="\n".join((f"It goes to {', '.join(names) or 'no cluster that is known'}.", *unknown)),
    ).at(application=application.name, cluster=cluster.name)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where something is said, as exactly as can be told. configuration: the stack's file of that."""

    files: Files
    configuration: str

    def of(self, said: Said) -> dict[str, Any]:
        """Return the place of what says something."""
        where = said.where
        if said.by == CONFIGURATION:
            where = replace(where, file=self.configuration, key=f"{where.key}.{shown(said.path)}")
        elif said.by != SOURCE_FILE and where.file.endswith((".yaml", ".yml")):
            below = paths.of_application(said.path) if said.by == APPLICATION else paths.of_changes(said.path)
            where = replace(where, key=".".join(filter(None, (where.key, below))))
        return self.shown(where)

    def shown(self, where: Where) -> dict[str, Any]:
        """Return a place with its line."""
        placed = self.files.placed(where)
        return {"file": placed.file, "line": placed.line, "document": placed.document, "key": mask(placed.key)}


def _destination(explanation: Explanation, places: _Places, clusters: Sequence[Cluster]) -> dict[str, Any]:
    return {
        "destination": explanation.destination.reference,
        "namespace": explanation.value("namespace"),
        "skipped": explanation.value("skip") is True,
        "paused": explanation.value("paused") is True,
        "facts": [_fact(each, places) for each in explanation.facts],
        "overrides": [_override(each, places, clusters) for each in explanation.overrides],
    }


def _fact(fact: Fact, places: _Places) -> dict[str, Any]:
    *earlier, last = ({"value": _plain(each.value), "by": each.by, "where": places.of(each)} for each in fact.said)
    return {"key": shown(fact.path), **last, "replaced": earlier[::-1], "beatenBy": shown(fact.beaten_by)}


def _override(judged: Judged, places: _Places, clusters: Sequence[Cluster]) -> dict[str, Any]:
    layer = judged.layer
    return {
        "name": layer.name,
        "about": not judged.why_not,
        "whyNot": judged.why_not,
        "unknownClusters": list(unknown_references(layer.override, clusters)),
        "where": places.shown(layer.override.where),
    }


def _plain(value: Any) -> Any:
    """Return JSON-like data without credentials."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Patch):
        target = dataclasses.asdict(value.target) if value.target else {}
        said = {name: text for name, text in target.items() if text}
        flags = {"optional": True} if value.optional else {}
        return {**({"target": said} if said else {}), "patch": _plain(value.patch), **flags}
    return value
