"""Files that only their owner may read, and that a reader never sees half written."""

import os
from pathlib import Path


def make_private_directory(path: Path) -> Path:
    """The folder, made when missing, readable by its owner only."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def write_private(path: Path, content: bytes) -> None:
    """Replace the file's content in one step; nobody but the owner can read it."""
    make_private_directory(path.parent)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    unfinished.replace(path)
