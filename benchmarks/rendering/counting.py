"""Counting: how many times programs are started, by scripts of their names that are found on PATH before them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError

# No other program is started by it: `echo` is the shell's own, and `exec` makes the shell the program.
_SCRIPT = """\
#!/bin/sh
echo {name} >> {log}
exec {program} "$@"
"""


@dataclass(frozen=True, slots=True)
class Counting:
    """programs: the directory for PATH. log: a line for every start."""

    programs: Path
    log: Path

    def started(self) -> Counter[str]:
        """Return how many times each program has been started since the last time that this was asked."""
        found = Counter(self.log.read_text().split()) if self.log.exists() else Counter()
        self.log.unlink(missing_ok=True)
        return found


def counting(directory: Path, programs: Mapping[str, Path]) -> Counting:
    """Make the scripts for programs, by name."""
    found = Counting(directory / "programs", directory / "started")
    found.programs.mkdir(parents=True)
    for name, program in programs.items():
        script = found.programs / name
        script.write_text(_SCRIPT.format(name=name, log=found.log, program=program))
        script.chmod(0o755)
    return found


def on_path(name: str) -> Path:
    """Return a program of PATH. Raises BenchmarkError."""
    found = shutil.which(name)
    if found is None:
        raise BenchmarkError(f"{name} was not found on PATH")
    return Path(found)
