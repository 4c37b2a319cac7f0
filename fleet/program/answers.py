"""Answers: what can be asked of a stack's declaration without any engine, by name.

In: a Question. Out: JSON-like data. Nothing here talks to a cluster or looks at the state.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any, Final

from fleet.errors import FleetError, Problem, SourceError
from fleet.model.plan import ClusterPlan, Revision, Target
from fleet.model.settings import Settings
from fleet.program import connections
from fleet.program.decision import intend, planned
from fleet.program.explaining import Asked, explained
from fleet.program.lines import located
from fleet.program.question import Pin, Question
from fleet.program.say import Say
from fleet.register import configuration
from fleet.render.address import same_repository


def read_offline(question: Question) -> tuple[Settings, tuple[Problem, ...]]:
    """Return the settings as a run would have them, and what is wrong in the stack's configuration."""
    file = configuration.file_of(question.stack)
    clusters, wrong_clusters = configuration.read_clusters(_configured(question, "clusters"), file)
    mirrors, wrong_mirrors = configuration.read_mirrors(_configured(question, "repositories"), file)
    days, wrong_days = configuration.cache_days(os.environ)
    settings = Settings(
        project_dir=question.project_dir,
        stack=question.stack,
        clusters=clusters,
        mirrors=mirrors,
        cache_dir=configuration.cache_dir(os.environ),
        cache_days=days,
        dry_run=True,
    )
    wrong_keys = configuration.read_keys(question.configuration, file)
    return settings, (*wrong_days, *wrong_keys, *wrong_clusters, *wrong_mirrors)


def _configured(question: Question, key: str) -> object:
    """Return a value of the configuration, as Pulumi's `get_object` does; None where there is none."""
    text = question.configuration.get(f"fleet:{key}")
    try:
        value: object = None if text is None else json.loads(text)
    except ValueError:
        return text
    return value


def answer(question: Question, say: Say) -> Any:
    """Return the answer. Raises FleetError, its problems with the lines of the stack's files."""
    settings, problems = read_offline(question)
    try:
        return _ANSWERS[question.what](question, settings, problems, say)
    except FleetError as error:
        raise located(error, settings.project_dir) from None


def _render(question: Question, settings: Settings, problems: tuple[Problem, ...], say: Say) -> dict[str, Any]:
    """Return every object that every cluster should hold, in the order in which it would be registered.

    applications: what they can be selected by. clusters: their names. objects: each with the number of its body among
    the bodies, which are JSON: most objects are the same in several clusters.
    """
    intent = intend(settings, problems)
    wanted = [_pinned(target, question) for target in intent.targets]
    plans = planned(intent.about(wanted), settings, say, base=question.base)
    numbers: dict[str, int] = {}
    return {
        "applications": [
            {"application": each.name, "project": each.project, "labels": dict(each.labels)}
            for each in intent.fleet.applications
        ],
        "clusters": [each.name for each in intent.fleet.clusters],
        "objects": [entry for plan in plans for entry in _objects(plan, numbers)],
        "bodies": list(numbers),
    }


# Made once: it is about as much work as what it does.
_AS_JSON: Final = json.JSONEncoder(default=dict, ensure_ascii=False).encode


def _objects(plan: ClusterPlan, numbers: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield the objects of a cluster. numbers: body → its number; new ones are added."""
    for each in plan.objects:
        body = _AS_JSON(each.manifest.body)
        yield {
            "cluster": plan.cluster.name,
            "application": each.application,
            "key": asdict(each.manifest.key),
            "turn": each.turn,
            "retain": each.retain,
            "body": numbers.setdefault(body, len(numbers)),
        }


def _pinned(target: Target, question: Question) -> Target:
    pin = question.pin
    if pin is None:
        return target
    sources = (replace(each, revision=_at(each.revision, pin, question)) for each in target.sources)
    return replace(target, sources=tuple(sources))


def _at(revision: Revision, pin: Pin, question: Question) -> Revision:
    if revision.chart or revision.name not in pin.revisions:
        return revision
    try:
        meant = any(same_repository(revision.repo, each, question.base) for each in pin.repositories)
    except SourceError:
        # What is no address at all is told when it is fetched.
        return revision
    # From the first of them, which is here: the commit may not have been pushed yet.
    return replace(revision, repo=pin.repositories[0], name=pin.commit) if meant else revision


def _explain(question: Question, settings: Settings, problems: tuple[Problem, ...], say: Say) -> dict[str, Any]:
    """Return what holds for one application in one cluster, and who says so; see `fleet.program.explaining`."""
    return explained(Asked(**question.arguments), settings, problems, say, base=question.base)


_Answer = Callable[[Question, Settings, tuple[Problem, ...], Say], Any]

_ANSWERS: Final[Mapping[str, _Answer]] = MappingProxyType(
    {"render": _render, "explain": _explain, "clusters": connections.listed, "connections": connections.reached}
)
