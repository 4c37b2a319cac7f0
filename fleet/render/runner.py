"""Runs git (through GitPython alone), the tools that render and credential helpers: the rendering starts no process
anywhere else, but for those that ask back (fleet.render.conversation).

In: arguments. Out: what was written, or a GitFailed or ToolFailed with the program's own words, masked. It decides
nothing about repositories or manifests; it sees to it that git asks nobody anything and heeds no repository, index or
hook of whoever calls us, and that a tool gets no environment but the one given here, and ends in time.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from fleet.errors import Problem, SourceError
from fleet.frozen import dataclass
from fleet.model.masking import mask
from fleet.render.address import PROTOCOLS

if TYPE_CHECKING:
    from git.cmd import Git as GitPython

# unpackLimit: a pack appears whole or not at all, so a commit that is there has all its files.
# autoDetach: no process goes on in the mirror after its lock is given back. logAllRefUpdates: nobody reads these logs.
_CONFIGURATION = (
    ("core.logAllRefUpdates", "false"),
    ("core.hooksPath", os.devnull),
    ("fetch.unpackLimit", "1"),
    ("gc.autoDetach", "false"),
    ("maintenance.autoDetach", "false"),
)
_OPTIONS = tuple(argument for name, value in _CONFIGURATION for argument in ("-c", f"{name}={value}"))
_SSH = "ssh -oBatchMode=yes"
_PROGRESS = re.compile(r"(?:remote: )?(?P<phase>[A-Z][a-z]+(?:ing) \w+): +(?P<percent>\d+)%")


class GitFailed(Exception):  # noqa: N818 - named as what happened; it never leaves fleet.render
    """git ended with an error. words: the masked end of what it said; timed_out: it was ended for taking too long."""

    def __init__(self, words: str, *, timed_out: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.timed_out = timed_out


def environment(environ: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Return the variables that git gets beside those of `environ`, for work in the bare repository `directory`.

    Credentials come from git's own means, which stay as they are: credential helpers, the ssh agent, `GIT_ASKPASS`,
    `GIT_SSH_COMMAND`, `core.sshCommand` (see `ssh_command`). Variables that point at a repository are set, not
    removed: a hook that runs us has them set to its own.
    """
    allowed = environ.get("GIT_ALLOW_PROTOCOL")
    protocols = [each for each in PROTOCOLS if allowed is None or each in allowed.split(":")]
    return {
        "GIT_DIR": str(directory),
        "GIT_COMMON_DIR": str(directory),
        "GIT_OBJECT_DIRECTORY": str(directory / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
        "GIT_INDEX_FILE": str(directory / "index"),
        "GIT_WORK_TREE": str(directory),
        "GIT_NAMESPACE": "",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GCM_INTERACTIVE": "never",
        "SSH_ASKPASS": "",
        "GIT_ALLOW_PROTOCOL": ":".join(protocols),
    }


def ssh_command(environ: Mapping[str, str], configured: str) -> dict[str, str]:
    """Return the variable that keeps ssh from asking, unless the user has said how to run ssh (`core.sshCommand`)."""
    own = configured or environ.get("GIT_SSH_COMMAND") or environ.get("GIT_SSH")
    return {} if own else {"GIT_SSH_COMMAND": _SSH}


@dataclass(frozen=True, slots=True)
class Git:
    """git in one bare repository, which need not exist yet. secrets: masked in what git says."""

    directory: Path
    secrets: tuple[str, ...] = ()

    def output(self, *arguments: str, given: bytes = b"", environ: Mapping[str, str] = MappingProxyType({})) -> bytes:
        """Return what git writes to its standard output. given: its standard input. Raises GitFailed."""
        code, written, errors = self.outcome(*arguments, given=given, environ=environ)
        if code:
            raise GitFailed(self.said(errors.splitlines()))
        return written

    def outcome(
        self, *arguments: str, given: bytes = b"", environ: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[int, bytes, str]:
        """Return git's exit code, what it writes to its standard output, and all that it says besides, as it is.

        environ: more variables for it.
        """
        process = self.start(*arguments, environ=environ)
        written, errors = process.communicate(given)
        return process.returncode, bytes(written), errors.decode(errors="replace")

    def start(self, *arguments: str, environ: Mapping[str, str] = MappingProxyType({})) -> GitPython.AutoInterrupt:
        """Return a running git with its standard streams as pipes of bytes; it ends with its last reference."""
        module = gitpython()
        overrides = {**environment(os.environ, self.directory), **environ}
        process: GitPython.AutoInterrupt = module.Git().execute(
            self._command(arguments), istream=PIPE, as_process=True, env=overrides
        )
        return process

    def watch(
        self,
        *arguments: str,
        timeout_s: float,
        progress: Callable[[str, int], None],
        given: bytes = b"",
    ) -> str:
        """Run a git that talks to a server; return the masked end of what it said, progress aside. Raises GitFailed.

        progress: gets git's phase and percent. given: its standard input.
        """
        module = gitpython()
        lines: deque[str] = deque(maxlen=100)

        def listen(line: str) -> None:
            found = _PROGRESS.match(line)
            if found:
                progress(found["phase"].lower(), int(found["percent"]))
            elif line.strip():
                lines.append(line)

        # Whatever the address is: `url.<base>.insteadOf` in the user's configuration can make ssh of it.
        overrides = environment(os.environ, self.directory) | ssh_command(os.environ, self._configured_ssh())
        started = time.monotonic()
        with tempfile.TemporaryFile() as standard_input:
            standard_input.write(given)
            standard_input.seek(0)
            process = module.Git().execute(
                self._command(arguments), istream=standard_input, as_process=True, with_stdout=False,
                universal_newlines=True, errors="replace", env=overrides,
            )  # fmt: skip
        module.cmd.handle_process_output(process, None, listen, decode_streams=False, kill_after_timeout=timeout_s)
        try:
            process.wait()
        except module.GitCommandError:
            timed_out = time.monotonic() - started >= timeout_s
            raise GitFailed(self.said(lines), timed_out=timed_out) from None
        return self.said(lines)

    def said(self, lines: deque[str] | list[str]) -> str:
        """Return the last lines of git's that tell an error, masked."""
        telling = [line.rstrip() for line in lines if line.strip()]
        return mask("\n".join(telling[-6:]), self.secrets)

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [gitpython().Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *_OPTIONS, *arguments]

    def _configured_ssh(self) -> str:
        try:
            return self.output("config", "--get", "core.sshCommand").decode(errors="replace").strip()
        except GitFailed:
            return ""


def gitpython() -> ModuleType:
    """Import GitPython when it is needed: importing it runs git. Raises SourceError where there is no git."""
    try:
        import git  # noqa: PLC0415 - see above
    except ModuleNotFoundError:
        raise
    except ImportError:
        hint = "Install git 2.30 or newer, or set GIT_PYTHON_GIT_EXECUTABLE to where it is."
        raise SourceError(Problem("git was not found on PATH", hint=hint)) from None
    return git


class ToolFailed(Exception):  # noqa: N818 - named as what happened; it never leaves fleet.render
    """A tool ended with an error. words: all that it said, masked; timed_out: it was ended for taking too long.

    started: False if it could not even be run.
    """

    def __init__(self, words: str, *, timed_out: bool = False, started: bool = True) -> None:
        super().__init__(words)
        self.words = words
        self.timed_out = timed_out
        self.started = started


def ask_helper(program: str, *arguments: str, given: str, timeout_s: float) -> bytes:
    """Return what a credential helper of the user's writes; it gets the user's environment. Raises ToolFailed.

    What it writes is a secret, and what it says may be one.
    """
    environ = dict(os.environ)
    found = shutil.which(program, path=environ.get("PATH", ""))
    if found is None:
        raise ToolFailed(f"{program} was not found on PATH", started=False)
    return run_tool(
        [found, *arguments], directory=Path.cwd(), environ=environ, timeout_s=timeout_s, given=given.encode()
    )[0]


def run_tool(
    command: Sequence[str | Path],
    *,
    directory: Path,
    environ: Mapping[str, str],
    timeout_s: float,
    given: bytes | None = None,
) -> tuple[bytes, str]:
    """Return what a tool writes to its standard output, and what it says besides. Raises ToolFailed.

    environ: all the variables that it gets. given: its standard input. It is ended with everything that it has started.
    """
    stdin = DEVNULL if given is None else PIPE
    try:
        process = Popen(
            command, cwd=directory, env=dict(environ), stdin=stdin, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
    except OSError as error:
        raise ToolFailed(f"{Path(command[0]).name} cannot be run: {error.strerror}", started=False) from None
    with process:
        try:
            written, errors = process.communicate(given, timeout=timeout_s)
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, TimeoutExpired):
                raise ToolFailed("", timed_out=True) from None
            raise
    said = mask(errors.decode(errors="replace").strip())
    if process.returncode:
        raise ToolFailed(said)
    return written, said
