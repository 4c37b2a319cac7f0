"""Kustomize: the objects of a kustomization in Git, built by the program `kustomize`.

In: a path, a Kustomize and the Snapshot of a commit. Out: Manifests. The kustomization, and everything that it leads
to, are exported; the fields of the Kustomize are put into the exported copy, and what is remote is named by where it is
in the copy. kustomize has no network.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleet.errors import Problem, RenderError, Where
from fleet.frozen import dataclass
from fleet.model.kustomize import Kustomize
from fleet.model.manifest import Manifest
from fleet.model.masking import mask
from fleet.render import output
from fleet.render.bases import OWN, Bases, Outside, collect, find, kustomization_files
from fleet.render.detection import KUSTOMIZATIONS
from fleet.render.kustomization import CannotEdit, edited, with_local
from fleet.render.objects import Kind
from fleet.render.runner import ToolFailed
from fleet.render.snapshot import Snapshot
from fleet.render.tools import Tool
from fleet.yamlio import YamlProblem, load_documents

_FILE_AND_LINE = re.compile(r"(?P<file>[\w./-]+\.(?:ya?ml|json)|Kustomization)\b.*?\bline (?P<line>\d+)", re.DOTALL)
_CHARTS = "Charts in a kustomization are rendered with enable_helm=True, in YAML enableHelm: true."
_ABSENT = re.compile(r"accumulating resources from '(?P<name>[^'\n]+)': evalsymlink failure")
_NO_NETWORK = "kustomize has no network: name repositories, charts with their repo, or files of the repository."


@dataclass(frozen=True, slots=True)
class Kustomization:
    """A kustomization with everything that it leads to. path: of its directory, symlinks followed.

    helm: renders the charts in it; None if it may have none.
    """

    path: str
    wanted: Kustomize
    bases: Bases
    helm: Tool | None = None

    def digest(self) -> str:
        """Return what changes with anything that the output depends on, kustomize itself aside."""
        helm = f" helm {self.helm.version}" if self.helm else ""
        return f"{self.bases.digest()} {self.path} {self.wanted}{helm}"

    def build(self, tool: Tool, work: Path, timeout_s: float) -> tuple[Manifest, ...]:
        """Return the objects. work: an empty directory for what is needed meanwhile. Raises RenderError."""
        for place, selection in self.bases.selections.items():
            selection.write(work / place)
        for place, local in self.bases.local.items():
            self._rewrite(work, place, local)
        directory = work / OWN / self.path
        if self.wanted != Kustomize():
            self._edit(directory)
        try:
            written, _ = tool.run(
                "build", str(directory), *self._options(), work=work, directory=work / OWN, timeout_s=timeout_s
            )
        except ToolFailed as failed:
            raise RenderError(self._failed(failed, work, timeout_s)) from None
        file = self.file()
        return output.manifests(written.decode(errors="replace"), lambda _: file)

    def file(self) -> str:
        """Return the kustomization's file; the directory where there is none."""
        own = self.bases.selections[OWN]
        there = (name for name in kustomization_files(self.path) if name in own.files or name in own.links)
        return next(there, self.path or ".")

    def _options(self) -> list[str]:
        """As Argo CD's parseKustomizeBuildOptions."""
        if self.helm is None:
            return []
        kube_version = ["--helm-kube-version", self.wanted.kube_version] if self.wanted.kube_version else []
        served = [word for version in self.wanted.api_versions for word in ("--helm-api-versions", version)]
        return ["--enable-helm", "--helm-command", str(self.helm.program), *kube_version, *served]

    def _rewrite(self, work: Path, place: str, local: Mapping[str, str]) -> None:
        """Name what is remote by where it is in the copy."""
        file = next((each for each in kustomization_files(place) if (work / each).is_file()), None)
        if file:
            _replace(work / file, with_local(_load(file.removeprefix(f"{OWN}/"), (work / file).read_bytes()), local))

    def _edit(self, directory: Path) -> None:
        """Put the fields in, in place of what was exported; a symlink is replaced, and what it leads to stays."""
        file = self.file()
        place = directory / posixpath.basename(file)
        if not place.is_file():
            names = ", ".join(KUSTOMIZATIONS)
            raise RenderError(Problem("there is no kustomization here", Where(file=file), f"None of {names} exists."))
        data = _load(file, place.read_bytes())
        try:
            result = edited(data, self.wanted, self._components())
        except CannotEdit as error:
            raise RenderError(error.problem.at(file=file)) from None
        _replace(place, result)

    def _components(self) -> list[str]:
        local = self.bases.local.get(posixpath.join(OWN, self.path), {})
        asked = [local.get(each, each) for each in self.wanted.components]
        if not self.wanted.ignore_missing_components:
            return asked
        return [each for each in asked if each in local.values() or self._exists(each)]

    def _exists(self, component: str) -> bool:
        found = find(self.bases.selections[OWN].snapshot, posixpath.join(self.path, component))
        return found is not None and found.entry.kind is Kind.DIRECTORY

    def _failed(self, failed: ToolFailed, work: Path, timeout_s: float) -> Problem:
        if failed.timed_out:
            return Problem(f"kustomize build took longer than {timeout_s:g} s", Where(file=self.file()))
        words = "\n".join(line for line in failed.words.splitlines() if not line.startswith("# Warning"))
        words = words.removeprefix("Error: ")
        for name, shown in sorted(self.bases.names.items(), reverse=True):
            words = words.replace(f"{work / name}/", f"{shown}//" if shown else "")
        for local in self.bases.local.values():
            for reference, copy in local.items():
                words = words.replace(f"'{copy}'", f"'{mask(reference)}'")
        hints = {"--enable-helm": _CHARTS, "127.0.0.1:9": _NO_NETWORK, "git' file": _NO_NETWORK}
        hint = next((hint for sign, hint in hints.items() if sign in words), _absent(words))
        found = _FILE_AND_LINE.search(words)
        named = found and found["file"] in self.bases.selections[OWN].files
        where = Where(file=found["file"], line=int(found["line"])) if found and named else Where(file=self.file())
        return Problem("kustomize build fails", where, detail=words.replace(str(work), ""), hint=hint)


def find_kustomization(
    path: str, wanted: Kustomize, snapshot: Snapshot, outside: Outside, helm: Tool | None
) -> Kustomization:
    """Return the kustomization at a path. Raises SourceError and RenderError for what it leads to.

    outside: what it opens has to stay open until the kustomization is built. helm: as in Kustomization.
    """
    directory = snapshot.directory(path)
    return Kustomization(directory.path, wanted, collect(directory, wanted, snapshot, outside), helm)


def _absent(words: str) -> str:
    found = _ABSENT.search(words)
    if found is None:
        return ""
    if found["name"].startswith("../"):
        return (
            f"The commit has no directory {found['name']}. Only directories may be elsewhere: files have to be in the "
            "directory of the kustomization that names them, or below it."
        )
    return f"The commit has no {found['name']} in the directory of the kustomization that names it."


def _load(file: str, content: bytes) -> Mapping[str, Any]:
    try:
        documents = load_documents(content.decode(errors="replace"), file=file)
    except YamlProblem as error:
        raise RenderError(*error.problems) from None
    if len(documents) != 1 or not isinstance(documents[0].data, dict):
        raise RenderError(Problem("this is no kustomization: it is not one mapping", Where(file=file)))
    return documents[0].data


def _replace(file: Path, data: Mapping[str, Any]) -> None:
    file.unlink()
    file.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
