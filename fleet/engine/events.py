"""What a run tells while it works: one stream of values that every output is a view of.

What is secret in the values of fields is a `Secret` where an event is made. It is masked, or shown where the user asks
for it, before anybody outside the engine sees it (`fleet.engine.recorder`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from enum import StrEnum
from typing import Any

from fleet.errors import Problem
from fleet.frozen import dataclass


class Operation(StrEnum):
    """What happens to one object; the words are Pulumi's where it has one.

    RETAIN: it left the program and stays in the cluster. FORGET: it is gone from the cluster and leaves the state.
    ADOPT: it existed already and is taken over. SKIP: not attempted, because something before it failed.
    READ: looked at only.
    """

    SAME = "same"
    READ = "read"
    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    RETAIN = "retain"
    FORGET = "forget"
    SKIP = "skip"


class Severity(StrEnum):
    """How much a message matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that an event is about. cluster and application are empty where there is none.

    kind: as kubectl writes it, `Deployment.apps`. namespace: empty for cluster-scoped objects.
    """

    urn: str
    cluster: str = ""
    application: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        """Return `Deployment.apps default/web`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. before or after is None where the field is not there.

    path: `spec.replicas`, `spec.template.spec.containers[0].args`.
    """

    path: str
    before: Any = None
    after: Any = None


class DriftKind(StrEnum):
    """What became of an object behind our back."""

    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Drift:
    """An object in a cluster that is not as it was last applied.

    changes: from what is wanted (before) to what is there (after); empty when the object is gone.
    heals: whether a run with `--refresh` puts it right; False where the application's self_heal is.
    """

    subject: Subject
    kind: DriftKind
    changes: tuple[FieldChange, ...] = ()
    heals: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run begins. clusters: the names of those that the state knows."""

    command: str
    project: str
    stack: str
    dry_run: bool
    clusters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """Something the program or the engine says. ephemeral: worth showing only until the next one."""

    text: str
    severity: Severity = Severity.INFO
    ephemeral: bool = False
    cluster: str = ""
    application: str = ""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """Work on one object begins (not for objects that stay the same)."""

    subject: Subject
    operation: Operation


@dataclass(frozen=True, slots=True)
class StepWaiting:
    """Work on one object goes on once something has happened in its cluster. reason: what for, as in `it is pending`.

    Told again whenever the reason changes.
    """

    subject: Subject
    reason: str


@dataclass(frozen=True, slots=True)
class StepFinished:
    """Work on one object is done; in a dry run, would be done."""

    subject: Subject
    operation: Operation
    changes: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class StepFailed:
    """Work on one object failed; the state keeps what is true."""

    subject: Subject
    operation: Operation
    problem: Problem


@dataclass(frozen=True, slots=True)
class DriftFound:
    """An object is not as it was last applied."""

    drift: Drift


@dataclass(frozen=True, slots=True)
class ClusterFailed:
    """A cluster cannot be worked with in this run; its state is kept, the other clusters go on."""

    cluster: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run ends. outputs: the stack's outputs, secrets masked."""

    duration_s: float
    changes: bool
    outputs: dict[str, Any] = field(default_factory=dict)


Event = (
    RunStarted
    | Message
    | StepStarted
    | StepWaiting
    | StepFinished
    | StepFailed
    | DriftFound
    | ClusterFailed
    | RunFinished
)


def teller(emit: Callable[[Event], None], subject: Subject, *, awaited_by: str = "") -> Callable[[str], None]:
    """Return what tells for what an object is waited, each reason once. awaited_by: what goes on after that."""
    told, before = "", f"{awaited_by} waits for it: " if awaited_by else ""

    def tell(reason: str) -> None:
        nonlocal told
        if reason != told:
            told = reason
            emit(StepWaiting(subject, f"{before}{reason}"))

    return tell
