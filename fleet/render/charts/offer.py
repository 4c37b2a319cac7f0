"""Offers: what a chart repository has, and which of it a version's name means. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from fleet.errors import Problem, SourceError
from fleet.frozen import dataclass
from fleet.model.semver import newest, parse_constraint, parse_version

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Offer:
    """One version of a chart. digest: SHA-256 of its archive in hexadecimal; empty if the repository does not say it.

    url: where the archive is.
    """

    version: str
    digest: str
    url: str


def chosen(name: str, versions: Sequence[str]) -> str | None:
    """Return the version that a name means, as Helm does (`IndexFile.Get`): itself, else the newest that it allows."""
    if name in versions:
        return name
    constraint = parse_constraint(name)
    return newest(constraint, versions) if constraint else None


def no_version(shown: str, chart: str, name: str, versions: Sequence[str]) -> SourceError:
    """Return the error for a version that a repository does not have."""
    summary = f"chart repository {shown} has no version {name} of chart {chart}"
    if parse_constraint(name) is None:
        hint = "Write an exact version, or a constraint such as 1.2.x, ^1.2 or >=1.2 <2."
        return SourceError(Problem(summary, detail="It is neither a version nor a constraint.", hint=hint))
    known = [(version, text) for text in versions if (version := parse_version(text))]
    ordered = [text for _, text in sorted(known, key=lambda each: each[0], reverse=True)]
    detail = f"Its newest: {_listed(ordered)}." if ordered else "It has none at all."
    finals = [each for each in ordered if "-" not in each]
    hint = "" if finals or not ordered else f"All are prereleases, which a constraint has to name: >={ordered[-1]}"
    return SourceError(Problem(summary, detail=detail, hint=hint))


def no_chart(shown: str, chart: str, charts: Iterable[str]) -> SourceError:
    """Return the error for a chart that a repository does not have."""
    known = sorted(charts)
    near = difflib.get_close_matches(chart, known, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else ""
    detail = f"It has {_listed(known)}." if known else "It has none at all."
    return SourceError(Problem(f"chart repository {shown} has no chart {chart}", detail=detail, hint=hint))


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts[:_SHOWN]) + (", …" if len(texts) > _SHOWN else "")
