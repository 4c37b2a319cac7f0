"""Housekeeping: what is in the cache, and out of it what nobody has used for long.

In: the cache's directory. Out: Kept, one for each thing that can go by itself; and less of them. Runs hold the cache
together while they read, and whoever removes something holds it alone: nothing goes that somebody is reading. What
belongs to others in the directory, as the programs of local clusters do, is listed and never removed.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from fleet.errors import Problem, SourceError
from fleet.frozen import dataclass
from fleet.render.charts.store import Store
from fleet.render.locks import exclusive, shared
from fleet.render.mirror import NOTE

REPOSITORY, CHART, INDEX, RENDERED, NOTES, OTHER = "repository", "chart", "index", "rendered", "notes", "other"

_DAY_S = 24 * 60 * 60
_LOCK, _TIDIED = "in-use.lock", "tidied"
_OURS = frozenset({"git", "charts", "render", "runs", "signatures", _LOCK, _TIDIED})
# Removing takes seconds.
_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing in the cache.

    kind: `repository`, `chart` (one version of it), `index`, `rendered`, `notes` (what runs tell each other), `other`.
    name: for people; the same for all files of `rendered` and of `notes`.
    used: when a run last used it, in seconds since the epoch. size: bytes on disk, of a chart those of its archive.
    """

    kind: str
    name: str
    path: Path
    used: float
    size: int


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Keep others from removing anything for the block. Nobody removes anything where this cannot be done."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(shared(directory / _LOCK, _WAIT_S))
        yield


def found(directory: Path) -> tuple[Kept, ...]:
    """Return everything in the cache, what was used last first."""
    return tuple(sorted(_found(directory), key=lambda each: (-each.used, each.kind, each.name)))


def unused(everything: Iterable[Kept], *, before: float, most_bytes: int | None = None) -> tuple[Kept, ...]:
    """Return what was used last before a time, and of the rest what was used longest ago, until it fits."""
    removable = sorted((each for each in everything if each.kind != OTHER), key=lambda each: each.used)
    left = sum(each.size for each in removable)
    gone: list[Kept] = []
    for each in removable:
        if each.used >= before and (most_bytes is None or left <= most_bytes):
            break
        gone.append(each)
        left -= each.size
    return tuple(gone)


def remove(
    directory: Path, choose: Callable[[tuple[Kept, ...]], Iterable[Kept]], *, wait_s: float = _WAIT_S
) -> tuple[Kept, ...]:
    """Remove what is chosen of all that is there, once no run uses the cache, and return it. Raises SourceError.

    wait_s: for runs to end.
    """
    try:
        with exclusive(directory / _LOCK, wait_s, lambda: None):
            chosen = tuple(choose(found(directory)))
            _remove(directory, chosen)
    except TimeoutError:
        summary = f"runs have been using the cache {directory} for more than {wait_s:g} s"
        raise SourceError(Problem(summary, hint="Wait for them to end.")) from None
    except OSError as error:
        hint = "Is it yours? Whatever is still there can be removed by another attempt."
        raise SourceError(Problem(f"the cache {directory} cannot be tidied", detail=str(error), hint=hint)) from None
    return chosen


def tidy(directory: Path, keep_days: int) -> None:
    """Remove what no run has used for so many days; once a day, and only if no other run uses the cache just now."""
    mark = directory / _TIDIED
    now = time.time()
    with suppress(OSError, SourceError):
        if mark.exists() and mark.stat().st_mtime > now - _DAY_S:
            return
        remove(directory, lambda all_of_it: unused(all_of_it, before=now - keep_days * _DAY_S), wait_s=0)
        mark.touch()


def _remove(directory: Path, chosen: Iterable[Kept]) -> None:
    kinds = set()
    for each in chosen:
        kinds.add(each.kind)
        if each.kind == REPOSITORY:
            shutil.rmtree(each.path)
            each.path.with_suffix(".lock").unlink(missing_ok=True)
        else:
            each.path.unlink(missing_ok=True)
    for leftover in directory.glob("git/*.git.*"):
        shutil.rmtree(leftover)
    if CHART in kinds:
        Store(directory / "charts", _WAIT_S, lambda _: None).sweep()


def _found(directory: Path) -> Iterator[Kept]:
    for path in directory.glob("git/*.git"):
        note = path / NOTE
        yield Kept(REPOSITORY, _text(note) or path.stem, path, _used(note) or _used(path), _size(path))
    for path in directory.glob("charts/versions/*/*.json"):
        yield _chart(path)
    for path in directory.glob("charts/indexes/*"):
        yield Kept(INDEX, path.stem, path, _used(path), _size(path))
    for kind, pattern in ((RENDERED, "render/*/*"), (NOTES, "runs/*"), (NOTES, "signatures/*/*")):
        yield from (Kept(kind, "", path, _used(path), _size(path)) for path in directory.glob(pattern))
    for path in directory.glob("*"):
        if path.name not in _OURS:
            yield Kept(OTHER, path.name, path, _used(path), _size(path))


def _chart(path: Path) -> Kept:
    record = _record(path)
    size = record.get("bytes")
    chart = str(record.get("chart") or path.parent.name)
    repository = f"{record['repository']}/" if "repository" in record else ""
    name = f"{repository}{chart} {record.get('version', path.stem)}"
    return Kept(CHART, name, path, _used(path), size if isinstance(size, int) else 0)


def _record(path: Path) -> dict[str, object]:
    try:
        stored = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) else {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _used(path: Path) -> float:
    """Return when a file was last written or touched; 0 for one that is not there any more."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    """Return the bytes of a file, or of all files in a directory."""
    total = 0
    with suppress(OSError):
        total = path.lstat().st_size
        if path.is_dir() and not path.is_symlink():
            total += sum(_size(Path(entry.path)) for entry in os.scandir(path))
    return total
