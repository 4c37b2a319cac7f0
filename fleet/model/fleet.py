"""Fleet: everything that one stack declares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleet.model import checks
from fleet.model.application import Application
from fleet.model.cluster import Cluster
from fleet.model.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The clusters, applications and projects of one stack; `stacks/<stack>.py` assigns one to a name of its choice.

    Names must be unique among the clusters, among the applications and among the projects; that is checked for the
    whole stack, files of YAML included.
    """

    clusters: Sequence[Cluster] = ()
    applications: Sequence[Application] = ()
    projects: Sequence[Project] = ()

    def __post_init__(self) -> None:
        for name, kind in (("clusters", Cluster), ("applications", Application), ("projects", Project)):
            entries = checks.sequence("Fleet", name, getattr(self, name), kind, f"{kind.__name__} values")
            object.__setattr__(self, name, entries)

    def __add__(self, other: Fleet) -> Fleet:
        return Fleet(
            clusters=(*self.clusters, *other.clusters),
            applications=(*self.applications, *other.applications),
            projects=(*self.projects, *other.projects),
        )
