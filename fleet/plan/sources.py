"""Sources: what must be read for the targets, and who is told when it cannot be."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from fleet.errors import Where
from fleet.model.plan import Release, RenderRequest, Revision, Target
from fleet.plan.build_environment import substituted, variables

Source = TypeVar("Source", bound=Hashable)


def request_of(target: Target, commits: Mapping[Revision, str]) -> RenderRequest:
    """Return what must be rendered for a target; targets of different clusters often share it."""
    revision = target.revision
    commit = commits[revision]
    tool = substituted(target.tool, variables(target, commit))
    release = Release(target.application.name, target.namespace or "")
    return RenderRequest(revision.repo, commit, target.path, tool, release)


def used_by(targets: Iterable[Target], source: Callable[[Target], Source]) -> dict[Source, Where]:
    """Return source → the first place that asks for it, all applications that do, and the cluster if it is one only."""
    users: dict[Source, list[Target]] = {}
    for target in targets:
        users.setdefault(source(target), []).append(target)
    return {each: _place(using) for each, using in users.items()}


def _place(using: list[Target]) -> Where:
    applications = sorted({target.application.name for target in using})
    clusters = sorted({target.cluster.name for target in using})
    return replace(
        using[0].destination.where,
        application=", ".join(applications),
        cluster=clusters[0] if len(clusters) == 1 else "",
    )
