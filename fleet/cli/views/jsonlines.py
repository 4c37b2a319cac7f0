"""JSON lines: every event as one JSON object on standard output, the summary last.

docs/reference/cli.md lists the fields; programs rely on them.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from fleet.cli.views.view import Ending
from fleet.engine.events import Event
from fleet.engine.request import RunRequest, RunResult
from fleet.errors import FleetError


def utc_now() -> datetime:
    """Return the time that lines are stamped with."""
    return datetime.now(UTC)


class JsonView:
    """Writes lines as events come in; words go to standard error."""

    def __init__(self, stream: TextIO, request: RunRequest, now: Callable[[], datetime] = utc_now) -> None:
        self._stream = stream
        self._request = request
        self._now = now

    def show(self, event: Event) -> None:
        """Write an event."""
        self._write(type(event).__name__, plain(event))

    def tick(self) -> None:
        """Let a reader have the lines so far. Nothing is written: a program needs no sign of life."""
        self._stream.flush()

    def say(self, text: str) -> None:
        """Tell the user, not the program."""
        print(text, file=sys.stderr)

    def finish(self, ending: Ending) -> None:
        """Write the summary."""
        self._summary(ending.result, ending.exit_code)

    def fail(self, error: FleetError | None, /) -> None:
        """Write a summary of nothing but what went wrong."""
        code = error.exit_code if error else 1
        self._summary(RunResult(failures=error.problems if error else (), exit_code=code), code)

    def _summary(self, result: RunResult, exit_code: int) -> None:
        request = self._request
        head = {"command": request.command.value, "stack": request.stack, "dryRun": request.dry_run}
        self._write("Summary", {**head, **plain(result), "exitCode": exit_code})
        self._stream.flush()

    def _write(self, name: str, fields: Mapping[str, Any]) -> None:
        moment = self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"type": _lower_first(name), "time": moment, **fields}
        print(json.dumps(line, ensure_ascii=False, default=str), file=self._stream)


def plain(value: Any) -> Any:
    """Return a value of dataclasses as JSON-like data; fields are named as in `durationSeconds`, user data is kept."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {_camel(each.name): plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def _camel(name: str) -> str:
    name = f"{name.removesuffix('_s')}_seconds" if name.endswith("_s") else name
    return _lower_first("".join(part.capitalize() for part in name.split("_")))


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
