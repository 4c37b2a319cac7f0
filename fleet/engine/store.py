"""Store: reading and changing the state of one stack, from the backend's folder to values and back.

Where the parts meet: the backend (files), the lock, the checkpoint (format), the journal, and the vault (secrets). Runs
that change something go through `update`; previews `read` and take no lock.
"""

from __future__ import annotations

import gc
import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fleet.engine import checkpoint, files, journal, lock, urn
from fleet.engine.backend import Backend, StackRef, digest, folder_of
from fleet.engine.codec import Codec
from fleet.engine.history import Update
from fleet.engine.journal import Journal
from fleet.engine.ledger import Ledger
from fleet.engine.project import Project
from fleet.engine.secrets import Vault
from fleet.engine.state import ROOT_STACK, Snapshot
from fleet.errors import Problem, StateError, Where
from fleet.frozen import dataclass


def folder(project: Project, environ: Mapping[str, str]) -> Path:
    """Return where the states of a project are.

    That is PULUMI_BACKEND_URL, else `backend.url` of Pulumi.yaml, else `.fleet/state` beside Pulumi.yaml.
    Raises UnsupportedError for backends that are no folder.
    """
    url = environ.get("PULUMI_BACKEND_URL", "")
    if url:
        return folder_of(url, relative_to=Path.cwd())
    if project.backend_url:
        return folder_of(project.backend_url, relative_to=project.folder)
    return project.folder / ".fleet" / "state"


def backend(project: Project, environ: Mapping[str, str]) -> Backend:
    """Return the backend of a project, with what the environment says of it. Opens nothing."""
    off = environ.get("PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS", "").lower() in ("1", "t", "true")
    return Backend(folder(project, environ), retain_backups=not off)


@dataclass(frozen=True, slots=True)
class _Found:
    """A state as it was found. digest: of the checkpoint; empty for none. pending: the journal has more than it."""

    snapshot: Snapshot
    digest: str
    pending: bool = False


@dataclass(slots=True)
class _Run:
    """A run under way. written: whether everything in the ledger has reached the checkpoint."""

    ledger: Ledger
    digest: str
    written: bool = False


@dataclass(frozen=True, slots=True)
class Store:
    """The state of one stack."""

    backend: Backend
    ref: StackRef
    vault: Vault

    def exists(self) -> bool:
        """Return whether the stack has a state."""
        return self.backend.read(self.ref) is not None or self.backend.journal_file(self.ref).exists()

    def read(self) -> Snapshot:
        """Return the state; an empty one where there is none. Changes nothing, and takes no lock.

        Raises StateError, or UnsupportedError for secrets of another provider.
        """
        self.backend.check_layout()
        return self._find().snapshot

    def now(self) -> bytes | None:
        """Return the state as the bytes of a checkpoint, with what a journal adds to it; None where there is none.

        Without a journal it is not looked into.
        """
        self.backend.check_layout()
        if not self.backend.journal_file(self.ref).exists():
            return self.backend.read(self.ref)
        found = self._find()
        return self._encode(found.snapshot, Codec(self.vault.encrypt)) if found.pending else self.backend.read(self.ref)

    @contextmanager
    def update(self, kind: str, *, config: Mapping[str, Any] | None = None) -> Iterator[Ledger]:
        """Hold the stack for a run that changes it, and write its state at the end, however it ends.

        kind: `update`, `refresh` or `destroy`. config: for the history, see `backend.Update`.
        Raises LockedError where another run holds the stack, StateError where the state cannot be used or written. When
        it cannot be written, what was done is in the journal, and the lock stays.
        """
        started_s = int(time.time())
        opened: list[_Run] = []
        with lock.held(self.backend, self.ref, keep=lambda: any(not run.written for run in opened)) as hold:
            run = self._open()
            opened.append(run)
            hold.take_over()
            run.ledger.cut_off = tuple(map(str, hold.abandoned))
            try:
                yield run.ledger
            finally:
                self._finish(run)
                self._record(run.ledger, kind, started_s, config or {})

    def _find(self) -> _Found:
        data = self.backend.read(self.ref)
        file = self.backend.checkpoint_file(self.ref)
        try:
            snapshot = Snapshot() if data is None else checkpoint.decode(data, file=str(file), vault=self.vault)
        except checkpoint.CorruptCheckpointError as error:
            raise self.backend.broken(self.ref, str(error)) from error
        except checkpoint.ContradictionError as error:
            summary = "The state contradicts itself; the embedded engine cannot use it"
            also = "`pulumi state repair` may put it right."
            raise self.backend.broken(self.ref, str(error), summary=summary, also=also) from error
        self._refuse_another_stacks(snapshot)
        # What was read stays for the whole run: the collector need not walk through it again and again.
        gc.freeze()
        found = _Found(snapshot, digest(data))
        book = journal.read(self.backend.journal_file(self.ref), self.vault)
        if book is None or found.digest in book.folded or not book.entries:
            return found
        if book.base != found.digest:
            raise self._foreign_journal()
        return replace(found, snapshot=journal.fold(snapshot, book.entries), pending=True)

    def _refuse_another_stacks(self, snapshot: Snapshot) -> None:
        """A file copied from another stack would have all that is in that one's clusters deleted."""
        for root in (each.urn for each in snapshot.resources if each.type == ROOT_STACK):
            if root != urn.root(self.ref.stack, self.ref.project):
                path = self.backend.checkpoint_file(self.ref)
                hint = "If it is to become this one, let Pulumi rename it: `pulumi stack rename`."
                raise StateError(Problem("The state is that of another stack", Where(file=str(path)), root, hint))

    def _foreign_journal(self) -> StateError:
        path = self.backend.journal_file(self.ref)
        summary = "A run was interrupted, and its journal belongs to another state than the one that is there now"
        detail = "The state was changed since, by Pulumi or by hand. What the interrupted run did is missing in it."
        move = shlex.join(["mv", str(path), f"{path}.old"])
        hint = f"Move the journal away, and see with `fleet up --refresh` what is left to do:\n{move}"
        return StateError(Problem(summary, where=Where(file=str(path)), detail=detail, hint=hint))

    def _open(self) -> _Run:
        """Bring what an interrupted run has left into the checkpoint, and open a journal of our own."""
        self.backend.prepare()
        found = self._find()
        if found.pending:
            found = self._fold_leftover(found)
        self._remove_journal()
        book = Journal(self.backend.journal_file(self.ref), found.digest)
        return _Run(Ledger(found.snapshot, self.vault, book), found.digest)

    def _fold_leftover(self, found: _Found) -> _Found:
        data = self._encode(found.snapshot, Codec(self.vault.encrypt))
        journal.seal(self.backend.journal_file(self.ref), digest(data))
        self.backend.write(self.ref, data, replaces=found.digest)
        return _Found(found.snapshot, digest(data))

    def _encode(self, snapshot: Snapshot, writer: Codec) -> bytes:
        provider = self.vault.secrets_provider(snapshot.secrets_provider)
        return self.encode(checkpoint.stamp(replace(snapshot, secrets_provider=provider), time.time_ns()), writer)

    def encode(self, snapshot: Snapshot, writer: Codec) -> bytes:
        """Return the bytes of the stack's checkpoint. Raises StateError when a secret cannot be encrypted."""
        return checkpoint.encode(snapshot, stack=str(self.ref), writer=writer)

    def _finish(self, run: _Run) -> None:
        ledger = run.ledger
        if ledger.changed:
            self._fold(ledger, run.digest)
        else:
            ledger.close()
        run.written = True
        self._remove_journal()

    def _fold(self, ledger: Ledger, found: str) -> None:
        """Write the checkpoint. A journal that could not be completed only matters if that fails too."""
        data = self._encode(ledger.snapshot(), ledger.codec)
        unwritten: tuple[Problem, ...] = ()
        try:
            ledger.close(folded=digest(data))
        except StateError as error:
            unwritten = error.problems
        try:
            self.backend.write(self.ref, data, replaces=found)
        except StateError as error:
            raise StateError(*error.problems, *unwritten, self._left_in_journal()) from error

    def _left_in_journal(self) -> Problem:
        path = self.backend.journal_file(self.ref)
        detail = "The lock stays too, so that nothing goes on with the state from before."
        hint = "Put right what is wrong there, and run again: `fleet` goes on from the journal."
        return Problem("What this run did is kept in its journal", Where(file=str(path)), detail, hint)

    def _remove_journal(self) -> None:
        path = self.backend.journal_file(self.ref)
        with files.reporting("written", path):
            path.unlink(missing_ok=True)

    def _record(self, ledger: Ledger, kind: str, started_s: int, config: Mapping[str, Any]) -> None:
        update = Update(
            kind=kind,
            started_s=started_s,
            ended_s=int(time.time()),
            succeeded=ledger.outcome.succeeded,
            config=config,
            changes=ledger.outcome.changes,
        )
        self.backend.record(self.ref, update, copy=ledger.changed)
