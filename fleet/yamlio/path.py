"""Key paths: the place of a value in a document, as `spec.destination.servers[1]`."""

from __future__ import annotations

Path = list[str | int]


def shown(path: Path) -> str:
    """Return a path in the form that people read: keys joined with points, list entries by position."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def entry(path: str, part: str | int) -> str:
    """Return the path of an entry of what is at `path`; the whole document is at the empty path."""
    return shown([path, part] if path else [part])
