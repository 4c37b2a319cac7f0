"""Contender: one way of bringing clusters to what Git says."""

from __future__ import annotations

from typing import Protocol

from benchmarks.process import Command
from benchmarks.site import Site
from benchmarks.steps import Step


class Contender(Protocol):
    """What is measured: ours, or a yardstick."""

    @property
    def name(self) -> str:
        """As in the table."""

    def prepare(self, site: Site) -> None:
        """Write what the commands need into the site's folder; not measured."""

    def commands(self, site: Site, step: Step) -> tuple[Command, ...]:
        """Return the commands of a step, run one after the other; none where it has no such step."""
