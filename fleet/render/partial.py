"""Partial: mirrors that have every commit and directory of a repository, and only those of its files that were read.

In: the directory of a mirror, and an address. Out: what git has to be told. What makes git fetch by itself whatever it
lacks, file by file, is said only to the `git fetch` that is started on purpose, and is never written into the mirror:
every other git finds that a file is missing, and says so at once.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from fleet.render.address import Address
from fleet.render.runner import Git

_MARK = "fleet-partial"
_REMOTE = "fleet"
_FILTER = "blob:none"
# gitprotocol-v2(5). That version gives out every object that is asked for by its SHA, too; older ones do not.
_ABLE = re.compile(rb"< fetch=(?:.* )?filter\b")
_IGNORED = "filtering not recognized by server"
_REFUSED = re.compile(r"not our ref|unadvertised object|filter '.*' not supported")


class LackingError(Exception):
    """Files are not in the partial mirror in `directory` yet: have them fetched, and begin again."""

    def __init__(self, directory: Path, shas: Sequence[str]) -> None:
        super().__init__(f"{directory} lacks {len(shas)} files")
        self.directory = directory
        self.shas = tuple(shas)


def is_able(git: Git, address: Address, timeout_s: float, progress: Callable[[str, int], None]) -> bool:
    """Return whether the server may be able to leave files out and give them out later. See Git.watch.

    A web server is asked before anything is fetched. It may serve the repository as plain files, and of such a one git
    would fetch what it lacks by itself, without end.
    """
    if not git.output("ls-remote", "--get-url", "--end-of-options", address.url).startswith(b"http"):
        return True
    with tempfile.TemporaryDirectory(prefix="fleet-") as directory:
        trace = Path(directory) / "packets"
        ask = ("ls-remote", "--quiet", "--end-of-options", address.url, "HEAD")
        git.watch(*ask, timeout_s=timeout_s, progress=progress, environ={"GIT_TRACE_PACKET": str(trace)})
        return trace.exists() and bool(_ABLE.search(trace.read_bytes()))


def mark(directory: Path) -> None:
    """Make a mirror that is being laid out a partial one."""
    (directory / _MARK).touch()


def settle(directory: Path, said: str) -> None:
    """Make it a mirror of the ordinary kind where git says that the server has sent everything."""
    if _IGNORED in said:
        (directory / _MARK).unlink(missing_ok=True)


def is_partial(directory: Path) -> bool:
    """Return whether files may be missing in a mirror without its being damaged."""
    return (directory / _MARK).exists()


def is_refusal(words: str) -> bool:
    """Return whether git's words tell that the server does not do, after all, what a partial mirror needs."""
    return bool(_REFUSED.search(words))


def command(directory: Path, address: Address, flags: Sequence[str], refspecs: Sequence[str]) -> tuple[str, ...]:
    """Return git's arguments for a fetch: of a partial mirror without files, of any other with everything."""
    if not is_partial(directory):
        return ("fetch", *flags, "--end-of-options", address.url, *refspecs)
    return (*_configuration(address), "fetch", f"--filter={_FILTER}", *flags, "--end-of-options", _REMOTE, *refspecs)


def files_command(address: Address, flags: Sequence[str]) -> tuple[str, ...]:
    """Return git's arguments for fetching the files whose SHAs are its standard input, and nothing else."""
    configuration = (*_configuration(address), "-c", "fetch.negotiationAlgorithm=noop")
    return (*configuration, "fetch", f"--filter={_FILTER}", *flags, "--stdin", "--end-of-options", _REMOTE)


def _configuration(address: Address) -> tuple[str, ...]:
    settings = (
        f"remote.{_REMOTE}.url={address.url}",
        f"remote.{_REMOTE}.promisor=true",
        f"remote.{_REMOTE}.partialCloneFilter={_FILTER}",
        "protocol.version=2",
    )
    return tuple(word for setting in settings for word in ("-c", setting))
