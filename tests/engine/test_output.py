"""What a command writes arrives whole, however it is read and whatever signals come meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# A pipe takes 64 KiB at once; more than that is written in parts, and a signal ends a part early.
LENGTH = 300_000
COMMAND = f"""
import signal, sys, types
import fleet.cli
sys.modules["fleet.cli.group"] = types.SimpleNamespace(cli=lambda prog_name, obj: print("x" * {LENGTH}))
from fleet.cli.main import main
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
main()
"""


@pytest.mark.parametrize("flags", [[], ["-u"]], ids=["buffered", "unbuffered"])
def test_a_long_text_is_written_whole_to_a_slow_reader(flags: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    words = [sys.executable, *flags, "-c", COMMAND]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        # Until signals have come while the pipe was full.
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        assert len(process.stdout.read()) == LENGTH + 1
