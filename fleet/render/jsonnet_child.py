"""Evaluates one Jsonnet file, in a process of its own: it may neither end nor keep to the memory there is.

In, on the standard input: a line of JSON with the file and what it is told; then a line for each import asked for. Out,
on the standard output: a line `{"import": [directory, name]}` for each import, and at last `{"json": …}` or
`{"error": …}`. It is run as a script, knows nothing of fleet, and reads no file and no network.
"""

from __future__ import annotations

import base64
import json
import re
import resource
import sys
from contextlib import suppress
from typing import Any

_MARK = "<import>"


class _NotFoundError(Exception):
    """An import cannot be had; the file may not be evaluated further."""


class _Imports:
    """What the library asks for. wrong: why the last import could not be had."""

    def __init__(self) -> None:
        self.wrong = ""

    def __call__(self, directory: str, name: str) -> tuple[str, bytes]:
        found = _exchange({"import": [directory, name]})
        if "error" in found:
            self.wrong = found["error"]
            raise _NotFoundError(_MARK)
        return found["path"], base64.b64decode(found["data"])

    def words(self, error: Exception) -> str:
        """Return the library's words: it does not end the message of an import's error where that ends."""
        said = str(error) if isinstance(error, RuntimeError) else f"RUNTIME ERROR: {_MARK}\n\t"
        return re.sub(rf"{_MARK}.*?(?=\n\t)", lambda _: self.wrong, said, count=1, flags=re.DOTALL)


def _exchange(message: dict[str, Any]) -> dict[str, Any]:
    print(json.dumps(message), flush=True)  # noqa: T201 - the protocol with the process that started it
    answer: dict[str, Any] = json.loads(sys.stdin.readline())
    return answer


def _main() -> None:
    library, most_bytes = sys.argv[1:]
    # Not every system can limit it.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (int(most_bytes), int(most_bytes)))
    sys.path.append(library)
    import _gojsonnet  # noqa: PLC0415 - it is found where the process that started it has it

    job = json.loads(sys.stdin.readline())
    imports = _Imports()
    try:
        result = {"json": _gojsonnet.evaluate_snippet(job.pop("file"), job.pop("text"), import_callback=imports, **job)}
    except (RuntimeError, UnicodeError) as error:
        result = {"error": imports.words(error)}
    print(json.dumps(result), flush=True)  # noqa: T201


if __name__ == "__main__":
    _main()
