"""Application: a document of Argo CD → the model's Application.

In: documents. Out: the Applications of those that are right, and the problems of all others, by file, document and key
path; lines are for the caller to add. Two Applications of one name are not noticed here: a stack has other sources too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from fleet.argo.destination import parse_destinations
from fleet.argo.fields import Section, is_empty, nearest, shown
from fleet.argo.keys import ADOPT, API_VERSION, DEFAULT_PROJECT, KEYS, SKIP_RECONCILE
from fleet.argo.source import parse_source
from fleet.argo.sync import parse_sync_policy
from fleet.errors import Problem, Where
from fleet.model import checks
from fleet.model.application import Application
from fleet.yamlio import Document

_KIND = "Application"
_LISTS = frozenset({"List", "ApplicationList"})
_INSTEAD = {
    "ApplicationSet": "List the clusters in spec.destination.servers, or make the Applications in Python.",
    "AppProject": "Declare a Project in Python, or leave the Applications in the project default.",
}


def parse_applications(documents: Sequence[Document]) -> tuple[tuple[Application, ...], tuple[Problem, ...]]:
    """Return the Applications and the problems of documents, `List`s of Applications included.

    An Application is returned only if nothing at all is wrong with it, so callers go on with it only if there are no
    problems: what is not deployed any more is pruned.
    """
    applications: list[Application] = []
    problems: list[Problem] = []
    for document in documents:
        where = Where(file=document.file, document=document.number)
        for section in _objects(document.data, where, problems):
            application = _application(section)
            problems += section.problems
            if application is not None:
                applications.append(application)
    return tuple(applications), tuple(problems)


def _objects(data: object, where: Where, problems: list[Problem]) -> Iterator[Section]:
    """Yield what is an Application, each with a list of its own for its problems."""
    if not isinstance(data, dict):
        problems.append(Problem("must be an Argo CD Application", where, f"It is {shown(data)}."))
        return
    section = Section(data, where, problems)
    kind = section.text("kind", required=f"Write kind: {_KIND}.")
    if kind in _LISTS:
        for place, entry in section.entries("items"):
            yield from _objects(entry, place, problems)
    elif kind == _KIND:
        yield replace(section, problems=[])
    elif kind:
        _other_kind(section, kind)


def _other_kind(section: Section, kind: str) -> None:
    if kind in _INSTEAD and section.data.get("apiVersion") == API_VERSION:
        section.note(section.at("kind"), f"{kind} is not supported yet", hint=_INSTEAD[kind])
    elif nearest(kind, (_KIND,)):
        section.note(section.at("kind"), "unknown kind", f"It is {shown(kind)}.", f"Did you mean {_KIND}?")
    else:
        detail = f"It is {shown(kind)}. The files of a stack hold Argo CD Applications."
        hint = "A manifest belongs into the Git repository that an Application names as its source."
        section.note(section.at("kind"), f"must be {_KIND}", detail, hint)


def _application(section: Section) -> Application | None:
    section = _named(section)
    section.known(KEYS[""])
    section.text("apiVersion", _api_version, required=f"Write apiVersion: {API_VERSION}.")
    metadata = section.section("metadata", required="Give the Application a name.")
    spec = section.section("spec", required="Give the Application a source and a destination.")
    described = _metadata(metadata) if metadata else {}
    specified = _spec(spec) if spec else {}
    if section.problems:
        return None
    return section.checked(section.where, lambda: Application(**described, **specified, where=section.where))


def _named(section: Section) -> Section:
    """Return the section with the Application's name in every place that is made from it."""
    metadata = section.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return replace(section, where=replace(section.where, application=name)) if isinstance(name, str) else section


def _api_version(owner: str, field: str, value: str) -> None:
    if value != API_VERSION:
        raise checks.fail(owner, field, value, API_VERSION)


def _metadata(section: Section) -> dict[str, Any]:
    section.known(KEYS["metadata"])
    labels = section.section("labels")
    annotations = section.section("annotations")
    return {
        "name": section.text("name", checks.name, required="Give the Application a name."),
        "labels": labels.texts() if labels else {},
        "adopt": _adopt(annotations) if annotations else False,
    }


def _adopt(section: Section) -> bool:
    """Return what our own annotation says. All others are for other programs, except one that pauses."""
    values = section.texts()
    ours = {key: value for key, value in values.items() if key.startswith(ADOPT.rpartition("/")[0] + "/")}
    paused = {SKIP_RECONCILE: "true"} if values.get(SKIP_RECONCILE) == "true" else {}
    replace(section, data=ours | paused).known(KEYS["metadata.annotations"])
    adopt = values.get(ADOPT) or "false"
    if adopt not in ("true", "false"):
        section.note(section.at(ADOPT), 'must be "true" or "false"', f"It is {shown(adopt)}.")
    return adopt == "true"


def _spec(section: Section) -> dict[str, Any]:
    section.known(KEYS["spec"])
    elsewhere = any(not is_empty(section.data.get(key)) for key in ("sources", "sourceHydrator"))
    hint = "" if elsewhere else "Give the Application a repoURL and a path."
    source = section.section("source", required=hint)
    destination = section.section("destination", required="Give the Application a server, a name or servers.")
    return {
        "project": section.text("project", checks.name) or DEFAULT_PROJECT,
        "source": parse_source(source) if source else None,
        "destinations": parse_destinations(destination) if destination else (),
        "sync": parse_sync_policy(section.section("syncPolicy")),
    }
