"""Metadata: what a chart says of the charts that it depends on. Pure.

In: the bytes of `Chart.yaml` and of the files beside it. Out: Dependencies, and whether the lock fits them, by Helm's
own sum (`HashReq` and `HashV2Req` in internal/resolver/resolver.go). What cannot be read has no dependencies: helm says
why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from fleet.frozen import dataclass
from fleet.yamlio import YamlProblem, load_documents

FILES = ("Chart.yaml", "requirements.yaml", "Chart.lock", "requirements.lock")
# What Helm sums up of a dependency, in the order of its struct; of an empty one only these two.
_FIELDS = ("name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias")
_ALWAYS = frozenset({"name", "repository"})


@dataclass(frozen=True, slots=True)
class Dependency:
    """A chart that another one needs. version: exact or a constraint; of a lock exact. said: all that is said of it."""

    name: str
    version: str
    repository: str
    said: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is known of a chart. lock: None if there is none. file, lock_file: names of where it stands."""

    name: str = ""
    version: str = ""
    is_v1: bool = False
    dependencies: tuple[Dependency, ...] = ()
    lock: tuple[Dependency, ...] | None = None
    lock_digest: str = ""
    file: str = FILES[0]
    lock_file: str = ""

    def fits(self, urls: Mapping[str, str]) -> bool:
        """Return whether the lock is of these dependencies. urls: alias → URL, as `@alias` stands for it."""
        named = [{**each.said, "repository": aliased(each.repository, urls)} for each in self.dependencies]
        locked = [each.said for each in self.lock or ()]
        if self.lock_digest == _digest([list(map(_summed, named)), list(map(_summed, locked))]):
            return True
        plain = [_summed(each.said) for each in self.dependencies]
        return self.is_v1 and self.lock_digest == _digest({"dependencies": plain})


def read(files: Mapping[str, bytes]) -> Metadata:
    """Return what the files say, by their names."""
    chart = _mapping(files.get("Chart.yaml", b""))
    requirements = _mapping(files.get("requirements.yaml", b""))
    source, file = (requirements, FILES[1]) if "dependencies" in requirements else (chart, FILES[0])
    lock_file = next((name for name in FILES[2:] if name in files), "")
    lock = _mapping(files.get(lock_file, b""))
    return Metadata(
        name=_text(chart, "name"),
        version=_text(chart, "version"),
        is_v1=chart.get("apiVersion") in {None, "", "v1"},
        dependencies=_dependencies(source),
        lock=_dependencies(lock) if lock_file else None,
        lock_digest=_text(lock, "digest"),
        file=file,
        lock_file=lock_file,
    )


def alias_of(repository: str) -> str:
    """Return the name that stands for a repository that helm knows, `@name` or `alias:name`; else nothing."""
    for prefix in ("@", "alias:"):
        if repository.startswith(prefix):
            return repository.removeprefix(prefix)
    return ""


def aliased(repository: str, urls: Mapping[str, str]) -> str:
    """Return the URL that a repository stands for."""
    alias = alias_of(repository)
    return urls.get(alias, repository) if alias else repository


def _mapping(data: bytes) -> Mapping[str, Any]:
    try:
        documents = load_documents(data.decode(), file="")
    except (UnicodeDecodeError, YamlProblem):
        return {}
    found = documents[0].data if documents else {}
    return found if isinstance(found, dict) else {}


def _dependencies(data: Mapping[str, Any]) -> tuple[Dependency, ...]:
    entries = data.get("dependencies")
    found = (each for each in entries if isinstance(each, dict)) if isinstance(entries, list) else ()
    return tuple(
        Dependency(_text(each, "name"), _text(each, "version"), _text(each, "repository"), each) for each in found
    )


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _summed(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Go's `json.Marshal` has of Helm's `chart.Dependency`."""
    values = ((name, said.get(name) or ("" if name in _ALWAYS else None)) for name in _FIELDS)
    return {name: _ordered(value) for name, value in values if value is not None}


def _ordered(value: Any) -> Any:
    """Go orders the keys of a map."""
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value)}
    return [_ordered(each) for each in value] if isinstance(value, list) else value


def _digest(data: Sequence[Any] | Mapping[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
