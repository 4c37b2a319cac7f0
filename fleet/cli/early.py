"""Early: the program's process, started before the command line is read (docs/adr/0020).

It takes longer to load than all that the command line needs to know which process it should be. So that is guessed,
from the words and from the text of Pulumi.yaml; one that was guessed wrong goes without a trace. This is imported
before anything else, so it imports little.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from fleet.engine import standby
from fleet.engine.standby import Host
from fleet.frozen import dataclass

# What a project's `__main__.py` gives to `pulumi.run`, and what that needs next, as it runs git when it is imported.
_FLOW, _GITPYTHON = "fleet.program.flow", "git"
_MAIN, _PROJECT = "__main__.py", ("Pulumi.yaml", "Pulumi.yml")
_COMMANDS = ("preview", "up")
# With one of these, another folder may be meant, or nothing be run.
_OTHERWISE = ("-h", "--help", "-C", "--cwd")
_PROGRAM_ELSEWHERE = re.compile(r"^main\s*:", re.MULTILINE)
_VIRTUALENV = re.compile(r"""\bvirtualenv\s*:\s*["']?([^\s"',}#]+)""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A process for a program: its interpreter, its directory, and the modules that it loads ahead."""

    python: str
    directory: Path
    ahead: tuple[str, ...]

    def start(self) -> Host:
        """Start it. Raises OSError."""
        return standby.start(self.python, self.directory, self.ahead)


class Early:
    """A process that was started on a guess. Whoever has it takes it, or dismisses it."""

    def __init__(self, guessed: Wanted) -> None:
        self._guessed = guessed
        self._host: Host | None = guessed.start()

    def take(self, wanted: Wanted) -> Host | None:
        """Return the process if it is the one that is wanted; otherwise it goes."""
        host, self._host = self._host, None
        if host is not None and wanted != self._guessed:
            host.dismiss()
            return None
        return host

    def dismiss(self) -> None:
        """End the process where nobody has taken it."""
        host, self._host = self._host, None
        if host is not None:
            host.dismiss()


def begin(arguments: Sequence[str], directory: Path | None = None) -> Early | None:
    """Start the process that these words are likely to need; None where there is none.

    directory: where they were given; None for the current one, which may be gone.
    """
    with suppress(OSError):
        guessed = _guess(arguments, directory or Path.cwd())
        return None if guessed is None else Early(guessed)
    return None


def _guess(arguments: Sequence[str], directory: Path) -> Wanted | None:
    if not arguments or arguments[0] not in _COMMANDS or any(word.startswith(_OTHERWISE) for word in arguments):
        return None
    with suppress(OSError, UnicodeDecodeError):
        files = (folder / name for folder in (directory, *directory.parents) for name in _PROJECT)
        file = next((file for file in files if file.is_file()), None)
        text = "" if file is None else file.read_text(encoding="utf-8")
        if file is not None and not _PROGRAM_ELSEWHERE.search(text) and (modules := ahead(file.parent)):
            return Wanted(_python(file.parent, text), file.parent, modules)
    return None


def _python(folder: Path, text: str) -> str:
    found = _VIRTUALENV.search(text)
    python = folder / found[1] / "bin" / "python" if found else None
    return str(python) if python is not None and python.exists() else sys.executable


def ahead(directory: Path) -> tuple[str, ...]:
    """Return the modules that the program in a directory is bound to import; none for one that is not fleet's."""
    try:
        text = (directory / _MAIN).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ()
    return (_FLOW, _GITPYTHON) if _FLOW in text else ()
