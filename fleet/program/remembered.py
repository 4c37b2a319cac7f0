"""Remembered: what the clusters of a stack were found to be, in a file of the project, `stacks/<stack>.clusters.yaml`.

In: the file. Out: Discovered per cluster, put into the clusters that say nothing of it themselves. A run goes by the
file and asks no cluster: a preview needs none, and a pull request shows what changes with a cluster's version. The
file is written by `fleet clusters discover`, and meant to be committed and read: a line per API version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from fleet import yamlio
from fleet.errors import Problem, Where
from fleet.model.capabilities import plain_version
from fleet.model.discovered import Discovered
from fleet.model.fleet import Fleet

_VERSION: Final = "kubeVersion"
# Key in the file → whether the objects of the kinds below it live in namespaces.
_SCOPES: Final = {"namespaced": True, "clusterScoped": False}

Remembered = Mapping[str, Discovered]


def file_of(stack: str) -> str:
    """Return the file, relative to the project."""
    return f"stacks/{stack}.clusters.yaml"


def read(project: Path, stack: str) -> tuple[Remembered, tuple[Problem, ...]]:
    """Return cluster → what is remembered of it, and what is wrong with the file; nothing where there is none."""
    file = file_of(stack)
    try:
        text = (project / file).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, ()
    except (OSError, UnicodeDecodeError) as error:
        return {}, (_unusable(stack, Where(file), getattr(error, "strerror", None) or "It is not UTF-8."),)
    try:
        return parse(text, stack), ()
    except yamlio.YamlProblem as error:
        return {}, tuple(error.problems)
    except _UnusableError as error:
        key = str(error)
        return {}, (_unusable(stack, Where(file, yamlio.locate(text, 0, key), key=key), "It is not as it is written."),)


class _UnusableError(Exception):
    """The file says something that is never written. Its text is the key path."""


def parse(text: str, stack: str) -> Remembered:
    """Return what a file says."""
    documents = yamlio.load_documents(text, file=file_of(stack))
    data = _mapping(documents[0].data, "") if documents else {}
    clusters = _mapping(data.get("clusters") or {}, "clusters")
    return {name: _discovered(entry, f"clusters.{name}") for name, entry in clusters.items()}


def text_of(found: Remembered, stack: str) -> str:
    """Return the file's text; the same for the same, so that what changes can be reviewed."""
    head = (
        f"# What charts are told of the clusters of the stack {stack}, and where objects of their kinds live.\n"
        f"# Written by `fleet clusters discover -s {stack}`. Commit it; do not edit it.\n"
    )
    return head + yamlio.dump({"clusters": {name: _entry(found[name]) for name in sorted(found)}})


def completed(fleet: Fleet, found: Remembered) -> Fleet:
    """Return the fleet, its clusters with what is remembered where they say nothing themselves."""
    clusters = [
        replace(
            each,
            kube_version=each.kube_version or known.kube_version,
            api_versions=each.api_versions or known.api_versions,
            scopes={**known.scopes, **each.scopes},
        )
        if (known := found.get(each.name))
        else each
        for each in fleet.clusters
    ]
    return replace(fleet, clusters=clusters)


def _entry(found: Discovered) -> dict[str, Any]:
    entry: dict[str, Any] = {_VERSION: found.kube_version}
    for key, wanted in _SCOPES.items():
        kinds: dict[str, list[str]] = {}
        for (api_version, kind), namespaced in sorted(found.kinds.items()):
            if namespaced is wanted:
                kinds.setdefault(api_version, []).append(kind)
        entry[key] = {api_version: " ".join(each) for api_version, each in kinds.items()}
    return entry


def _discovered(value: object, key: str) -> Discovered:
    entry = _mapping(value, key)
    kinds: dict[tuple[str, str], bool] = {}
    for scope, namespaced in _SCOPES.items():
        below = f"{key}.{scope}"
        for api_version, names in _mapping(entry.get(scope) or {}, below).items():
            kinds |= {(api_version, kind): namespaced for kind in _text(names, f"{below}.{api_version}").split()}
    return Discovered(plain_version(_text(entry.get(_VERSION), f"{key}.{_VERSION}")), kinds)


def _mapping(value: object, key: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _UnusableError(key)
    return value


def _text(value: object, key: str) -> str:
    if not isinstance(value, str):
        raise _UnusableError(key)
    return value


def _unusable(stack: str, where: Where, detail: str) -> Problem:
    hint = f"Write it anew: fleet clusters discover -s {stack}"
    return Problem("what is remembered of the clusters cannot be read", where, detail, hint)


def merged(names: Iterable[str], before: Remembered, found: Remembered) -> Remembered:
    """Return what the file should say: of each cluster what was found, else what it said before."""
    known = {**before, **found}
    return {name: known[name] for name in names if name in known}
