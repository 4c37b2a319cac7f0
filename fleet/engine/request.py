"""What a run is asked for, and what comes of it: the values at the engine's door."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from fleet.engine.budget import Budget
from fleet.engine.events import Drift, Operation
from fleet.errors import Problem
from fleet.frozen import dataclass


class Command(StrEnum):
    """What is done with the stack."""

    UP = "up"
    REFRESH = "refresh"
    DESTROY = "destroy"


class Selection(Protocol):
    """Which Application components are meant, by their inputs: `application`, `cluster`, `project`, `labels`."""

    def __call__(self, application: Mapping[str, Any], /) -> bool:
        """Return whether an application is meant."""
        ...

    def unmet(self, applications: Iterable[Mapping[str, Any]], /) -> tuple[Problem, ...]:
        """Return what is asked for, and is not among all that there is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """One run of the engine.

    dry_run: say what would be done, change neither cluster nor state.
    refresh: for `up` and `destroy`: look at the clusters first, and heal.
    parallel: requests under way at once to each cluster; None for as many as is usual.
    continue_on_error: delete what is not wanted any longer also in a cluster where an object failed.
    targets, excludes: patterns of URNs as Pulumi has them, `*` within a segment and `**` across; at most one of both.
    deletions: how many objects `up` may delete; None is any number.
    selection: which applications it is about; None is all. With patterns, an object must be meant by both.
    show_secrets: values of fields and outputs are told that are secret.
    details: of objects that are created, too, it is told what is in them.
    run_id: the same for the preview and the update of one command.
    environment: for the program, besides the engine's own.
    """

    command: Command
    project_dir: Path
    stack: str
    dry_run: bool = False
    refresh: bool = False
    parallel: int | None = None
    continue_on_error: bool = False
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    selection: Selection | None = None
    deletions: Budget | None = None
    show_secrets: bool = False
    details: bool = False
    run_id: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many objects of an application in a cluster met with an operation. application: empty for none."""

    cluster: str
    application: str
    operation: Operation
    objects: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run did, or would do.

    counts: sorted; objects of Kubernetes only, neither providers nor components.
    failures: what did not work, per object, per cluster, or for the whole program.
    drift: every object found to differ from what was last applied, healed or left alone.
    outputs: the stack's outputs, secrets masked unless they were asked for.
    changes: whether anything differs from the state or from the clusters.
    cancelled: the user stopped the run; what was done is in the state.
    """

    counts: tuple[Count, ...] = ()
    failures: tuple[Problem, ...] = ()
    drift: tuple[Drift, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    changes: bool = False
    cancelled: bool = False
    exit_code: int = 0
    duration_s: float = 0.0
