"""Explains what git says: its words about a failed fetch, in the user's terms and with what to do.

In: an address and git's masked words. Out: a Problem, or None where the words tell of nothing that the remote did: then
the mirror itself may be at fault.
"""

from __future__ import annotations

import re
from pathlib import Path

from fleet.errors import Problem
from fleet.frozen import dataclass
from fleet.render.address import Address
from fleet.render.runner import GitFailed


@dataclass(frozen=True, slots=True)
class _Explanation:
    """words: a pattern of what git says. summary and hint: texts for a Problem, `{repo}` and `{path}` filled in."""

    words: str
    summary: str
    hint: str


_CREDENTIALS = (
    "Check its name, and that git may read it: by a credential helper, an ssh key in the agent,\n"
    "or GIT_ASKPASS. `git ls-remote` with the same address must work without asking for anything."
)

# The first that matches counts: the causes go before the general words that follow from them.
_EXPLANATIONS = (
    _Explanation(
        r"dubious ownership|unsafe repository",
        "git does not trust repository {repo}: it belongs to another user",
        "If you trust it: git config --global --add safe.directory {path}",
    ),
    _Explanation(
        r"Host key verification failed",
        "the host key of repository {repo} is not known",
        "Compare the server's key with what its operator publishes, then add it to ~/.ssh/known_hosts.",
    ),
    _Explanation(
        r"SSL certificate|certificate verif|unable to get local issuer|SSL: no alternative|self.signed certificate",
        "the TLS certificate of repository {repo} is not trusted",
        "Give git the authority's certificate: git config --global http.<url>.sslCAInfo <file>.",
    ),
    _Explanation(
        r"[Cc]ould not resolve (host|proxy)|Couldn't connect|Failed to connect|Connection (refused|timed out|reset)"
        r"|[Nn]etwork is unreachable|No route to host|Operation timed out|Temporary failure in name resolution"
        r"|Could not resolve hostname",
        "repository {repo} cannot be reached",
        "Check the address, the network and the proxy.\n"
        "Without a network, only full SHAs that were fetched before can be used.",
    ),
    _Explanation(
        r"could not read (Username|Password)|terminal prompts disabled|Authentication failed|Access denied"
        r"|Permission denied \(|error: 40[13]|HTTP 40[13]|[Ii]nvalid (username|credentials)|Permission to .* denied"
        r"|not authorized|Too many authentication failures",
        "no access to repository {repo}",
        _CREDENTIALS,
    ),
    _Explanation(
        r"[Rr]epository .*not found|error: 404|project you were looking for could not be found"
        r"|does not appear to be a git repository|not a git repository|does not exist",
        "there is no repository {repo}, or no access to it",
        _CREDENTIALS,
    ),
    _Explanation(
        r"mismatched algorithms",
        "repository {repo} names its objects by SHA-256",
        "Only repositories with SHA-1 names are supported, as with Argo CD.",
    ),
    _Explanation(
        r"transport '.*' not allowed",
        "repository {repo} cannot be fetched: its protocol is not allowed",
        "GIT_ALLOW_PROTOCOL in the environment leaves it out.",
    ),
    _Explanation(
        r"error: 5\d\d|HTTP 5\d\d|[Ee]arly EOF|hung up unexpectedly|unexpected disconnect|Could not read from remote",
        "the server of repository {repo} failed",
        "Try again; if it stays so, the server's operator can tell more.",
    ),
)


def explain(address: Address, failed: GitFailed, timeout_s: float) -> Problem | None:
    """Return what went wrong at the remote; None where git's words are of no known kind.

    It looks at the file system for repositories that are paths.
    """
    if failed.timed_out:
        summary = f"fetching repository {address.shown} took longer than {timeout_s:g} s"
        return Problem(summary, detail=failed.words, hint="Is the server reachable? A big repository needs more time.")
    if address.path is not None:
        local = _local(address, address.path, failed.words)
        if local:
            return local
    for each in _EXPLANATIONS:
        if re.search(each.words, failed.words):
            return _problem(each, address, failed.words)
    return None


def unexplained(address: Address, failed: GitFailed) -> Problem:
    """Return a problem that lets git speak for itself."""
    return Problem(f"repository {address.shown} cannot be fetched", detail=failed.words)


def _problem(found: _Explanation, address: Address, words: str) -> Problem:
    summary, hint = (
        text.format(repo=address.shown, path=address.path or address.shown) for text in (found.summary, found.hint)
    )
    return Problem(summary, detail=words, hint=hint)


def _local(address: Address, path: Path, words: str) -> Problem | None:
    if not path.exists():
        summary = f"there is no repository {address.shown}"
        hint = "A relative path starts at the project's directory."
        return Problem(summary, detail=f"{path} does not exist.", hint=hint)
    if "does not appear to be a git repository" not in words:
        return None
    around = next((parent for parent in path.parents if (parent / ".git").exists()), None)
    hint = f"It is inside repository {around}: give that as the repository, and the rest as the path." if around else ""
    return Problem(f"{address.shown} is not a Git repository", detail=words, hint=hint)
