"""The programs: built once from go.mod with Go, kept in the cache of the local clusters.

In: go.mod and go.sum beside this file. Out: a directory for PATH. Several builders at once are safe.
"""

import hashlib
import platform
import re
import shutil
from pathlib import Path

from localclusters.binaries import cache_directory
from localclusters.build import Build, compile_programs
from localclusters.golang import find_go
from localclusters.locks import exclusive
from localclusters.progress import Progress, to_stderr

MODULE = Path(__file__).parent
PROGRAMS = {
    "helm": "helm.sh/helm/v4/cmd/helm",
    "kustomize": "sigs.k8s.io/kustomize/kustomize/v5",
    "crane": "github.com/google/go-containerregistry/cmd/crane",
}
_NAMES = ", ".join(PROGRAMS)
# Where each program keeps the version that it tells.
_STAMPS = {
    "helm.sh/helm/v4": "helm.sh/helm/v4/internal/version.version",
    "sigs.k8s.io/kustomize/kustomize/v5": "sigs.k8s.io/kustomize/api/provenance.version",
}


def ensure_tools(progress: Progress = to_stderr) -> Path:
    """The directory with the programs, built first when there is none, which takes minutes. Raises BuildError."""
    target = cache_directory() / f"tools-{_key()}"
    if not target.exists():
        waiting = f"{_NAMES} are being built by another process; waiting for it"
        with exclusive(target.with_suffix(".lock"), waiting, progress):
            if not target.exists():
                _build(target, progress)
    return target / "bin"


def _key() -> str:
    digest = hashlib.sha256()
    for part in (_go_mod(), (MODULE / "go.sum").read_text(), repr(_plan()), platform.system(), platform.machine()):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


def _build(target: Path, progress: Progress) -> None:
    major, minor = re.findall(r"^go (\d+)\.(\d+)", _go_mod(), re.MULTILINE)[0]
    go = find_go(MODULE, (int(major), int(minor)), progress)
    progress(f"building {_NAMES} into {target}: the first time this takes minutes, then never again")
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    compile_programs(go, MODULE, _plan(), unfinished, progress)
    unfinished.rename(target)


def _plan() -> Build:
    versions = dict(re.findall(r"^\s+(\S+) (v\S+)", _go_mod(), re.MULTILINE))
    stamps = [f"-X {variable}={versions[module]}" for module, variable in _STAMPS.items()]
    return Build(tuple(PROGRAMS.items()), " ".join(["-s", "-w", *stamps]))


def _go_mod() -> str:
    return (MODULE / "go.mod").read_text()
