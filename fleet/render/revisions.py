"""Revisions: which ref of a repository a revision's name means.

In: the name as the user wrote it. Out: the refs of a mirror to look at, first to last, and what has to be fetched
for them. Pure: it knows how a mirror names its refs, and nothing of what is in one.

The order is Argo CD's (`lsRemote` in its util/git/client.go): a full SHA is a commit, whatever branch is called so; a
branch goes before a tag of the same name (git itself takes the tag); a short SHA comes last and has seven digits.
Before that, unless the name is a full SHA, a version constraint becomes the newest tag that fits (`MaxVersion` in its
util/versions/tags.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fleet.model.semver import newest, parse_constraint, parse_version

# What a mirror holds under its own names: the server's HEAD, refs that are neither branches nor tags, single commits.
HEAD = "refs/fleet/HEAD"
_ASKED = "refs/fleet/asked/"
_COMMITS = "refs/fleet/commits/"

ALWAYS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")

_FULL_SHA = re.compile(r"[0-9a-fA-F]{40}")
_SHORT_SHA = re.compile(r"[0-9a-fA-F]{7,39}")
# git-check-ref-format(1), and nothing that git would read as an expression: HEAD~1, main@{1}, main^{tree}, :/text.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|/\.|\.lock(/|$)|[/.]$|^@$")


def is_full_sha(name: str) -> bool:
    """Return whether the name is a whole commit SHA."""
    return bool(_FULL_SHA.fullmatch(name))


def is_valid(name: str) -> bool:
    """Return whether the name can be a branch, a tag, a SHA, HEAD or a ref, and nothing else that git understands."""
    return bool(name) and not _FORBIDDEN.search(name)


def is_constraint(name: str) -> bool:
    """Return whether the name stands for the newest tag that fits. `1.2` does not: it is one tag, or one branch."""
    return not is_full_sha(name) and parse_version(name) is None and parse_constraint(name) is not None


def by_version(name: str, tag_prefix: str, tags: Iterable[str]) -> str:
    """Return the name that a name stands for: of a constraint the newest tag that fits; of a version, with the prefix.

    Anything else stays as it is, prefix or not; so does a constraint that no tag fits, as it may be a branch's name.
    """
    if is_full_sha(name):
        return name
    if parse_version(name):
        return tag_prefix + name
    constraint = parse_constraint(name)
    found = newest(constraint, versions(tag_prefix, tags)) if constraint else None
    return name if found is None else tag_prefix + found


def versions(tag_prefix: str, tags: Iterable[str]) -> list[str]:
    """Return the tags that start with the prefix, without it."""
    return [tag.removeprefix(tag_prefix) for tag in tags if tag.startswith(tag_prefix)]


def candidates(name: str) -> Iterator[str]:
    """Yield what the name may stand for in a mirror, as git understands it, best first."""
    if is_full_sha(name):
        yield name.lower()
        return
    if name == "HEAD":
        yield HEAD
        return
    if name.startswith("refs/"):
        yield name if name.startswith(("refs/heads/", "refs/tags/")) else _ASKED + name
        return
    yield f"refs/heads/{name}"
    yield f"refs/tags/{name}"
    if name.startswith(("heads/", "tags/")):
        yield f"refs/{name}"
    if _SHORT_SHA.fullmatch(name):
        yield name.lower()


def refspecs(names: Iterable[str]) -> dict[str, str]:
    """Return what to fetch beside branches and tags: the remote's ref → refspec. Each makes a fetch fail if missing."""
    wanted = {}
    for name in names:
        if name == "HEAD":
            wanted[name] = f"+HEAD:{HEAD}"
        elif name.startswith("refs/") and not name.startswith(("refs/heads/", "refs/tags/")):
            wanted[name] = f"+{name}:{_ASKED}{name}"
    return wanted


def commit_refspec(sha: str) -> str:
    """Return what fetches one commit that no branch or tag leads to, and keeps it in the mirror."""
    return f"+{sha}:{_COMMITS}{sha}"
