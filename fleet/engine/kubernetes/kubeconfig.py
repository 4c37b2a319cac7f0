"""Finding and reading kubeconfigs: which files, which context, whose credentials. No network, no processes.

In: provider inputs. Out: one context of a kubeconfig.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fleet.engine.kubernetes.errors import ClusterUnavailableError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.errors import Problem, Where
from fleet.frozen import dataclass
from fleet.yamlio import YamlProblem, load_documents

INLINE = "kubeconfig given as text"
_DEFAULT = "~/.kube/config"
_LISTS = ("clusters", "contexts", "users")


@dataclass(frozen=True, slots=True)
class Entry:
    """One named entry of a kubeconfig. file: what relative paths in it are relative to the folder of."""

    value: Mapping[str, Any]
    file: Path


@dataclass(frozen=True, slots=True)
class Context:
    """The part of a kubeconfig that is in use. source: what to call the kubeconfig in messages."""

    name: str
    source: str
    cluster: Entry
    user: Entry
    user_name: str
    namespace: str


def read_context(inputs: ProviderInputs) -> Context:
    """Return the context that the inputs choose. Raises ClusterUnavailableError, which shows nothing secret."""
    try:
        return _Kubeconfig(inputs).context()
    except _KubeconfigError as error:
        hint = "`kubectl config get-contexts` shows what a kubeconfig has."
        problem = Problem("its kubeconfig cannot be used", Where(cluster=inputs.name), str(error), hint)
        raise ClusterUnavailableError(problem) from error


class _KubeconfigError(Exception):
    """What is wrong with a kubeconfig, in one line."""


class _Kubeconfig:
    """All entries of the files; of entries with the same name the first counts, as for kubectl."""

    def __init__(self, inputs: ProviderInputs) -> None:
        self._inputs = inputs
        self._entries: dict[str, dict[str, Entry]] = {section: {} for section in _LISTS}
        self._current = ""
        self.source = INLINE if inputs.is_inline else ""
        for file, text in self._files():
            self._add(file, text)

    def context(self) -> Context:
        name = self._inputs.context or self._current
        if not name:
            raise _KubeconfigError(f"{self.source}: no context was asked for, and it has no current-context")
        context = _mapping(self._entry("contexts", name).value.get("context"), f"context {name}")
        cluster = self._inputs.cluster or context.get("cluster")
        user = context.get("user")
        here = self._entry("contexts", name).file
        return Context(
            name=name,
            source=self.source,
            cluster=self._entry("clusters", str(cluster or "")),
            user=self._entry("users", str(user)) if user else Entry({}, here),
            user_name=str(user or "nobody"),
            namespace=self._inputs.namespace or str(context.get("namespace") or "default"),
        )

    def _files(self) -> Iterator[tuple[Path, str]]:
        if self._inputs.is_inline:
            yield self._inputs.base_dir / "kubeconfig", self._inputs.kubeconfig or ""
            return
        paths = list(self._paths())
        self.source = os.pathsep.join(str(path) for path in paths)
        found = [path for path in paths if path.is_file()]
        if not found:
            raise _KubeconfigError(f"{self.source}: there is no such file")
        for path in found:
            try:
                yield path, path.read_text(encoding="utf-8")
            except (OSError, UnicodeError) as error:
                raise _KubeconfigError(f"{path}: {getattr(error, 'strerror', None) or 'not a text file'}") from error

    def _paths(self) -> Iterator[Path]:
        names = self._inputs.kubeconfig or os.environ.get("KUBECONFIG") or _DEFAULT
        for name in names.split(os.pathsep):
            if name:
                yield self._inputs.base_dir / Path(name).expanduser()

    def _add(self, file: Path, text: str) -> None:
        where = INLINE if self._inputs.is_inline else str(file)
        content = _mapping(_first_document(text, where), where)
        self._current = self._current or str(content.get("current-context") or "")
        for section, entries in self._entries.items():
            for entry in content.get(section) or ():
                named = _mapping(entry, f"{where}: an entry of {section}")
                entries.setdefault(str(named.get("name")), Entry(named, file))

    def _entry(self, section: str, name: str) -> Entry:
        entries = self._entries[section]
        if name not in entries:
            there = ", ".join(sorted(entries)) or "none"
            raise _KubeconfigError(f"{self.source}: it has no {section[:-1]} {name!r}; it has: {there}")
        return entries[name]


def _first_document(text: str, where: str) -> Any:
    try:
        documents = load_documents(text, file=where)
    except YamlProblem as error:
        # The problem may quote the text, and the text holds credentials.
        line = error.problem.where.line
        raise _KubeconfigError(f"{where}: not YAML{f', line {line}' if line else ''}") from None
    return documents[0].data if documents else None


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _KubeconfigError(f"{what}: not a mapping")
    return value
