"""The program's process, from the engine's side: started, its words passed on, ended when the user stops.

In: where the program is and what it is told. Out: its exit code. The contract is Pulumi's language host's
(`fleet/engine/host.py` is the other side of it).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fleet.engine.events import Event, Message, Severity

_HOST = Path(__file__).with_name("host.py")
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


def interpreter(directory: Path, virtualenv: str | None) -> str:
    """Return the Python of the project's virtual environment where it has one, else the one that runs now."""
    if virtualenv:
        python = directory / virtualenv / "bin" / "python"
        if python.exists():
            return str(python)
    return sys.executable


def _arguments(program: Program, address: str) -> list[str]:
    named = {
        "monitor": address,
        "engine": address,
        "project": program.project,
        "stack": program.stack,
        "organization": "organization",
        "root_directory": str(program.root),
        "pwd": str(program.directory),
        "dry_run": "true" if program.dry_run else "false",
        "parallel": str(program.parallel),
    }
    # -P keeps the host's own directory off the module path: names there would hide the standard library's.
    start = [program.python, "-P", str(_HOST)]
    return [*start, *(part for name, value in named.items() for part in (f"--{name}", value)), program.main]


def _environment(program: Program) -> dict[str, str]:
    return {
        **os.environ,
        **program.environment,
        "PULUMI_CONFIG": json.dumps(dict(program.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(program.secret_keys)),
        "FLEET_RUN_ID": program.run_id,
        "PYTHONUNBUFFERED": "1",
    }


async def run(program: Program, address: str, emit: Callable[[Event], None], stop: asyncio.Event) -> int:
    """Run the program to its end and return its exit code; negative when `stop` ended it."""
    async with _stream(Severity.INFO, emit) as stdout, _stream(Severity.WARNING, emit) as stderr:
        process = await asyncio.create_subprocess_exec(
            *_arguments(program, address),
            cwd=program.directory,
            env=_environment(program),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            # Ctrl-C in the terminal is for the engine: it stops the program when nothing is under way any more.
            start_new_session=True,
        )
        # From here on only the program, and what it has started, can write.
        stdout.close()
        stderr.close()
        return await _until_over(process, stop)


async def _until_over(process: asyncio.subprocess.Process, stop: asyncio.Event) -> int:
    stopped = asyncio.ensure_future(stop.wait())
    ended = asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait((stopped, ended), return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await _end(process)
        return await ended
    finally:
        stopped.cancel()
        if process.returncode is None:
            _signal(process, signal.SIGKILL)
            await process.wait()


@asynccontextmanager
async def _stream(severity: Severity, emit: Callable[[Event], None]) -> AsyncIterator[BinaryIO]:
    """Yield the end of a pipe for the program to write to, and pass on what comes out of the other.

    asyncio's own pipes would be waited for until they are closed, and a process that the program leaves behind may keep
    them open for ever.
    """
    reading, writing = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb")
    )
    words = asyncio.ensure_future(_pass_on(reader, severity, emit))
    with os.fdopen(writing, "wb") as end:
        try:
            yield end
        finally:
            end.close()
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


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the program, and what it has started itself: a `git fetch`, say."""
    _signal(process, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _GRACE_S)
    except TimeoutError:
        _signal(process, signal.SIGKILL)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
