"""The program's process: runs `__main__.py` against a monitor, by the contract of Pulumi's Python language host.

Started by `fleet.engine.standby` as a script of its own, in the program's directory. It loads what takes long, and only
then reads what to run: one JSON object on standard input, with what `pulumi-language-python` hands to its exec script
as arguments and as environment (sdk/python/cmd/pulumi-language-python/main.go), so a program cannot tell the
difference. Where standard input ends without one, the engine has no program to run, or is gone: then it goes too.

Its arguments are modules to load ahead. Of this project it imports nothing else.

Exit codes: 0; 1 for an error that the SDK raised on purpose; 32 for one that was shown already. Where the program
leaves with `SystemExit` raised from an error that has an `exit_code`, that code is used, so that the kind of failure
is not lost.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import importlib
import json
import logging
import os
import runpy
import sys
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader, find_spec
from pathlib import Path
from types import ModuleType
from typing import Any


class Leaving:
    """How the process ends: as any other of Python, but without taking apart what it holds, which takes long.

    code: the exit code; that of an error that nobody has caught until it is set.
    """

    def __init__(self) -> None:
        self.code = 1

    def __call__(self) -> None:
        """Leave. Everything else that was to be done at the end has been done, and threads have come to theirs."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(self.code)


leaving = Leaving()
if __name__ == "__main__":
    # What is registered first is called last: before it, what the modules below and the program register.
    atexit.register(leaving)
    # Nothing that is made while modules are loaded is garbage.
    gc.disable()

# What the SDK imports of itself and hardly any program uses, and takes long.
_RARE = frozenset({"pulumi.automation", "pulumi.dynamic"})


class Later:
    """Finds modules that are loaded when something in them is first asked for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where such a module is; None leaves it to the others."""
        spec = PathFinder.find_spec(fullname, path) if fullname in _RARE else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


if __name__ == "__main__":
    sys.meta_path.insert(0, Later())

import pulumi  # noqa: E402
import pulumi.runtime  # noqa: E402
import pulumi.runtime.resource  # noqa: E402
from pulumi.runtime.proto import source_pb2  # noqa: E402

SHOWN = 32


def main(ahead: Sequence[str]) -> int:
    """Load what the program will need, then run what is ordered; return the exit code for the process."""
    for module in ahead:
        # The program will meet with the same, and then it is its author's to read.
        with suppress(Exception):
            _load(module)
    gc.freeze()
    gc.enable()
    order = sys.stdin.buffer.read()
    return run(json.loads(order)) if order.endswith(b"\n") else 0


def _load(module: str) -> None:
    """Import a module, unless the program would find another of that name in its own directory."""
    package = module.partition(".")[0]
    found, own = find_spec(package), PathFinder.find_spec(package, [str(Path.cwd())])
    if found is not None and (own is None or own.origin == found.origin):
        importlib.import_module(module)


def run(order: Mapping[str, Any]) -> int:
    """Run the program and return the exit code for the process."""
    os.environ.update(order["environment"])
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=order["monitor"],
            engine=order["engine"],
            project=order["project"],
            stack=order["stack"],
            parallel=order["parallel"],
            dry_run=order["dry_run"],
            organization=order["organization"],
            root_directory=order["root_directory"],
        )
    )
    # The SDK logs about five debug messages per resource, each a synchronous call to an engine that drops them.
    pulumi.log.debug = lambda *_args, **_kwargs: None
    # Where in the program a resource was made is for Pulumi's own display; to find out walks the stack every time.
    pulumi.runtime.resource._get_stack_trace = source_pb2.StackTrace  # noqa: SLF001 - there is no public switch
    # Futures that nobody awaits are how the SDK ends after a failure; asyncio would print each of them.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    program = order["program"]
    sys.argv = [program]
    if not _main_file(program).is_file():
        pulumi.log.error(f"There is no program: {_main_file(program)} is not there")
        return SHOWN
    return _run(program, max(order["parallel"], 1) * 4)


def _run(program: str, threads: int) -> int:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=threads)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _execute(program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except SystemExit as error:
        return _exit_code(error)
    except Exception as error:  # noqa: BLE001 - whatever a program can raise is shown to its author
        pulumi.log.error(f"The program failed with an unhandled exception:\n{_user_traceback(error, program)}")
        return SHOWN
    finally:
        executor.shutdown(wait=True)
        loop.close()
    return 0


def _execute(program: str) -> None:
    runpy.run_path(program, run_name="__main__")


def _exit_code(error: SystemExit) -> int:
    cause = getattr(error.__cause__, "exit_code", None)
    if isinstance(cause, int):
        return cause
    if error.code is None or isinstance(error.code, int):
        return error.code or 0
    # Python would print it where a process ends by itself.
    pulumi.log.error(str(error.code))
    return 1


def _main_file(program: str) -> Path:
    path = Path(program).resolve()
    return path / "__main__.py" if path.is_dir() else path


def _user_traceback(error: Exception, program: str) -> str:
    """Return the error's traceback from the program's own first frame on; all of it where there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    main_file = _main_file(program)
    for position, frame in enumerate(frames):
        if Path(frame.filename).resolve() == main_file:
            return "".join(traceback.format_exception(error, limit=position - len(frames)))
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(error))
    return "".join(traceback.format_exception(error))


if __name__ == "__main__":
    leaving.code = main(sys.argv[1:])
    sys.exit(leaving.code)
