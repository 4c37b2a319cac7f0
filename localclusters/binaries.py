"""The control-plane programs: built once from go.mod with Go, kept in a cache outside the checkout.

In: go.mod and go.sum beside this file. Out: paths of the five programs and of the stages that kwok plays. Several
builders at once are safe: one builds, the others wait for it.
"""

import hashlib
import os
import platform
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from localclusters.build import Build, compile_programs, write_kwok_stages
from localclusters.golang import find_go
from localclusters.locks import exclusive
from localclusters.progress import Progress, to_stderr

MODULE = Path(__file__).parent
PROGRAMS = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of the cache with one complete build."""

    directory: Path

    def program(self, name: str) -> Path:
        """Path of one of PROGRAMS."""
        return self.directory / "bin" / name

    @property
    def kwok_stages(self) -> Path:
        """The `Stage` documents that make kwok's nodes and pods ready."""
        return self.directory / "kwok-stages.yaml"


def ensure_binaries(progress: Progress = to_stderr) -> Binaries:
    """The cached build, made first when there is none, which takes minutes.

    Raises BuildError when Go is missing or the build fails.
    """
    target = cache_directory() / build_key()
    if not target.exists():
        waiting = "the control planes are being built by another process; waiting for it"
        with exclusive(target.with_suffix(".lock"), waiting, progress):
            if not target.exists():
                _build(target, progress)
    return Binaries(target)


def cache_directory() -> Path:
    """Where builds are kept: $FLEET_CACHE_DIR/localclusters, else in the user's cache folder."""
    own = os.environ.get("FLEET_CACHE_DIR")
    shared = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fleet"
    return (Path(own) if own else shared).absolute() / "localclusters"


def build_key() -> str:
    """Names a build by what goes into it; the Go release is left out, so that a build outlives a Go update."""
    digest = hashlib.sha256()
    for part in (_go_mod(), (MODULE / "go.sum").read_text(), repr(_plan()), platform.system(), platform.machine()):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


def _build(target: Path, progress: Progress) -> None:
    major, minor = re.findall(r"^go (\d+)\.(\d+)", _go_mod(), re.MULTILINE)[0]
    go = find_go(MODULE, (int(major), int(minor)), progress)
    progress(f"building the control planes into {target}: the first time this takes minutes, then never again")
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    compile_programs(go, MODULE, _plan(), unfinished, progress)
    write_kwok_stages(go, MODULE, unfinished / "kwok-stages.yaml")
    unfinished.rename(target)


def _plan() -> Build:
    version = re.findall(r"k8s\.io/kubernetes v(\S+)", _go_mod())[0]
    major, minor, _ = version.split(".", 2)
    facts = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    stamps = [f"-X {package}.{name}={value}" for package in packages for name, value in facts.items()]
    return Build(tuple(PROGRAMS.items()), " ".join(["-s", "-w", *stamps]))


def _go_mod() -> str:
    return (MODULE / "go.mod").read_text()
