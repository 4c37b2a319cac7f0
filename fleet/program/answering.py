"""Answering: the process that a question is put to; `python -m fleet.program.answering`.

In: a Question on standard input. Out: lines of JSON on standard output, the last of them with the answer or an error.
What the user's declaration prints goes to standard error.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from fleet.errors import FleetError
from fleet.model.masking import mask
from fleet.program.answers import answer
from fleet.program.question import error_as_data, parse_question
from fleet.program.say import Say


def main() -> None:
    """Answer the question of this process."""
    # What is made here is needed to the end, which is near: there is no garbage worth looking for.
    gc.disable()
    tell = _teller()
    question = parse_question(sys.stdin.read())
    # As an engine's host does it: what lies beside the program can be imported.
    sys.path.insert(0, str(question.project_dir))
    say = Say(lambda line: tell({"progress": mask(line)}), lambda line: tell({"warning": mask(line)}))
    try:
        tell({"answer": answer(question, say)})
    except FleetError as error:
        tell({"error": error_as_data(error)})


def _teller() -> Callable[[dict[str, Any]], None]:
    """Return what writes a line to the one who asks, and send everything else that is printed to standard error."""
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    turn = threading.Lock()

    def tell(line: dict[str, Any]) -> None:
        with turn:
            stream.write(json.dumps(line, default=_plain) + "\n")
            stream.flush()

    return tell


def _plain(value: Any) -> Any:
    """Return read-only mappings as what JSON has."""
    return dict(value)


if __name__ == "__main__":
    main()
