"""One run of the engine: `up`, `refresh` or `destroy` of a stack, or what it would do.

In: a request. Out: a result, and events on the way. Where the parts meet: the project and its state, the clusters, the
program. A run that changes something holds the stack's lock, and its state is written however it ends.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fleet.engine import budget, child, foreign, hiding, monitor, objects, refreshing, stack_config, values
from fleet.engine import urn as urns
from fleet.engine.budget import Deletions
from fleet.engine.clusters import KUBERNETES, Clusters, identifier
from fleet.engine.deleting import Remover
from fleet.engine.deployment import Deployment, Options
from fleet.engine.events import Event, Message, Operation, RunStarted, Severity, Subject
from fleet.engine.interrupted import Interrupted
from fleet.engine.ledger import Outcome
from fleet.engine.pruning import Pruning
from fleet.engine.recorder import Recorder
from fleet.engine.request import Command, RunRequest, RunResult, Selection
from fleet.engine.roster import Roster
from fleet.engine.selection import Scope, outputs_without
from fleet.engine.standby import Host
from fleet.engine.state import Resource, Snapshot
from fleet.engine.workspace import Workspace
from fleet.errors import DeclarationError, FleetError, Problem, StackNotFoundError
from fleet.frozen import dataclass

# What the history calls a run.
_KINDS = {Command.UP: "update", Command.REFRESH: "refresh", Command.DESTROY: "destroy"}


async def run(
    request: RunRequest, emit: Callable[[Event], None], stop: asyncio.Event, waiting: Host | None = None
) -> RunResult:
    """Carry out the request. Setting `stop` ends the run cleanly: what is under way is finished, nothing else is begun.

    waiting: a process that was started for the project's program; it stays the caller's to dismiss. None starts one.
    Raises FleetError where nothing could be done at all: no project, no state, no lock, no passphrase.
    """
    workspace = Workspace.open(request.project_dir, request.stack, os.environ)
    if request.command is not Command.UP:
        _require_state(workspace)
    secrets = () if request.show_secrets else tuple(hiding.secrets_of(workspace.configuration))
    recorder = Recorder(emit, hiding.hider(secrets) if secrets else None, show_secrets=request.show_secrets)
    with _state(workspace, request, recorder) as (roster, snapshot):
        recorder(_started(workspace, request, snapshot))
        foreign.refuse(snapshot)
        async with Clusters(workspace.program_dir, recorder, snapshot.resources, request.parallel) as clusters:
            if request.command is not Command.UP:
                clusters.add_all()
            included = urns.Included(request.targets, request.excludes)
            this = _Run(workspace, request, roster, clusters, recorder, stop, included, waiting)
            await _COMMANDS[request.command](this)
        if stop.is_set():
            recorder.cancelled()
        outputs = dict(roster.snapshot().outputs())
        shown = values.mask(values.reveal(outputs) if request.show_secrets else outputs)
    return recorder.result(shown, cancelled=stop.is_set())


def selected_urns(project_dir: Path, stack: str, selection: Selection) -> tuple[str, ...]:
    """Return the URNs in the stack's state of the selected applications' components and objects, sorted.

    Raises DeclarationError for what is asked for, and not in the state.
    """
    roster = Roster(Workspace.open(project_dir, stack, os.environ).store.read(), None)
    scope = Scope(lambda _: True, selection, roster)
    unmet = scope.unmet()
    if unmet:
        raise DeclarationError(*unmet)
    meant = (each for each in roster.old.values() if each.custom or each.type == objects.APPLICATION_TYPE)
    return tuple(sorted(each.urn for each in meant if scope.resource(each)))


def unhealed_urns(project_dir: Path, stack: str) -> tuple[str, ...]:
    """Return the URNs in the stack's state of objects whose application has self_heal off, sorted.

    Raises StackNotFoundError where the stack was never deployed.
    """
    workspace = Workspace.open(project_dir, stack, os.environ)
    _require_state(workspace)
    state = workspace.store.read().live()
    found = (each for each in state.values() if each.custom and objects.is_object(each.type))
    return tuple(sorted(each.urn for each in found if not objects.heals(state.get(each.parent))))


def _require_state(workspace: Workspace) -> None:
    """Raise StackNotFoundError where there is nothing to work with."""
    stack, known = workspace.ref.stack, workspace.known_stacks()
    if workspace.store.exists():
        return
    stack_config.require(stack, known)
    hint = f"`fleet up -s {stack}` deploys it."
    raise StackNotFoundError(Problem(f"Stack {stack!r} was never deployed: it has no state", hint=hint))


@contextmanager
def _state(workspace: Workspace, request: RunRequest, recorder: Recorder) -> Iterator[tuple[Roster, Snapshot]]:
    """Yield the roster of a run. A dry run reads the state and keeps its findings to itself."""
    if request.dry_run:
        snapshot = workspace.store.read()
        yield Roster(snapshot, None), snapshot
        return
    with workspace.store.update(_KINDS[request.command], config=workspace.configuration.recorded) as ledger:
        for run_ in ledger.cut_off:
            recorder(Message(f"Another run was cut off ({run_}); this one goes on from what it did", Severity.WARNING))
        yield Roster(ledger.before, ledger), ledger.before
        ledger.outcome = Outcome(succeeded=recorder.succeeded, changes=_changes(recorder))


def _changes(recorder: Recorder) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for operation, objects_ in recorder.operations().items():
        counts[_IN_PULUMIS_WORDS.get(operation, operation.value)] += objects_
    return counts


_IN_PULUMIS_WORDS = {Operation.ADOPT: "create", Operation.RETAIN: "delete", Operation.FORGET: "delete"}


def _started(workspace: Workspace, request: RunRequest, snapshot: Snapshot) -> RunStarted:
    providers = [each for each in snapshot.resources if each.type == KUBERNETES]
    names = {identifier(each.reference, each.inputs): urns.parse(each.urn).name for each in reversed(providers)}
    return RunStarted(
        command=request.command.value,
        project=workspace.ref.project,
        stack=workspace.ref.stack,
        dry_run=request.dry_run,
        clusters=tuple(sorted(names.values())),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """What the commands work with."""

    workspace: Workspace
    request: RunRequest
    roster: Roster
    clusters: Clusters
    recorder: Recorder
    stop: asyncio.Event
    included: urns.Included
    waiting: Host | None

    def scope(self) -> Scope:
        """Return what was asked for."""
        return Scope(self.included, self.request.selection, self.roster)

    def check(self, scope: Scope) -> None:
        """Take note of what was asked for, and is not there."""
        for pattern in self.included.idle:
            self.recorder(Message(f"{pattern} means no object; '**::<cluster>/**' means a cluster", Severity.WARNING))
        unmet = scope.unmet()
        if unmet:
            self.recorder.fail(DeclarationError(*unmet))

    def forget(self, scope: Scope) -> None:
        """Take out of the stack's outputs what has been destroyed, where the stack itself is still there."""
        root = self.roster.current(urns.root(self.workspace.ref.stack, self.workspace.ref.project))
        outputs = {} if root is None else outputs_without(root.outputs, scope.destroyed())
        if root is not None and root.outputs != outputs:
            self.roster.amend(replace(root, outputs=outputs))

    def remover(self) -> Remover:
        """Return what deletes."""
        return Remover(
            self.roster,
            self.clusters,
            self.recorder,
            self.stop,
            destroys=self.request.command is Command.DESTROY,
            targeted=bool(self.request.targets),
            dry_run=self.request.dry_run,
            continue_on_error=self.request.continue_on_error,
        )

    def pruning(self, scope: Scope) -> Pruning:
        """Return what deletes in a cluster before the others are through: nothing where all deletions are counted."""
        is_early = not self.request.dry_run and self.request.deletions is None
        remove = (lambda left: self.remover().remove(left)) if is_early else None
        return Pruning(self.roster, scope.resource, remove)


async def _up(this: _Run) -> None:
    request, scope = this.request, this.scope()
    options = Options(
        stack=this.workspace.ref.stack,
        project=this.workspace.ref.project,
        dry_run=request.dry_run,
        refresh=request.refresh,
        scope=scope,
        details=request.details,
    )
    interrupted = Interrupted(this.roster, this.clusters)
    pruning = this.pruning(scope)
    deployment = Deployment(
        options, this.roster, this.clusters, interrupted, pruning, emit=this.recorder, stop=this.stop
    )
    async with monitor.serve(deployment, this.recorder) as address:
        program = this.workspace.program(request)
        exit_code = await child.run(program, address, this.recorder, this.stop, this.waiting)
        await deployment.settle()
        await pruning.settle()
    if _succeeded(this, deployment.error, exit_code):
        deployment.succeed()
        # Only a program that has run to its end has said everything that it wants.
        doomed = [each for each in this.roster.doomed() if scope.everything or scope.resource(each)]
        await _remove(this, pruning.left(), doomed)
        await this.remover().clear(interrupted, scope.resource)
        this.check(scope)


async def _remove(this: _Run, left: Sequence[Resource], doomed: Sequence[Resource]) -> None:
    """Remove what nobody wants any more, and the old halves of replacements, unless that is more than the run may."""
    remover, allowed = this.remover(), this.request.deletions
    error = None if allowed is None else budget.excess(allowed, _deletions(this, remover.going(left)))
    if error is None or this.request.dry_run:
        await remover.remove([*left, *doomed])
    else:
        remover.hold_back(left)
        await remover.remove(doomed)
    if error is not None:
        this.recorder.fail(error)


def _deletions(this: _Run, going: Sequence[Subject]) -> tuple[Deletions, ...]:
    if not going:
        return ()
    state = refreshing.by_cluster(tuple(this.roster.old.values()), this.clusters)
    held = {cluster.name: len(resources) for cluster, resources in state.items()}
    return budget.of(((each.cluster, each.application) for each in going), held)


def _succeeded(this: _Run, error: Exception | None, exit_code: int) -> bool:
    if isinstance(error, FleetError):
        this.recorder.fail(error)
    elif error is not None:
        raise error
    elif exit_code != 0 and not this.stop.is_set():
        if not this.recorder.has_errors:
            this.recorder(Message(_how_it_ended(exit_code), Severity.ERROR))
        this.recorder.exited(exit_code if exit_code in _OWN_EXIT_CODES else FleetError.exit_code)
    return error is None and exit_code == 0 and not this.stop.is_set()


def _how_it_ended(exit_code: int) -> str:
    if exit_code >= 0:
        return f"The program ended with exit code {exit_code} and said nothing"
    number = -exit_code
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    return f"The program was ended from outside, by {name}"


# Of the errors that a program of ours ends with; any other code is the program's own affair.
_OWN_EXIT_CODES = (2, 6, 10, 11, 12, 13, 16)


async def _refresh(this: _Run) -> None:
    scope = this.scope()
    meant = frozenset(each.urn for each in this.roster.old.values() if scope.resource(each))
    await refreshing.refresh(this.roster, this.clusters, meant.__contains__, this.recorder)
    this.check(scope)


async def _destroy(this: _Run) -> None:
    scope = this.scope()
    await this.remover().remove([each for each in this.roster.resources() if scope.resource(each)])
    await this.remover().clear(Interrupted(this.roster, this.clusters), scope.resource)
    this.forget(scope)
    this.check(scope)


_COMMANDS: Mapping[Command, Callable[[_Run], Any]] = {
    Command.UP: _up,
    Command.REFRESH: _refresh,
    Command.DESTROY: _destroy,
}
