"""The shell of the demonstration: prints a command line, runs it, and stops the story where it ends unexpectedly."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from demo.story import KUBECONFIG, STATE, Line, Step


class DemoError(Exception):
    """A command line ended as it should not have."""


def environment(project: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of every line: this virtual environment, the local clusters, a state of the demo's own."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(("GIT_", "PULUMI_"))}
    author = {"NAME": "Demo", "EMAIL": "demo@example.com"}
    git = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in author.items()}
    unsigned = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "commit.gpgsign", "GIT_CONFIG_VALUE_0": "false"}
    return {
        **kept,
        **git,
        **unsigned,
        "PATH": os.pathsep.join((str(Path(sys.prefix) / "bin"), kept.get("PATH", os.defpath))),
        "KUBECONFIG": str(project / KUBECONFIG),
        "PULUMI_BACKEND_URL": f"file://{project / STATE}",
        "PULUMI_CONFIG_PASSPHRASE": "",
    }


class Shell:
    """Runs lines in the project's directory."""

    def __init__(self, project: Path, console: Console) -> None:
        self._project = project
        self._console = console
        self._environment = environment(project, os.environ)

    def tell(self, step: Step, number: int, of: int) -> None:
        """Print a step, then run its lines. Raises DemoError at the first that fails."""
        self._console.print()
        self._console.print(Rule(f"{number} of {of}: {step.title}", align="left", style="cyan"))
        self._console.print(Text(step.why), soft_wrap=True)
        for line in step.lines:
            self.run(line)

    def run(self, line: Line) -> None:
        """Print a line and run it. Raises DemoError where it ends with another exit code than it should."""
        self._console.print()
        self._console.print(Text.assemble(("$ ", "dim"), (line.text, "bold")), soft_wrap=True)
        code = self._wait(line.text)
        if code != line.exit_code:
            raise DemoError(f"`{line.text}` ended with exit code {code}, not {line.exit_code}")
        if code:
            self._console.print(Text(f"exit code {code}, as expected", "dim"))

    def succeeds(self, text: str) -> bool:
        """Run a line unseen and return whether its exit code is 0."""
        return self._start(text, quiet=True).wait() == 0

    def _wait(self, text: str) -> int:
        """Run a line to its end, also when Ctrl-C is pressed: it is the line's to stop cleanly."""
        process = self._start(text)
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise

    def _start(self, text: str, *, quiet: bool = False) -> subprocess.Popen[bytes]:
        sink = subprocess.DEVNULL if quiet else None
        words = ["/bin/sh", "-ec", text]
        return subprocess.Popen(words, cwd=self._project, env=self._environment, stdout=sink, stderr=sink)
