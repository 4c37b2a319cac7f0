"""Tools: `kustomize` and `helm` from PATH, which one and which version, asked once per run.

In: a PATH. Out: Tools that can be run, or a Problem that says which one is missing or too old and how to get it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from types import MappingProxyType

from fleet.errors import Problem, RenderError
from fleet.frozen import dataclass
from fleet.render.runner import ToolFailed, run_tool

# Long enough for a loaded machine; what is rendered takes its time from the run's settings.
_VERSION_TIMEOUT_S = 60.0
_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.\d+)?[\w.+-]*")
NEEDED = "A source needs it to be rendered."
# A port that nobody serves: a tool that tries the network all the same fails at once.
_NOWHERE = "http://127.0.0.1:9"
# Both are written in Go. They live for moments, a fifth of which they would spend on giving back memory: they do it
# seldom, unless they have taken much.
_MEMORY = MappingProxyType({"GOGC": "400", "GOMEMLIMIT": "512MiB"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the tools. asked: the arguments that make it tell its version; least: the oldest that will do."""

    name: str
    asked: tuple[str, ...]
    least: tuple[int, int]
    get: str


KUSTOMIZE = Kind("kustomize", ("version",), (5, 0), "https://kubectl.docs.kubernetes.io/installation/kustomize/")
HELM = Kind("helm", ("version", "--short"), (3, 18), "https://helm.sh/docs/intro/install/")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that is there and new enough. version: as it says it itself."""

    program: Path
    version: str

    def run(self, *arguments: str, work: Path, directory: Path, timeout_s: float) -> tuple[bytes, str]:
        """Return what it writes, and what it says besides. work: a directory that it may fill. Raises ToolFailed."""
        environ = environment(work)
        return run_tool([self.program, *arguments], directory=directory, environ=environ, timeout_s=timeout_s)


def environment(work: Path) -> dict[str, str]:
    """Return all the variables that a tool gets: no PATH to start others from, no settings, plugins or network."""
    homes = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "PATH")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    return {
        **dict.fromkeys(homes, str(work)),
        **dict.fromkeys(proxies, _NOWHERE),
        "KUBECONFIG": str(work / "none"),
        "LANG": "C.UTF-8",
        **_MEMORY,
    }


@dataclass(slots=True)
class Tools:
    """The tools of one run. path: as in $PATH."""

    path: str
    _found: dict[Kind, Tool | Problem] = field(default_factory=dict)

    def missing(self, kinds: Sequence[Kind]) -> tuple[RenderError, ...]:
        """Return an error for each that is missing or too old. It must have been asked before `of` is."""
        for kind in kinds:
            if kind not in self._found:
                self._found[kind] = _find(kind, self.path)
        found = (self._found[kind] for kind in kinds)
        return tuple(RenderError(each) for each in found if isinstance(each, Problem))

    def of(self, kind: Kind) -> Tool:
        """Return the tool, which is not missing."""
        tool = self._found[kind]
        assert isinstance(tool, Tool)
        return tool


def _find(kind: Kind, path: str) -> Tool | Problem:
    least = ".".join(map(str, kind.least))
    hint = f"Install {kind.name} {least} or newer and have it on PATH: {kind.get}"
    program = shutil.which(kind.name, path=path)
    if program is None:
        return Problem(f"{kind.name} was not found on PATH", detail=NEEDED, hint=hint)
    try:
        with tempfile.TemporaryDirectory(prefix="fleet-") as work:
            tool = Tool(Path(program).absolute(), "")
            said, _ = tool.run(*kind.asked, work=Path(work), directory=Path(work), timeout_s=_VERSION_TIMEOUT_S)
    except ToolFailed as failed:
        return Problem(f"{program} does not tell its version", detail=failed.words, hint=hint)
    version = _VERSION.search(said.decode(errors="replace"))
    if version is None:
        return Problem(f"{program} does not tell its version", detail=said.decode(errors="replace"), hint=hint)
    if (int(version[1]), int(version[2])) < kind.least:
        return Problem(f"{program} is too old", detail=f"It is {version[0]}.", hint=hint)
    return Tool(tool.program, version[0])
