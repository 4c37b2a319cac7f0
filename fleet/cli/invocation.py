"""Invocation: a command line as a user would type it, for the hints at the end of a run."""

from __future__ import annotations

import shlex

from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What every command line about the same stack has in common. cwd: as given with -C; empty for none."""

    stack: str
    cwd: str = ""
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()

    def fleet(self, *command: str) -> str:
        """Return `fleet up --refresh -s demo`, quoted for a shell."""
        options = (
            ("target", self.targets),
            ("exclude", self.excludes),
            ("project", self.projects),
            ("app", self.apps),
            ("selector", self.selectors),
        )
        chosen = [f"--{option}={value}" for option, values in options for value in values]
        return shlex.join(["fleet", *command, "-s", self.stack, *(("-C", self.cwd) if self.cwd else ()), *chosen])

    def pulumi_heal(self, urns: tuple[str, ...]) -> str:
        """Return the `pulumi` command line that heals everything but these objects, quoted for a shell."""
        where = ("--cwd", self.cwd) if self.cwd else ()
        excludes = [part for urn in urns for part in ("--exclude", urn)]
        flags = ("--refresh", "--skip-preview", "--yes", "--continue-on-error")
        return shlex.join(["pulumi", "up", "--stack", self.stack, *where, *flags, *excludes])
