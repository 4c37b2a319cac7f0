"""Says why a revision is not there.

In: a mirror that has been fetched, and a revision's name that means no commit in it. Out: a Problem with what is near.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect
from collections.abc import Iterable

from fleet.errors import Problem
from fleet.model.semver import Version, parse_constraint, parse_version
from fleet.render import revisions
from fleet.render.mirror import Mirror

# This many on either side.
_NEAR = 2
_HEX = re.compile(r"[0-9a-fA-F]{4,39}")


def missing(mirror: Mirror, name: str, tag_prefix: str = "") -> Problem:
    """Return the problem of a revision that a repository does not have. tag_prefix: matters to constraints only."""
    if revisions.is_constraint(name):
        return _no_fitting_tag(mirror, name, tag_prefix)
    summary = f"repository {mirror.address.shown} has no revision {name}"
    if not revisions.is_valid(name):
        detail = "A revision is a branch, a tag, a full or short SHA, HEAD, or a ref that starts with refs/."
        return Problem(summary, detail=detail, hint="Expressions such as HEAD~1 are not supported.")
    if name == "HEAD":
        detail = "The repository is empty, or its HEAD names a branch that does not exist."
        return Problem(summary, detail=detail, hint=_available(mirror.names()))
    if revisions.is_full_sha(name):
        detail = "No branch or tag leads to this commit, and the server does not give it out by itself."
        return Problem(summary, detail=detail, hint="Has the branch been rewritten, or is the commit not pushed yet?")
    return _like_a_name(mirror, name, summary)


def _like_a_name(mirror: Mirror, name: str, summary: str) -> Problem:
    detail = "No branch and no tag has this name."
    if _HEX.fullmatch(name):
        fitting = mirror.starting_with(name)
        if len(fitting) > 1:
            hint = "Give more digits, or the full SHA."
            return Problem(summary, detail=f"{len(fitting)} commits have SHAs that start with it.", hint=hint)
        detail = "No branch, no tag and no commit has this name; a short SHA has seven digits or more."
    near = difflib.get_close_matches(name, mirror.names(), n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else _available(mirror.names())
    return Problem(summary, detail=detail, hint=hint)


def _no_fitting_tag(mirror: Mirror, name: str, tag_prefix: str) -> Problem:
    after = f" after the prefix {tag_prefix}" if tag_prefix else ""
    summary = f"repository {mirror.address.shown} has no tag that fits {name}{after}"
    tags = revisions.versions(tag_prefix, mirror.known_tags())
    near = _nearest(name, tags)
    if not near:
        what = f"a version after the prefix {tag_prefix}" if tag_prefix else "a version"
        return Problem(summary, detail=f"None of its tags is {what}.", hint=_available(mirror.names()))
    several = len(near) > 1
    detail = f"The nearest {'are' if several else 'is'} {', '.join(tag_prefix + tag for _, tag in near)}."
    prereleases = any(version.prerelease for version, _ in near)
    hint = "A prerelease only fits a constraint that has one itself, such as >=1.2.0-0." if prereleases else ""
    return Problem(summary, detail=detail, hint=hint)


def _nearest(name: str, tags: Iterable[str]) -> list[tuple[Version, str]]:
    """Return the versions around the first version that the constraint names, lowest first."""
    constraint = parse_constraint(name)
    versions = sorted((version, tag) for tag in tags if (version := parse_version(tag)))
    if constraint is None:
        return []
    position = bisect(versions, constraint.alternatives[0][0].version, key=lambda each: each[0])
    return versions[max(position - _NEAR, 0) : position + _NEAR]


def _available(names: tuple[str, ...]) -> str:
    if not names:
        return "It has no branch and no tag at all."
    return f"It has {', '.join(names[:5])}{', …' if len(names) > 5 else ''}."
