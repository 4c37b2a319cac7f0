"""A scripted engine and the values that the tests of the command line share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner, Result

from fleet.cli.group import cli
from fleet.engine.events import Drift, DriftKind, Event, FieldChange, Operation, RunStarted, StepFinished, Subject
from fleet.engine.request import Command, Count, RunRequest, RunResult, Selection
from fleet.errors import Problem, Where

APP = "my-app"


@dataclass
class ScriptedEngine:
    """Answers each run with the next of `results`; an exception among them is raised."""

    results: Sequence[RunResult | BaseException] = (RunResult(),)
    events: Sequence[Event] = ()
    unhealed: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    requests: list[RunRequest] = field(default_factory=list)
    expected: list[RunRequest] = field(default_factory=list)
    dismissed: int = 0

    def expect(self, request: RunRequest) -> None:
        """Take note that a run will follow."""
        self.expected.append(request)

    def dismiss(self) -> None:
        """Take note that no run follows any more."""
        self.dismissed += 1

    async def run(self, request: RunRequest, emit: Callable[[Event], None], stop: asyncio.Event) -> RunResult:
        """Emit what is scripted, then answer."""
        self.requests.append(request)
        emit(RunStarted(command=request.command.value, project="fleet", stack=request.stack, dry_run=request.dry_run))
        for event in self.events:
            emit(event)
        answer = self.results[min(len(self.requests), len(self.results)) - 1]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def selected_urns(self, project_dir: Path, stack: str, selection: Selection) -> tuple[str, ...]:
        """Return what is scripted."""
        assert (project_dir / "Pulumi.yaml").is_file()
        assert stack
        return self.selected

    def unhealed_urns(self, project_dir: Path, stack: str) -> tuple[str, ...]:
        """Return what is scripted."""
        assert (project_dir / "Pulumi.yaml").is_file()
        assert stack
        return self.unhealed


def invoke(engine: ScriptedEngine, project: Path, *arguments: str) -> Result:
    """Run a command line on the scripted engine in a project's directory."""
    return CliRunner().invoke(cli, [*arguments, "-C", str(project)], obj=lambda: engine)


def subject(cluster: str = "hub", kind: str = "Deployment.apps", name: str = "web", application: str = APP) -> Subject:
    """Return an object in the namespace default."""
    urn = f"urn:pulumi:demo::fleet::fleet:index:Application$kubernetes:x:{kind}::{cluster}/default/{name}"
    return Subject(urn, cluster, application, kind, "default", name)


REPLICAS = FieldChange("spec.replicas", 2, 3)


def updated(cluster: str = "hub") -> StepFinished:
    """Return the event of an update of the replicas."""
    return StepFinished(subject(cluster), Operation.UPDATE, (REPLICAS,))


def drift(cluster: str = "hub", *, heals: bool = True, kind: DriftKind = DriftKind.CHANGED) -> Drift:
    """Return a drift of the replicas, or of the whole object."""
    changes = (FieldChange("spec.replicas", 2, 5),) if kind is DriftKind.CHANGED else ()
    return Drift(subject(cluster), kind, changes, heals)


def count(cluster: str, operation: Operation, objects: int, application: str = APP) -> Count:
    """Return a count."""
    return Count(cluster=cluster, application=application, operation=operation, objects=objects)


def unreachable(cluster: str = "dev") -> Problem:
    """Return the problem of a cluster that does not answer."""
    return Problem(
        "the cluster cannot be reached",
        Where(cluster=cluster),
        detail="Cannot connect to host 127.0.0.1:6443 [Connection refused]",
        hint="Start the cluster, or leave it out: --exclude '**::dev/**'.",
    )


def request(command: Command = Command.UP, *, dry_run: bool = False, refresh: bool = False) -> RunRequest:
    """Return a request about the stack demo."""
    return RunRequest(command=command, project_dir=Path("project"), stack="demo", dry_run=dry_run, refresh=refresh)
