from __future__ import annotations

import pytest

from fleet.engine.events import Event, Message, Severity
from fleet.engine.recorder import Recorder
from fleet.errors import CancelledError, Problem, Where


def quiet(_event: Event) -> None:
    """Nobody watches."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            str(Problem("it is wrong", Where("a.yaml", 3), detail="because\nof this", hint="do this\nor that")),
            Problem("a.yaml:3: it is wrong", detail="because\nof this", hint="do this\nor that"),
            id="a problem",
        ),
        pytest.param("boom", Problem("boom"), id="a line"),
        pytest.param("", Problem(""), id="nothing"),
        pytest.param("failed:\n  File 1\n    code", Problem("failed:", detail="File 1\n  code"), id="a traceback"),
    ],
)
def test_what_a_failing_program_has_said_is_among_the_failures(text: str, expected: Problem) -> None:
    recorder = Recorder(quiet)
    recorder(Message(text, Severity.ERROR))
    recorder.exited(2)
    result = recorder.result({}, cancelled=False)
    assert (result.failures, result.exit_code) == ((expected,), 2)


def test_what_a_program_complains_of_and_survives_is_no_failure() -> None:
    recorder = Recorder(quiet)
    recorder(Message("this is odd", Severity.ERROR))
    result = recorder.result({}, cancelled=False)
    assert (result.failures, result.exit_code) == ((), 0)


def test_a_cancelled_run_has_its_exit_code() -> None:
    recorder = Recorder(quiet)
    recorder.cancelled()
    assert recorder.result({}, cancelled=True).exit_code == CancelledError.exit_code
