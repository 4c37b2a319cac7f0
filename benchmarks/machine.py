"""Machine: what the figures were measured on."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import git

PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine and the versions of a campaign.

    revision: of this repository; a trailing + means uncommitted changes. cores: those that this process may use.
    load: the load average over a minute, before anything was started.
    kubernetes, kubectl, helm, kustomize: their versions; empty when they were not measured.
    """

    date: str
    revision: str
    cores: int
    processor: str
    memory_bytes: int
    system: str
    python: str
    load: float
    kubernetes: str = ""
    kubectl: str = ""
    helm: str = ""
    kustomize: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        return asdict(self)

    def __str__(self) -> str:
        """Return a few lines for people."""
        programs = ("Kubernetes", self.kubernetes), ("kubectl", self.kubectl), ("helm", self.helm)
        used = [f"{name} {version}" for name, version in (*programs, ("kustomize", self.kustomize)) if version]
        return (
            f"{self.date}, revision {self.revision}\n"
            f"{self.cores} cores ({self.processor}), {self.memory_bytes / 2**30:.0f} GiB, {self.system}, "
            f"load {self.load:.1f} at the start\n"
            f"{', '.join((f'Python {self.python}', *used))}"
        )


def look(*, repository: Path, kubectl: str = "", helm: str = "", kustomize: str = "") -> Machine:
    """Look at this machine. kubectl, helm, kustomize: their versions; empty for none."""
    return Machine(
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        revision=_revision(repository),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        processor=_processor(),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        load=os.getloadavg()[0],
        kubectl=kubectl,
        helm=helm,
        kustomize=kustomize,
    )


def busy_s() -> float | None:
    """Return the seconds that all cores together have worked since the machine started; None without /proc."""
    try:
        first = (PROC / "stat").read_text().splitlines()[0]
    except OSError:
        return None
    return busy_in(first, os.sysconf("SC_CLK_TCK"))


def busy_in(line: str, ticks_per_s: int) -> float:
    """Return the same from the first line of /proc/stat: user, nice, system, interrupts; neither idle nor stolen."""
    user, nice, system, _idle, _waiting, interrupts, soft, *_ = (int(each) for each in line.split()[1:])
    return (user + nice + system + interrupts + soft) / ticks_per_s


def _processor() -> str:
    try:
        lines = (PROC / "cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _revision(repository: Path) -> str:
    try:
        with git.Repo(repository) as repo:
            return repo.head.commit.hexsha[:10] + ("+" if repo.is_dirty() else "")
    except (git.InvalidGitRepositoryError, ValueError):
        return "unknown"


def serving(here: Machine, kubernetes: str) -> Machine:
    """Return the machine with the version that its API servers turned out to have."""
    return replace(here, kubernetes=kubernetes)
