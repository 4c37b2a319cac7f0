"""Project: what Pulumi.yaml says, as far as the embedded engine goes by it.

In: a folder. Out: a Project, with everything that is wrong found at once. It reads that one file and nothing else.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from fleet import yamlio
from fleet.engine import schema
from fleet.engine.schema import ConfigType
from fleet.errors import DeclarationError, Problem, UnsupportedError, Where
from fleet.frozen import dataclass

_FILES: Final = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A Pulumi project.

    file: Pulumi.yaml. runtime_options: those of `runtime`, such as `virtualenv`.
    program: the folder or file to run. stack_config_dir: where the stacks' configuration files are.
    config: full key → what is said of it. backend_url: as written; empty when there is none.
    refresh: every run looks at the clusters first.
    """

    name: str
    file: Path
    program: Path
    stack_config_dir: Path
    runtime_options: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, ConfigType] = field(default_factory=dict)
    backend_url: str = ""
    refresh: bool = False

    @property
    def folder(self) -> Path:
        """The folder that Pulumi.yaml is in."""
        return self.file.parent

    @property
    def program_dir(self) -> Path:
        """The program's working directory; what relative paths in it are relative to."""
        return self.program.parent if self.program.is_file() else self.program

    @property
    def python(self) -> str:
        """The Python of the project's virtual environment where it has one, else the one that runs now."""
        virtualenv = self.runtime_options.get("virtualenv")
        python = self.folder / str(virtualenv) / "bin" / "python" if virtualenv else None
        return str(python) if python is not None and python.exists() else sys.executable

    def shown(self, path: Path) -> str:
        """Return a path as the user would write it: relative to the project where it is in there."""
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)


def find(start: Path) -> Path:
    """Return the folder of the project that `start` is in: the nearest one, going up, with a Pulumi.yaml.

    Raises DeclarationError where there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if any((folder / name).is_file() for name in _FILES):
            return folder
    hint = "Run it in a project's folder, or name that folder."
    raise DeclarationError(Problem(f"There is no Pulumi.yaml in {start}, nor in any folder above it", hint=hint))


def load(folder: Path) -> Project:
    """Return the project in a folder.

    Raises DeclarationError with everything that is wrong, UnsupportedError for other languages than Python.
    """
    folder = folder.resolve()
    file = next((folder / name for name in _FILES if (folder / name).is_file()), folder / _FILES[0])
    text = read_text(file)
    data = mapping(text, file.name)
    problems: list[Problem] = []
    fields = _Fields(data, problems)
    name = fields.text("name", required=True)
    if name and not _NAME.fullmatch(name):
        summary = 'a project\'s name has up to 100 letters, digits, "-", "_" and "."'
        problems.append(Problem(summary, Where(key="name")))
    runtime, options = fields.runtime()
    project = Project(
        name=name,
        file=file,
        program=folder / (fields.text("main") or "."),
        stack_config_dir=folder / (fields.text("stackConfigDir") or fields.legacy_config_dir() or "."),
        runtime_options=options,
        config=schema.parse(name, fields.mapping("config"), problems),
        backend_url=str(fields.mapping("backend").get("url") or ""),
        refresh=fields.mapping("options").get("refresh") == "always",
    )
    if problems:
        raise DeclarationError(*(located(problem, text, file.name) for problem in problems))
    if runtime != "python":
        hint = "Use Pulumi for this project."
        raise UnsupportedError(Problem(f"The embedded engine runs Python, not {runtime!r}", Where(file.name), "", hint))
    return project


class _Fields:
    """Takes typed fields out of Pulumi.yaml, and notes what is of another type."""

    def __init__(self, data: Mapping[str, Any], problems: list[Problem]) -> None:
        self._data = data
        self._problems = problems

    def text(self, key: str, *, required: bool = False) -> str:
        value = self._data.get(key)
        if (isinstance(value, str) and value) or (value is None and not required):
            return value or ""
        self._problems.append(Problem(f"the project must have a {key}, a text", Where(key=key)))
        return ""

    def mapping(self, key: str) -> Mapping[str, Any]:
        value = self._data.get(key)
        if key == "config" and isinstance(value, str):
            return {}
        if value is not None and not isinstance(value, dict):
            self._problems.append(Problem(f"{key} must be a mapping", Where(key=key)))
        return value if isinstance(value, dict) else {}

    def legacy_config_dir(self) -> str:
        """`config: <folder>` is how stackConfigDir was once written."""
        value = self._data.get("config")
        return value if isinstance(value, str) else ""

    def runtime(self) -> tuple[str, Mapping[str, Any]]:
        value = self._data.get("runtime", "python")
        if isinstance(value, str):
            return value, {}
        if isinstance(value, dict) and isinstance(value.get("name"), str):
            return value["name"], value.get("options") or {}
        summary = "runtime must be a name, or a mapping with a name and options"
        self._problems.append(Problem(summary, Where(key="runtime")))
        return "python", {}


def read_text(file: Path) -> str:
    """Return the text of a file that users write. Raises DeclarationError when it cannot be read."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "It is not UTF-8."
        raise DeclarationError(Problem("the file cannot be read", Where(file=str(file)), reason or "")) from error


def mapping(text: str, file: str) -> dict[str, Any]:
    """Return the one mapping that a YAML file holds; an empty one for an empty file. Raises DeclarationError."""
    try:
        documents = yamlio.load_documents(text, file=file)
    except yamlio.YamlProblem as error:
        raise DeclarationError(*error.problems) from error
    if not documents:
        return {}
    data = documents[0].data
    if len(documents) > 1 or not isinstance(data, dict):
        raise DeclarationError(Problem("it must hold one mapping", Where(file=file)))
    return data


def located(problem: Problem, text: str, file: str) -> Problem:
    """Return the problem with file and line."""
    return problem.at(file=file, line=yamlio.locate(text, 0, problem.where.key))
