"""Files: writing them so that a crash leaves either the old content or the new, never something between."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from fleet.errors import Problem, StateError, Where

# How the names of files end that are still being written.
UNFINISHED: Final = ".tmp"


@contextmanager
def reporting(what: str, path: Path) -> Iterator[None]:
    """Turn an OSError into a StateError. what: completes "… could not be …", as in `written`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        problem = Problem(f"The state could not be {what}", where=Where(file=str(path)), detail=f"{reason}.")
        raise StateError(problem) from error


def read(path: Path) -> bytes | None:
    """Return the content; None where there is no such file. Raises StateError when it cannot be read."""
    with reporting("read", path), suppress(FileNotFoundError):
        return path.read_bytes()
    return None


def replace(path: Path, data: bytes) -> None:
    """Write the file as a whole and durably; folders are made. Raises StateError, with the old content still there."""
    with reporting("written", path), _beside(path) as temporary:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        # Pulumi's file bucket keeps a checksum beside each file it writes; it would be that of the old content.
        path.with_name(f"{path.name}.attrs").unlink(missing_ok=True)
        temporary.replace(path)
        sync_folder(path.parent)


def copy(source: Path, target: Path) -> None:
    """Copy a file durably, as `replace` writes it. A link would not do: it would share the source's fate."""
    with reporting("read", source):
        data = source.read_bytes()
    replace(target, data)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; what is not there is no error."""
    with reporting("removed", path), suppress(FileNotFoundError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give a name in the same folder that no engine takes for a stack or a lock, and clear it away at the end."""
    temporary = path.with_name(_unfinished(path, os.getpid()))
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _unfinished(path: Path, process: int) -> str:
    return f".{path.name}.{process}{UNFINISHED}"


def sweep(path: Path) -> None:
    """Remove what processes left that were killed while they wrote the file; nobody may be writing it now."""
    for each in path.parent.glob(f".{glob.escape(path.name)}.*{UNFINISHED}"):
        if each.name == _unfinished(path, writer(each)):
            remove(each)


def writer(unfinished: Path) -> int:
    """Return the process that was writing a file that is still unfinished; 0 where its name does not say it."""
    number = unfinished.stem.rpartition(".")[2]
    return int(number) if number.isdecimal() else 0


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
