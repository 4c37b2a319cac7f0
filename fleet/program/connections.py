"""Connections: which clusters a stack has, what is known of them and how they are reached; answers to questions.

In: a Question and the settings. Out: JSON-like data. No cluster is asked.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from fleet.errors import DeclarationError, Problem
from fleet.model.cluster import Cluster
from fleet.model.settings import Settings
from fleet.program import remembered
from fleet.program.declaration import declared
from fleet.program.question import Question
from fleet.program.say import Say
from fleet.register.providers import profiles


def listed(_question: Question, settings: Settings, problems: tuple[Problem, ...], _say: Say) -> list[dict[str, Any]]:
    """Return the clusters by name.

    kubeVersion: what charts are told; empty is what Helm assumes. versionFrom: `declared`, `remembered` or empty.
    """
    known, wrong = remembered.read(settings.project_dir, settings.stack)
    fleet = declared(settings, (*problems, *wrong))
    return [_entry(each, known) for each in sorted(fleet.clusters, key=lambda each: each.name)]


def _entry(cluster: Cluster, known: remembered.Remembered) -> dict[str, Any]:
    found = known.get(cluster.name)
    return {
        "name": cluster.name,
        "kubeconfig": cluster.kubeconfig,
        "context": cluster.context,
        "server": cluster.server,
        "labels": dict(cluster.labels),
        "paused": cluster.paused,
        "kubeVersion": cluster.kube_version or (found.kube_version if found else ""),
        "versionFrom": "declared" if cluster.kube_version else "remembered" if found else "",
    }


def reached(question: Question, settings: Settings, problems: tuple[Problem, ...], _say: Say) -> dict[str, Any]:
    """Return how clusters are reached; what is remembered of them is not looked at, and may be unusable.

    The argument `clusters` has their names; none is all that are not paused.
    declared: the names of all. paused: of those left out for it. reached: name → kubeconfig and context.
    """
    fleet = declared(settings, problems)
    wanted = _chosen(question.arguments["clusters"], fleet.clusters)
    arguments = profiles(wanted)
    return {
        "declared": sorted(each.name for each in fleet.clusters),
        "paused": sorted(each.name for each in fleet.clusters if each.paused and each not in wanted),
        "reached": {name: {key: each[key] for key in ("kubeconfig", "context")} for name, each in arguments.items()},
    }


def _chosen(names: Sequence[str], clusters: Iterable[Cluster]) -> list[Cluster]:
    by_name = {each.name: each for each in clusters}
    problems = [_unknown(name, sorted(by_name)) for name in names if name not in by_name]
    if problems:
        raise DeclarationError(*problems)
    return [by_name[name] for name in names] or [each for each in by_name.values() if not each.paused]


def _unknown(name: str, known: Sequence[str]) -> Problem:
    nearest = difflib.get_close_matches(name, known, n=1)
    return Problem(
        f"the stack has no cluster {name!r}",
        detail=f"It has {', '.join(known) or 'none'}.",
        hint=f"Did you mean {nearest[0]!r}?" if nearest else "",
    )
