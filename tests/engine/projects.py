"""Projects in a directory of their own: what a stack declares, and the repository that it deploys from."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from fleet import yamlio
from tests.engine.monitor import STACK

_GIT = ("git", "-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run([*_GIT, *arguments], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(directory: Path, files: dict[str, str] | None = None) -> str:
    """Commit all that is in a directory, and the given files, to a repository there. Return the SHA."""
    directory.mkdir(exist_ok=True)
    for name, text in (files or {}).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(directory, "init", "--quiet")
    git(directory, "add", ".")
    git(directory, "commit", "--quiet", "--allow-empty", "-m", "All of it")
    return git(directory, "rev-parse", "HEAD")


def config(project: Path) -> dict[str, str]:
    """Return the stack's configuration as an engine hands it to a program."""
    file = project / "stacks" / f"Pulumi.{STACK}.yaml"
    if not file.is_file():
        return {}
    (document,) = yamlio.load_documents(file.read_text(), file=file.name)
    return {key: json.dumps(value) for key, value in document.data["config"].items()}
