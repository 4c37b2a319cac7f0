"""Partial: mirrors that have every commit and directory of a repository, and only those of its files that were read.

In: the directory of a mirror, and an address. Out: what git has to be told. git itself would fetch whatever it lacks,
file by file. It is kept from that (`GIT_NO_LAZY_FETCH`, in fleet.render.runner); and that the mirror is partial is said
only to the `git fetch` that is started on purpose, and never written into the mirror.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from fleet.render.address import Address
from fleet.render.runner import Git

_MARK = "fleet-partial"
_REMOTE = "fleet"
_FILTER = "blob:none"
# Servers of before Git's protocol version 2 give out branches and tags only; others may have thrown the file away.
_IGNORED = "filtering not recognized by server"
_REFUSED = re.compile(r"not our ref|unadvertised object|filter '.*' not supported")


class LackingError(Exception):
    """Files are not in the partial mirror in `directory` yet: have them fetched, and begin again."""

    def __init__(self, directory: Path, shas: Sequence[str]) -> None:
        super().__init__(f"{directory} lacks {len(shas)} files")
        self.directory = directory
        self.shas = tuple(shas)


def is_possible(git: Git) -> bool:
    """Return whether this git can be kept from fetching by itself: 2.45 and newer can, and 2.39.4, 2.40.2 and so on.

    Any other would, of a shallow repository or of a web server of plain files, start one fetch from within another
    without end. git: in any repository.
    """
    nowhere = (f"remote.{_REMOTE}.promisor=true", f"remote.{_REMOTE}.url={git.directory / 'nowhere'}")
    options = (word for setting in nowhere for word in ("-c", setting))
    _, _, said = git.outcome(*options, "cat-file", "-e", "1" * 40)
    return "lazy fetching disabled" in said


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
