"""Settings: what a run is told by configuration and environment, read once at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from fleet.frozen import dataclass
from fleet.model.cluster import Cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What does not come from the stack's declaration.

    project_dir: where Pulumi.yaml is; relative paths are relative to it.
    stack: the stack's short name, `dev` in `organization/fleet/dev`.
    clusters: declared by configuration (`fleet:clusters`), besides those of `stacks/<stack>.py`.
    mirrors: repository URL as written → URL or path to fetch from instead (`fleet:repositories`).
    cache_dir: bare mirrors of repositories, shared by all stacks and safe to delete.
    cache_days: what no run has used for longer goes from there; None keeps everything.
    git_timeout_s: for one fetch.
    run_id: the same for the preview and the update of one command, so that both use the same commits; None when
        unknown.
    dry_run: True in a preview.
    scheduled: nobody has asked for this run: applications that are not automated stay at their deployed revision.
    """

    project_dir: Path
    stack: str
    clusters: tuple[Cluster, ...] = ()
    mirrors: Mapping[str, str] = field(default_factory=dict)
    cache_dir: Path
    cache_days: int | None = None
    git_timeout_s: float = 300.0
    run_id: str | None = None
    dry_run: bool = False
    scheduled: bool = False
