"""Pins: the commits and versions that a run has resolved its revisions to, for the other process of the same run.

In and out: Revision → full SHA, or a chart's exact version. A preview and the update after it are two processes with
one `run_id`; what the first resolved is what the second deploys, whatever has been pushed between them. The file is a
hint and no more: a file that cannot be read counts as none, and after a day it is removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from fleet.model.masking import mask
from fleet.model.plan import Revision
from fleet.model.semver import parse_version

_KEEP_S = 24 * 60 * 60
_FULL_SHA = re.compile(r"[0-9a-f]{40}")


def load(directory: Path, run_id: str | None, revisions: Iterable[Revision]) -> Mapping[Revision, str]:
    """Return the commits and versions that this run has already resolved; empty without a `run_id`."""
    if run_id is None:
        return {}
    stored = _read(_file(directory, run_id))
    found = {revision: stored.get(_key(revision), {}).get("commit", "") for revision in revisions}
    return {revision: commit for revision, commit in found.items() if _is_exact(revision, commit)}


def save(directory: Path, run_id: str | None, commits: Mapping[Revision, str]) -> None:
    """Add to what the run has resolved, and remove the files of runs of long ago. Raises OSError."""
    if run_id is None:
        return
    directory.mkdir(parents=True, exist_ok=True)
    _prune(directory)
    path = _file(directory, run_id)
    new = {
        _key(revision): {"repository": mask(revision.repo), "revision": revision.name, "commit": commit}
        for revision, commit in commits.items()
    }
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps({**new, **_read(path)}, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(path)


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    entries = stored.items() if isinstance(stored, dict) else ()
    return {key: entry for key, entry in entries if isinstance(entry, dict) and isinstance(entry.get("commit"), str)}


def _prune(directory: Path) -> None:
    oldest = time.time() - _KEEP_S
    for path in directory.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def _is_exact(revision: Revision, found: str) -> bool:
    return parse_version(found) is not None if revision.chart else bool(_FULL_SHA.fullmatch(found))


def _file(directory: Path, run_id: str) -> Path:
    plain = re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", run_id)
    return directory / f"{run_id if plain else hashlib.sha256(run_id.encode()).hexdigest()}.json"


def _key(revision: Revision) -> str:
    """A digest: the repository's URL may hold credentials, and they are not written to disk."""
    parts = (revision.repo, revision.name, revision.tag_prefix, revision.chart)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
