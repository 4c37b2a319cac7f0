"""Documents: which of Argo CD's documents is what, `List`s opened.

In: documents. Out: the Applications and Projects of those that are right, and the problems of all others, by file,
document and key path; lines are for the caller to add. Two of one name are not noticed here: a stack has other sources
too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fleet.argo.application import parse_application
from fleet.argo.fields import Section, nearest, shown
from fleet.argo.keys import API_VERSION
from fleet.argo.project import parse_project
from fleet.errors import Problem, Where
from fleet.model.application import Application
from fleet.model.fleet import Fleet
from fleet.model.project import Project
from fleet.yamlio import Document

_APPLICATION, _PROJECT = "Application", "AppProject"
_KINDS = (_APPLICATION, _PROJECT)
_LISTS = frozenset({"List", "ApplicationList", "AppProjectList"})
_INSTEAD = {
    "ApplicationSet": "List the clusters in spec.destination.servers, or make the Applications in Python.",
}


def parse_documents(documents: Sequence[Document]) -> tuple[Fleet, tuple[Problem, ...]]:
    """Return what the documents declare, and their problems.

    An Application or Project is returned only if nothing at all is wrong with it, so callers go on with them only if
    there are no problems: what is not deployed any more is pruned.
    """
    applications: list[Application] = []
    projects: list[Project] = []
    problems: list[Problem] = []
    for document in documents:
        where = Where(file=document.file, document=document.number)
        for kind, section in _objects(document.data, where, problems):
            if kind == _APPLICATION:
                application = parse_application(section)
                applications += [application] if application else []
            else:
                project = parse_project(section)
                projects += [project] if project else []
            problems += section.problems
    return Fleet(applications=applications, projects=projects), tuple(problems)


def _objects(data: object, where: Where, problems: list[Problem]) -> Iterator[tuple[str, Section]]:
    """Yield what is an Application or an AppProject, each with a list of its own for its problems."""
    if not isinstance(data, dict):
        problems.append(Problem("must be an Argo CD Application", where, f"It is {shown(data)}."))
        return
    section = Section(data, where, problems)
    kind = section.text("kind", required=f"Write kind: {_APPLICATION}.")
    if kind in _LISTS:
        for place, entry in section.entries("items"):
            yield from _objects(entry, place, problems)
    elif kind in _KINDS:
        yield kind, replace(section, problems=[])
    elif kind:
        _other_kind(section, kind)


def _other_kind(section: Section, kind: str) -> None:
    if kind in _INSTEAD and section.data.get("apiVersion") == API_VERSION:
        section.note(section.at("kind"), f"{kind} is not supported yet", hint=_INSTEAD[kind])
    elif meant := nearest(kind, _KINDS):
        section.note(section.at("kind"), "unknown kind", f"It is {shown(kind)}.", f"Did you mean {meant}?")
    else:
        detail = f"It is {shown(kind)}. The files of a stack hold Argo CD Applications and AppProjects."
        hint = "A manifest belongs into the Git repository that an Application names as its source."
        section.note(section.at("kind"), f"must be {_APPLICATION} or {_PROJECT}", detail, hint)
