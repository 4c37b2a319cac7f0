"""Helm: the objects of a chart, rendered by the program `helm`.

In: a Helm, and the commits that hold the chart and its value files. Out: Manifests. What is needed of each commit is
exported, and `helm template` is told what Argo CD tells it (util/helm/cmd.go). Nothing comes from a cluster or from the
network.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from fleet.errors import Problem, RenderError, Where
from fleet.frozen import dataclass
from fleet.model.helm import Helm
from fleet.model.manifest import Manifest
from fleet.model.masking import MASK
from fleet.model.values import Values
from fleet.render import output
from fleet.render.dependencies import shown_path
from fleet.render.export import Selection, select
from fleet.render.runner import ToolFailed
from fleet.render.tools import Tool
from fleet.render.value_files import Base, ValueFile, resolve

# Where the chart's own commit is written, and the others, each below its ref.
_OWN = "tree"
_OTHERS = "refs"
_PLACE = re.compile(r"(?<![\w/])[\w.-]+/(?P<file>(?:charts/[\w.-]+/)*(?:templates|crds)/[\w./-]*\w):?(?P<line>\d+)?")
_MISSING = re.compile(r"found in (?:Chart|requirements)\.yaml, but missing in charts")


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its value files.

    path: of its directory, symlinks followed. selection: of the commit that holds it. references: of others, by ref.
    value_files: where they are, below the directory that everything is written into. files: parameter → file, there.
    """

    path: str
    wanted: Helm
    selection: Selection
    references: Mapping[str, Selection]
    value_files: tuple[str, ...]
    files: Mapping[str, str]

    def digest(self) -> str:
        """Return what changes with anything that the output depends on, helm itself aside."""
        others = sorted((ref, selection.digest()) for ref, selection in self.references.items())
        files = f"{self.value_files} {sorted(self.files.items())}"
        return f"{self.selection.digest()} {others} {self.path} {self.wanted} {files}"

    def build(self, tool: Tool, work: Path, timeout_s: float) -> tuple[Manifest, ...]:
        """Return the objects. work: an empty directory for what is needed meanwhile. Raises RenderError."""
        self.selection.write(work / _OWN)
        for ref, selection in self.references.items():
            selection.write(work / _OTHERS / ref)
        arguments = self.arguments(work)
        try:
            written, _ = tool.run(*arguments, work=work, directory=work / _OWN / self.path, timeout_s=timeout_s)
        except ToolFailed as failed:
            raise RenderError(self._failed(failed, work, arguments, timeout_s)) from None
        text = written.decode(errors="replace")
        origin = output.by_source_comments(text, self.path)
        return output.manifests(text, lambda line: shown_path(origin(line), self.selection.files))

    def arguments(self, work: Path) -> list[str]:
        """Return the command's arguments; the values go into a file, which is written here."""
        wanted = self.wanted
        found = ["template", ".", "--name-template", wanted.release_name]
        found += ["--namespace", wanted.namespace] if wanted.namespace else []
        found += ["--kube-version", wanted.kube_version] if wanted.kube_version else []
        for flag, parameters in (("--set", wanted.parameters), ("--set-string", wanted.string_parameters)):
            found += _pairs(flag, parameters)
        found += _pairs("--set-file", {name: str(work / path) for name, path in self.files.items()})
        for path in self.value_files:
            found += ["--values", str(work / path)]
        if wanted.values and isinstance(wanted.values, Values):
            file = work / "values.yaml"
            file.write_text(wanted.values.text, encoding="utf-8")
            found += ["--values", str(file)]
        for version in wanted.api_versions:
            found += ["--api-versions", version]
        found += [] if wanted.skip_crds else ["--include-crds"]
        found += ["--skip-schema-validation"] if wanted.skip_schema_validation else []
        return [*found, "--skip-tests"] if wanted.skip_tests else found

    def _failed(self, failed: ToolFailed, work: Path, arguments: list[str], timeout_s: float) -> Problem:
        chart = Where(file=posixpath.join(self.path, "Chart.yaml"))
        if failed.timed_out:
            return Problem(f"helm template took longer than {timeout_s:g} s", chart)
        words = self._masked(_without_places(failed.words, work))
        words = words.removeprefix("Error: ").replace("\n\nUse --debug flag to render out invalid YAML", "")
        command = " ".join(("helm", *_shown(arguments, work)))
        if _MISSING.search(words):
            hint = "Give each dependency a repository, or commit it to the chart's directory charts/."
            return Problem("the chart's dependencies are not in the repository", chart, detail=words, hint=hint)
        return Problem("helm template fails", self._place(words) or chart, detail=f"{words}\n$ {command}")

    def _place(self, words: str) -> Where | None:
        """Return the file of the commit that helm's words are about; None if there is none."""
        found = _PLACE.search(words)
        place = found and posixpath.normpath(posixpath.join(self.path, found["file"]))
        if not found or not place or place not in self.selection.files:
            return None
        return Where(file=shown_path(place, self.selection.files), line=int(found["line"] or 0))

    def _masked(self, words: str) -> str:
        """Return helm's words without the values of parameters, which it repeats."""
        values = (*self.wanted.parameters.values(), *self.wanted.string_parameters.values())
        for value in sorted(filter(lambda value: len(value) > 3, values), key=len, reverse=True):
            words = words.replace(value, MASK)
        return words


def find(wanted: Helm, own: Base, references: Mapping[str, Base]) -> Chart:
    """Return the chart that is where relative paths of its own commit start.

    Raises SourceError for that place, RenderError for value files.
    """
    directory = own.snapshot.directory(own.start)
    value_files = resolve(wanted.value_files, own, references, ignore_missing=wanted.ignore_missing_value_files is True)
    files: dict[str, ValueFile] = {}
    for name, text in wanted.file_parameters.items():
        (files[name],) = resolve([text], own, references, ignore_missing=False)
    used = (*value_files, *files.values())
    selections = {
        ref: select(base.snapshot, [file.node for file in used if file.ref == ref])
        for ref, base in references.items()
        if any(file.ref == ref for file in used)
    }
    selection = select(own.snapshot, (directory, *(file.node for file in used if not file.ref)))
    named = {name: _written(file) for name, file in files.items()}
    return Chart(directory.path, wanted, selection, selections, tuple(map(_written, value_files)), named)


def _written(file: ValueFile) -> str:
    """Return where a value file is written."""
    return f"{_OTHERS}/{file.ref}/{file.node.path}" if file.ref else f"{_OWN}/{file.node.path}"


def _without_places(text: str, work: Path) -> str:
    """Return a text with paths as the user has them, without the names of temporary directories."""
    for place in (str(work.resolve()), str(work)):
        text = text.replace(f"{place}/{_OWN}/", "").replace(f"{place}/{_OTHERS}/", "$").replace(f"{place}/", "")
    return text


def _pairs(flag: str, parameters: Mapping[str, str]) -> list[str]:
    return [word for name, value in sorted(parameters.items()) for word in (flag, f"{name}={_escaped(value)}")]


def _escaped(value: str) -> str:
    """As Argo CD's cleanSetParameters: a comma is part of the value, unless the value is a list, `{a,b}`."""
    return value if value.startswith("{") and value.endswith("}") else re.sub(r"(?<!\\),", r"\\,", value)


def _shown(arguments: list[str], work: Path) -> Iterator[str]:
    """Yield the command line without the values of parameters and the names of temporary directories."""
    for before, word in zip(("", *arguments), arguments, strict=False):
        # There may be hundreds; Argo CD leaves them out of its messages, too.
        if "--api-versions" in {before, word}:
            continue
        if before in {"--set", "--set-string", "--set-file"}:
            yield f"{word.partition('=')[0]}={MASK}"
        else:
            yield _without_places(word, work)
