"""The stack's Argo CD YAML: a directory of files that hold Applications and AppProjects.

In: a directory. Out: what they declare, and what is wrong in any of the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from fleet.errors import Problem, Where
from fleet.model.fleet import Fleet
from fleet.yamlio import Document, YamlProblem, load_documents


def names(project: Path, directory: str) -> tuple[str, ...]:
    """Return the YAML files of a directory, sorted; none where it does not exist. Paths are relative to the project."""
    files = sorted(path for path in (project / directory).glob("*") if path.suffix in {".yaml", ".yml"})
    return tuple(f"{directory}/{path.name}" for path in files if path.is_file() and not path.name.startswith("."))


def read(project: Path, directory: str) -> tuple[Fleet, tuple[Problem, ...]]:
    """Return what all files declare, and what is wrong in them."""
    documents: list[Document] = []
    problems: list[Problem] = []
    files = names(project, directory)
    if not files:
        return Fleet(), ()
    from fleet.argo import parse_documents  # noqa: PLC0415 - a stack in Python needs none of Argo CD's keys

    for file in files:
        loaded, wrong = _load(project / file, file)
        documents += loaded
        problems += wrong
    declared, wrong = parse_documents(documents)
    return declared, (*problems, *wrong)


def _load(path: Path, file: str) -> tuple[Sequence[Document], Iterable[Problem]]:
    try:
        return load_documents(path.read_text(encoding="utf-8"), file=file), ()
    except YamlProblem as error:
        return error.documents, error.problems
    except UnicodeDecodeError:
        return (), (Problem("the file is not UTF-8", Where(file)),)
    except OSError as error:
        return (), (Problem(f"the file cannot be read: {error.strerror}", Where(file)),)
