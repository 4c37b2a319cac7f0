"""Submodules: where the repository is that a commit has in one of its directories.

In: the commit's `.gitmodules`, read by git. Out: the submodule's address as its parent has it.
"""

from __future__ import annotations

from fleet.errors import Problem, SourceError, Where
from fleet.render.runner import Git, GitFailed


def url(git: Git, commit: str, path: str) -> str:
    """Return the URL that `.gitmodules` of a commit has for the submodule at a path. Raises SourceError."""
    values = _values(git, commit)
    for key, value in values.items():
        name, _, what = key.rpartition(".")
        if what == "path" and value.rstrip("/") == path and values.get(f"{name}.url"):
            return values[f"{name}.url"]
    raise SourceError(Problem(".gitmodules has no URL for it", hint="Add it with `git submodule add`, or remove it."))


def failed(path: str, error: SourceError) -> SourceError:
    """Return the error for a submodule that cannot be had. path: in the outermost repository."""
    return SourceError(
        *(
            Problem(f"submodule {path}: {each.summary}", Where(file=path), detail=each.detail, hint=each.hint)
            for each in error.problems
        )
    )


def _values(git: Git, commit: str) -> dict[str, str]:
    """Return `submodule.<name>.path` and `.url`; empty where the commit has no `.gitmodules`."""
    pattern = r"^submodule\..*\.(path|url)$"
    try:
        written = git.output("config", "--null", f"--blob={commit}:.gitmodules", "--get-regexp", pattern)
    except GitFailed:
        return {}
    entries = (entry.partition("\n") for entry in written.decode(errors="replace").split("\0") if entry)
    return {key: value for key, _, value in entries}
