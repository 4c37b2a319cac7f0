"""How programs end, well or badly: what is said, the exit code, and that nothing is deleted by half a program."""

import os
import signal

import pytest

from tests.engine.programs.desk import Desk

TWO = """
opts = ResourceOptions(provider=connect())
a = config_map("a", {"k": "v"}, opts)
b = config_map("b", {}, opts)
"""
ONE = """
opts = ResourceOptions(provider=connect())
a = config_map("a", {"k": "v"}, opts)
"""
ENDINGS = {
    "exception": ('def f():\n    raise ValueError("boom")\n\n\nf()\n', ["ValueError: boom", "in f"]),
    "exception in an apply": (
        'def f(_):\n    raise ValueError("boom")\n\n\na.id.apply(f)\n',
        ["ValueError: boom", "in f"],
    ),
    "chain of exceptions": (
        'try:\n    {}["k"]\nexcept KeyError as error:\n    raise ValueError("boom") from error\n',
        ["KeyError: 'k'", "ValueError: boom", "direct cause"],
    ),
    "RunError": ('raise pulumi.RunError("in one line")', ["in one line"]),
    "exit code": ("import sys\nsys.exit(3)", ["exit code"]),
    "exit with a message": ('import sys\nsys.exit("said at the end")', []),
    "syntax error": ("def f(:\n", ["SyntaxError: invalid syntax", "def f(:"]),
    "missing module": ("import not_there", ["No module named 'not_there'"]),
    "two resources of one name": ('config_map("a", {}, opts)', ["named 'a'"]),
}


@pytest.mark.parametrize(("ending", "words"), ENDINGS.values(), ids=ENDINGS)
def test_a_program_that_ends_badly_deletes_nothing(embedded: Desk, ending: str, words: list[str]) -> None:
    embedded.deploy(TWO)
    run = embedded.deploy(ONE + ending, exit_code=1)
    for word in words:
        assert word in run.text
    # From the user's own file on, and nothing of what runs it.
    assert "fleet/engine" not in run.text
    assert "site-packages" not in run.text
    assert "asyncio" not in run.text
    assert embedded.names() == ["a", "b"]
    assert sorted(embedded.resources()) == ["a", "b"]
    embedded.deploy(ONE)
    assert embedded.names() == ["a"]


def test_the_last_words_of_a_program_are_shown(embedded: Desk) -> None:
    embedded.write('import sys\nsys.exit("said at the end")')
    assert "said at the end" in embedded.preview(exit_code=1).text


def test_what_a_program_has_left_for_its_end_is_done(desk: Desk) -> None:
    left = """
import atexit, os, threading, time
atexit.register(print, "called at exit")
def work():
    time.sleep(0.2)
    os.write(1, b"the thread is through\\n")
threading.Thread(target=work).start()
"""
    run = desk.deploy(ONE + left)
    assert run.text.index("the thread is through") < run.text.index("called at exit")


@pytest.mark.parametrize("ending", ["import sys\nsys.exit(0)", "import sys\nsys.exit()"])
def test_a_program_that_leaves_early_and_well_has_said_all_that_it_wants(desk: Desk, ending: str) -> None:
    desk.deploy(TWO)
    desk.deploy(ONE + ending)
    assert desk.names() == ["a"]


def test_a_project_without_a_program_says_so(embedded: Desk) -> None:
    run = embedded.preview(exit_code=1)
    assert "There is no program" in run.text
    assert "Traceback" not in run.text


def test_a_program_that_is_killed_ends_the_run_with_what_is_true(embedded: Desk) -> None:
    embedded.deploy(TWO)
    run = embedded.deploy(
        ONE
        + f"""
import os

def end(_):
    os.kill(os.getpid(), {signal.SIGKILL.value})


config_map("c", {{}}, opts).id.apply(end)
""",
        exit_code=1,
    )
    assert "ended from outside, by SIGKILL" in run.text
    assert embedded.names() == ["a", "b", "c"]
    assert sorted(embedded.resources()) == ["a", "b", "c"]


def test_a_process_that_the_program_leaves_behind_holds_nothing_up(embedded: Desk) -> None:
    embedded.write("""
import subprocess

child = subprocess.Popen(["sleep", "600"])
print(f"left behind: {child.pid}.")
""")
    run = embedded.preview()
    pid = int(run.text.partition("left behind: ")[2].partition(".")[0])
    os.kill(pid, signal.SIGKILL)


def test_a_failure_in_the_program_ends_it_before_anything_is_deployed(embedded: Desk) -> None:
    """With the preview that comes first by default, what a program cannot do is known before anything is done."""
    embedded.write(TWO + 'raise ValueError("boom")\n')
    run = embedded.run("up", "--yes", exit_code=1)
    assert run.text.count("ValueError: boom") <= 2
    assert embedded.names() == []
    assert embedded.resources("") == {}
