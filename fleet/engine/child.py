"""The program's process, from the engine's side: started, its words passed on, ended when the user stops.

In: where the program is and what it is told. Out: its exit code. The contract is Pulumi's language host's
(`fleet/engine/host.py` is the other side of it).
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

from fleet.engine import standby
from fleet.engine.events import Event, Message, Severity
from fleet.engine.standby import Host
from fleet.frozen import dataclass

_GRACE_S = 5.0
_LAST_WORDS_S = 1.0
_CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What the program's process is started with.

    root: where `Pulumi.yaml` is. directory: the working directory. main: the program in it, a file or a directory.
    python: the interpreter that has the program's requirements.
    environment: besides the engine's own.
    config: `<namespace>:<key>` → value as text. secret_keys: those whose values are secret.
    """

    root: Path
    directory: Path
    main: str
    python: str
    project: str
    stack: str
    config: Mapping[str, str]
    secret_keys: tuple[str, ...]
    dry_run: bool
    parallel: int
    run_id: str
    environment: Mapping[str, str]


def _order(program: Program, address: str) -> Mapping[str, Any]:
    return {
        "monitor": address,
        "engine": address,
        "project": program.project,
        "stack": program.stack,
        "organization": "organization",
        "root_directory": str(program.root),
        "dry_run": program.dry_run,
        "parallel": program.parallel,
        "program": program.main,
        "environment": {
            **program.environment,
            "PULUMI_CONFIG": json.dumps(dict(program.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(program.secret_keys)),
            "FLEET_RUN_ID": program.run_id,
        },
    }


async def run(
    program: Program, address: str, emit: Callable[[Event], None], stop: asyncio.Event, waiting: Host | None = None
) -> int:
    """Run the program to its end and return its exit code; negative when `stop` ended it.

    waiting: a process that was started for this program and has been told nothing yet; None starts one.
    """
    host = waiting or standby.start(program.python, program.directory)
    try:
        async with _heard(host.stdout, Severity.INFO, emit), _heard(host.stderr, Severity.WARNING, emit):
            # In a thread: what is told may be more than a pipe holds, and the process may still be loading.
            telling = asyncio.ensure_future(asyncio.to_thread(host.tell, _order(program, address)))
            exit_code = await _until_over(host, stop)
            await telling
            return exit_code
    finally:
        host.dismiss()


async def _until_over(host: Host, stop: asyncio.Event) -> int:
    stopped = asyncio.ensure_future(stop.wait())
    ended = asyncio.ensure_future(asyncio.to_thread(host.process.wait))
    try:
        await asyncio.wait((stopped, ended), return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await _end(host, ended)
        return await ended
    finally:
        stopped.cancel()


async def _end(host: Host, ended: asyncio.Future[int]) -> None:
    """End the program, and what it has started itself: a `git fetch`, say."""
    host.signal(signal.SIGTERM)
    await asyncio.wait((ended,), timeout=_GRACE_S)
    if not ended.done():
        host.signal(signal.SIGKILL)


@asynccontextmanager
async def _heard(stream: IO[bytes], severity: Severity, emit: Callable[[Event], None]) -> AsyncIterator[None]:
    """Pass on what comes out of the program for the duration of the block.

    asyncio's own pipes would be waited for until they are closed, and a process that the program leaves behind may keep
    them open for ever.
    """
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), stream
    )
    words = asyncio.ensure_future(_pass_on(reader, severity, emit))
    try:
        yield
    finally:
        await asyncio.wait((words,), timeout=_LAST_WORDS_S)
        words.cancel()
        transport.close()


async def _pass_on(stream: asyncio.StreamReader, severity: Severity, emit: Callable[[Event], None]) -> None:
    """Emit each line, however long it is."""
    rest = b""
    while chunk := await stream.read(_CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            _say(line, severity, emit)
    _say(rest, severity, emit)


def _say(line: bytes, severity: Severity, emit: Callable[[Event], None]) -> None:
    text = line.decode(errors="replace").rstrip()
    if text:
        emit(Message(text, severity))
