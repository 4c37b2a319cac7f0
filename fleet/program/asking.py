"""Asking: a question put to a process of its own, which runs the stack's declaration.

In: a Question and an interpreter. Out: the answer, or the error that it ended with.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from fleet.errors import DeclarationError, Problem
from fleet.program.question import Question, error_from_data
from fleet.program.say import Say


def ask(question: Question, python: str, say: Say) -> Any:
    """Return the answer to a question.

    python: an interpreter that has the project's requirements. Raises FleetError as the answer did, and
    DeclarationError where the process ended without one.
    """
    # -P: what lies in the current directory must not hide the standard library.
    command = [python, "-P", "-m", "fleet.program.answering"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=question.project_dir,
        # Where Pulumi's SDK looks for configuration, if the declaration asks it.
        env={**os.environ, "PULUMI_CONFIG": json.dumps(dict(question.configuration))},
        text=True,
    ) as process:
        try:
            return _answer(process, question, say)
        except BaseException:
            process.kill()
            raise


def _answer(process: subprocess.Popen[str], question: Question, say: Say) -> Any:
    assert process.stdin
    assert process.stdout
    process.stdin.write(question.text())
    process.stdin.close()
    for said in map(json.loads, _lines(process)):
        if "answer" in said:
            return said["answer"]
        if "error" in said:
            raise error_from_data(said["error"])
        if "progress" in said:
            say.progress(said["progress"])
        else:
            say.warning(said["warning"])
    code = process.wait()
    hint = "What it wrote is above." if code >= 0 else f"Signal {-code} ended it."
    raise DeclarationError(Problem(f"the stack's declaration ended its process (exit code {code})", hint=hint))


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout
    sys.stdout.flush()
    yield from process.stdout
