"""Recorder: folds the events of a run into its result while passing them on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from fleet.engine import hiding
from fleet.engine.events import (
    ClusterFailed,
    Drift,
    DriftFound,
    Event,
    Message,
    Operation,
    RunFinished,
    Severity,
    StepFailed,
    StepFinished,
)
from fleet.engine.request import Count, RunResult
from fleet.errors import CancelledError, ClusterError, FleetError, Problem, sort_key

# Operations that leave everything as it is.
_QUIET = (Operation.SAME, Operation.READ, Operation.SKIP)
# How the text of a Problem begins a hint.
_HINT = "  → "


class Recorder:
    """An event sink with a memory. Call it with each event; ask for the `result` at the end.

    hide: takes out of every text what must not be read. show_secrets: values of fields are shown that are secret.
    """

    def __init__(
        self, emit: Callable[[Event], None], hide: Callable[[str], str] | None = None, *, show_secrets: bool = False
    ) -> None:
        self._emit = emit
        self._show_secrets = show_secrets
        self._hide = hide
        self._started = time.monotonic()
        self._counts: Counter[tuple[str, str, Operation]] = Counter()
        self._failures: list[Problem] = []
        self._drift: list[Drift] = []
        self._exit_code = 0
        self._errors: list[str] = []

    def __call__(self, event: Event) -> None:
        """Take note of the event and pass it on."""
        event = hiding.settled(event, show=self._show_secrets)
        if self._hide is not None:
            event = hiding.in_event(event, self._hide)
        match event:
            case StepFinished(subject, operation):
                self._counts[subject.cluster, subject.application, operation] += 1
            case StepFailed(subject, _, problem):
                self._fail(problem.at(cluster=subject.cluster, application=subject.application))
            case ClusterFailed(cluster, problem):
                self._fail(problem.at(cluster=cluster))
            case Message(text, Severity.ERROR):
                self._errors.append(text)
            case DriftFound(drift):
                self._drift.append(drift)
            case _:
                pass
        self._emit(event)

    def _fail(self, problem: Problem, exit_code: int = ClusterError.exit_code) -> None:
        self._failures.append(problem)
        self._exit_code = self._exit_code or exit_code

    def fail(self, error: FleetError) -> None:
        """Take note of what ended the program."""
        for each in error.problems:
            problem = each if self._hide is None else hiding.in_problem(each, self._hide)
            self._fail(problem, error.exit_code)
            self._emit(Message(str(problem), Severity.ERROR))

    def exited(self, exit_code: int) -> None:
        """Take note of the exit code of a program that has said itself what was wrong."""
        self._failures += map(_problem, self._errors)
        self._exit_code = self._exit_code or exit_code

    def cancelled(self) -> None:
        """Take note that the user stopped the run."""
        self._exit_code = self._exit_code or CancelledError.exit_code

    @property
    def has_errors(self) -> bool:
        """Whether the program has said that something is wrong."""
        return bool(self._errors)

    @property
    def succeeded(self) -> bool:
        """Whether nothing has failed so far."""
        return self._exit_code == 0

    def operations(self) -> Mapping[Operation, int]:
        """Return how many objects met with each operation."""
        counts: Counter[Operation] = Counter()
        for (_, _, operation), objects in self._counts.items():
            counts[operation] += objects
        return counts

    @property
    def changes(self) -> bool:
        """Whether any object differs from the state, or from its cluster."""
        return bool(self._drift) or any(operation not in _QUIET for _, _, operation in self._counts)

    def result(self, outputs: Mapping[str, Any], *, cancelled: bool) -> RunResult:
        """Return what the run came to, and emit its last event."""
        duration_s = time.monotonic() - self._started
        self._emit(RunFinished(duration_s, self.changes, dict(outputs)))
        return RunResult(
            counts=tuple(
                Count(cluster=cluster, application=application, operation=operation, objects=objects)
                for (cluster, application, operation), objects in sorted(self._counts.items())
            ),
            failures=tuple(sorted(self._failures, key=sort_key)),
            drift=tuple(sorted(self._drift, key=lambda drift: drift.subject.urn)),
            outputs=outputs,
            changes=self.changes,
            cancelled=cancelled,
            exit_code=self._exit_code,
            duration_s=duration_s,
        )


def _problem(text: str) -> Problem:
    """Return what a program has said as the problem that it was, as far as its text shows that."""
    summary, *lines = text.splitlines() or [""]
    hints = [line.removeprefix(_HINT) for line in lines if line.startswith(_HINT)]
    details = [line.removeprefix("  ") for line in lines if not line.startswith(_HINT)]
    return Problem(summary, detail="\n".join(details), hint="\n".join(hints))
