"""One run of the Go compiler over programs of a module, with progress a person can follow.

In: a Go command, the module and what to build. Out: a folder with bin/, and for the control planes kwok's stages, or a
BuildError with the compiler's last lines.
"""

import json
import os
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import yaml

from localclusters.errors import BuildError
from localclusters.progress import Progress, elapsed

PROGRESS_EVERY_S = 10.0
Command = list[str | Path]
KWOK_MODULE = "sigs.k8s.io/kwok"
KWOK_STAGES = "kustomize/stage/fast"


@dataclass(frozen=True, slots=True)
class Build:
    """What to build: (program, Go package) pairs and the linker's flags."""

    programs: tuple[tuple[str, str], ...]
    linker_flags: str


def compile_programs(go: Path, module: Path, build: Build, out: Path, progress: Progress) -> None:
    """Build every program into `out`/bin."""
    environment = _environment()
    linked = out / "linked"
    linked.mkdir(parents=True)
    packages: Command = [package for _, package in build.programs]
    progress("fetching the sources ...")
    total = len(_run([go, "list", "-deps", *packages], module, environment).split())
    # One compiler run for all programs keeps every core busy while one of them is being linked.
    command: Command = [go, "build", "-v", "-trimpath", "-buildvcs=false", f"-ldflags={build.linker_flags}"]
    _compile(
        [*command, "-o", f"{linked}/", *packages], module, environment, _Counter(total, linked, len(packages)), progress
    )
    (out / "bin").mkdir()
    for name, package in build.programs:
        (linked / _output_name(package)).rename(out / "bin" / name)
    linked.rmdir()


def write_kwok_stages(go: Path, module: Path, file: Path) -> None:
    """Write the `Stage` documents of the module's kwok into one file."""
    file.write_text(_kwok_stages(go, module, _environment()))


def _environment() -> dict[str, str]:
    """The user's, minus what would change the build: workspaces, flags and a GOROOT that belongs to another Go."""
    kept = {name: value for name, value in os.environ.items() if name not in {"GOROOT", "GOFLAGS", "GOOS", "GOARCH"}}
    return {**kept, "CGO_ENABLED": "0", "GOWORK": "off"}


def _run(command: Command, module: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=module, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise _failed(command, done.stderr.splitlines()[-20:])
    return done.stdout


@dataclass(slots=True)
class _Counter:
    """How far the compiler is: it names each package it compiles; what it has cached it does not name."""

    packages: int
    linked: Path
    programs: int
    compiled: int = 0

    def __str__(self) -> str:
        done = sum(1 for _ in self.linked.iterdir())
        return f"{self.compiled} of at most {self.packages} packages compiled, {done} of {self.programs} programs done"


def _compile(
    command: Command, module: Path, environment: dict[str, str], counter: _Counter, progress: Progress
) -> None:
    last_lines: deque[str] = deque(maxlen=20)
    started, finished = time.monotonic(), threading.Event()

    def report() -> None:
        while not finished.wait(PROGRESS_EVERY_S):
            progress(f"building: {counter}, {elapsed(started)} ...")

    with subprocess.Popen(command, cwd=module, env=environment, stderr=subprocess.PIPE, text=True) as process:
        reporter = threading.Thread(target=report)
        reporter.start()
        try:
            for line in process.stderr or ():
                counter.compiled += 1
                last_lines.append(line.rstrip())
        finally:
            finished.set()
            reporter.join()
    if process.returncode != 0:
        raise _failed(command, list(last_lines))
    progress(f"built in {elapsed(started)}")


def _failed(command: Command, last_lines: list[str]) -> BuildError:
    said = "\n".join(f"    {line}" for line in last_lines)
    return BuildError(f"`{Path(command[0]).name} {command[1]}` failed:\n{said}")


def _output_name(package: str) -> str:
    """Go names a program by the last part of its package's path that is not a major version."""
    *_, before, last = package.split("/")
    return before if last.startswith("v") and last[1:].isdigit() else last


def _kwok_stages(go: Path, module: Path, environment: dict[str, str]) -> str:
    answer = _run([go, "list", "-m", "-json", KWOK_MODULE], module, environment)
    source = Path(json.loads(answer)["Dir"])
    return "---\n".join(file.read_text() for file in _resources(source / KWOK_STAGES))


def _resources(kustomization: Path) -> list[Path]:
    """The files that a kustomization of plain `resources` names, in its order."""
    files: list[Path] = []
    for entry in yaml.safe_load((kustomization / "kustomization.yaml").read_text())["resources"]:
        path = kustomization / entry
        files += _resources(path) if path.is_dir() else [path]
    return files
