"""Output: what a tool has written → Manifests, and what it has said → Problems. Pure.

`where` of a manifest is the file in the repository that the tool made it from, as far as the tool says so: Helm names
the template above each document.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import replace

from fleet.errors import Problem, RenderError, Where
from fleet.model.manifest import Manifest
from fleet.render.manifests import read_output

_SOURCE = re.compile(r"^# Source: [^/\n]+/(?P<template>.+)$")

# A line of the output → the file that it comes from.
Origin = Callable[[int], str]


def manifests(text: str, origin: Origin) -> tuple[Manifest, ...]:
    """Return the objects of a tool's output. Raises RenderError with everything in it that is no object."""
    found = read_output(text)
    if found.problems:
        raise RenderError(*(_placed(problem, text, origin) for problem in found.problems))
    return tuple(replace(each, where=Where(file=origin(each.where.line))) for each in found.manifests)


def _placed(problem: Problem, text: str, origin: Origin) -> Problem:
    """The line is one of the output, which nobody has: show it."""
    line = problem.where.line
    lines = text.splitlines()
    shown = f"In what it renders to: {lines[line - 1].strip()}" if 0 < line <= len(lines) else ""
    detail = "\n".join(each for each in (problem.detail, shown) if each)
    return replace(problem, where=Where(file=origin(line), key=problem.where.key), detail=detail)


def by_source_comments(text: str, chart: str) -> Origin:
    """Return what Helm's comments say. chart: the chart's path; subcharts are below it."""
    lines = text.splitlines()

    def origin(line: int) -> str:
        for above in range(min(line, len(lines)), 0, -1):
            found = _SOURCE.match(lines[above - 1])
            if found:
                return posixpath.normpath(posixpath.join(chart, found["template"]))
        return posixpath.normpath(chart)

    return origin
