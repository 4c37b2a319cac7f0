"""Manifests: what one file of a directory holds.

In: a file's name and bytes. Out: its objects, and what is wrong with them. Pure. The rules are Argo CD's
(`getObjsFromYAMLOrJSON` and `GenerateManifests` in its reposerver/repository/repository.go); where this is stricter,
it is so as not to drop anything silently: what is not read would be deleted from the clusters.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from fleet.errors import Problem, Where
from fleet.frozen import dataclass
from fleet.model.manifest import Manifest
from fleet.yamlio import Document, YamlProblem, load_documents, locate

_SKIP_MARKER = "+argocd:skip-file-rendering"

LFS = b"version https://git-lfs.github.com/spec/"
_HOOKS = frozenset({"argocd.argoproj.io/hook", "helm.sh/hook"})
# As the API server limits the names that it generates, so that they can be label values; and how much of it varies.
_LONGEST_NAME, _DIGEST = 63, 10
_SIGNS = ("apiVersion:", "kind:", "metadata:")
_EXCLUDE = (
    "If it is not meant for the clusters, leave it out: by directory.exclude, or by a line in it,\n"
    "# +argocd:skip-file-rendering"
)
# What the API server takes only as text, and would refuse cluster by cluster.
_TEXTS = MappingProxyType({("v1", "ConfigMap"): ("data", "binaryData"), ("v1", "Secret"): ("data", "stringData")})
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds. With problems, the manifests are of no use."""

    manifests: tuple[Manifest, ...] = ()
    problems: tuple[Problem, ...] = ()


def is_skipped(data: bytes) -> bool:
    """Return whether a file asks not to be read, in whatever encoding it is."""
    if _SKIP_MARKER.encode() in data:
        return True
    return data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and _SKIP_MARKER in data.decode(
        "utf-16", "replace"
    )


def read_file(file: str, data: bytes) -> Found:
    """Return the manifests of a file: none if it is YAML that has nothing to do with Kubernetes.

    file: its path in the repository; the ending tells JSON from YAML.
    """
    if data.startswith(LFS):
        return Found(problems=(pointer(file),))
    try:
        text = _decode(data)
    except UnicodeDecodeError as error:
        where = Where(file=file, line=data.count(b"\n", 0, error.start) + 1)
        return Found(problems=(Problem("the file is not UTF-8", where, hint=f"Save it as UTF-8.\n{_EXCLUDE}"),))
    try:
        documents = load_documents(text, file=file)
    except YamlProblem as error:
        return _unreadable(error, text)
    return _File(file, text).manifests(documents)


def read_output(text: str) -> Found:
    """Return the manifests of what a tool has written, where every document must be one; `where` has no file."""
    try:
        return _File("", text, strict=True).manifests(load_documents(text, file=""))
    except YamlProblem as error:
        return Found(problems=tuple(error.problems))


def read_evaluated(file: str, text: str) -> Found:
    """Return the manifests of the JSON that a Jsonnet file evaluates to: an object, an array of objects, or null.

    `where` has no line: the file's lines are not those of the JSON.
    """
    try:
        documents = load_documents(text, file=".json")
    except YamlProblem as error:
        return Found(problems=tuple(replace(each, where=Where(file, key=each.where.key)) for each in error.problems))
    data = documents[0].data if documents else []
    entries = (
        [(each, f"[{position}]") for position, each in enumerate(data)] if isinstance(data, list) else [(data, "")]
    )
    manifests: list[Manifest] = []
    problems: list[Problem] = []
    for entry, key in entries:
        for body, place in _objects(entry, key) if entry is not None else ():
            wrong = [
                Problem(summary, Where(file, key=".".join(filter(None, (place, field)))), hint=hint)
                for field, summary, hint in _check(body)
            ]
            problems += wrong
            manifests += [] if wrong else [Manifest(_named(without_nulls(body)), Where(file))]
    return Found(tuple(manifests), tuple(problems))


def pointer(file: str) -> Problem:
    """Return the problem of a file of which Git has a pointer to Git LFS only."""
    hint = "Commit the file itself: Git LFS is not supported."
    return Problem("this is a pointer of Git LFS, not the file", Where(file=file), hint=hint)


def _decode(data: bytes) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    return data.decode(encoding)


def _unreadable(error: YamlProblem, text: str) -> Found:
    """A text that is YAML, but with what is refused in a manifest, only matters if it is meant as one."""
    syntax = any(each.summary.startswith("not valid") for each in error.problems)
    if not syntax and not error.documents and not _looks_like_manifest(text):
        return Found()
    hint = "" if _looks_like_manifest(text) else _EXCLUDE
    return Found(problems=tuple(_with_hint(each, hint) for each in error.problems))


def _with_hint(problem: Problem, hint: str) -> Problem:
    hints = "\n".join(each for each in (problem.hint, hint) if each)
    return Problem(problem.summary, problem.where, problem.detail, hints)


def _looks_like_manifest(text: str) -> bool:
    return all(sign in text for sign in _SIGNS)


@dataclass(frozen=True, slots=True)
class _File:
    file: str
    text: str
    strict: bool = False

    def manifests(self, documents: tuple[Document, ...]) -> Found:
        strangers = [each for each in documents if not _has_kind(each.data)]
        if strangers and not self._is_meant(documents, strangers[0]):
            return Found()
        manifests: list[Manifest] = []
        problems: list[Problem] = []
        for document in documents:
            for body, key in _objects(document.data, ""):
                wrong = [self._problem(document, key, *each) for each in _check(body)]
                problems += wrong
                if not wrong:
                    where = Where(self.file, document.line, document.number, key)
                    manifests.append(Manifest(_named(without_nulls(body)), where))
        return Found(tuple(manifests), tuple(problems))

    def _is_meant(self, documents: tuple[Document, ...], stranger: Document) -> bool:
        """Argo CD ignores a file whose first document is no object, unless the text looks like a manifest."""
        return (
            self.strict
            or self.file.endswith(".json")
            or stranger is not documents[0]
            or _looks_like_manifest(self.text)
        )

    def _problem(self, document: Document, key: str, field: str, summary: str, hint: str) -> Problem:
        path = f"{key}.{field}" if key and field else key or field
        line = locate(self.text, document.number, path) or document.line
        return Problem(summary, Where(self.file, line, document.number, path), hint=hint)


def _has_kind(data: Any) -> bool:
    return isinstance(data, Mapping) and isinstance(data.get("kind"), str) and bool(data["kind"])


def _objects(data: Any, key: str) -> Iterator[tuple[Any, str]]:
    """Yield the objects of a document with their key paths: lists of objects are taken apart, at any depth."""
    items = data.get("items") if isinstance(data, Mapping) else None
    if isinstance(items, list):
        for position, item in enumerate(items):
            yield from _objects(item, f"{key}.items[{position}]" if key else f"items[{position}]")
    elif not _is_null_list(data):
        yield data, key


def _is_null_list(data: Any) -> bool:
    """`items:` without a value, as kubectl and Helm write an empty list."""
    if not isinstance(data, Mapping) or data.get("items", ...) is not None:
        return False
    return "spec" not in data and "status" not in data


def _check(body: Any) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with one object: field, summary, hint."""
    if not isinstance(body, Mapping):
        yield "", "this is not a Kubernetes object: it is not a mapping", _EXCLUDE
        return
    missing = [field for field in ("apiVersion", "kind") if body.get(field) in (None, "")]
    if missing:
        are = f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing"
        yield "", f"this is not a Kubernetes object: {are}", _EXCLUDE
        return
    for field in ("apiVersion", "kind"):
        if not isinstance(body[field], str):
            yield field, f"{field} must be a text", _quotes(body[field])
    metadata = body.get("metadata")
    if isinstance(metadata, Mapping):
        yield from _check_metadata(metadata)
    elif metadata is None:
        yield "metadata", "metadata.name is missing", _EXCLUDE
    else:
        yield "metadata", "metadata must be a mapping", ""
    for field in _TEXTS.get((body["apiVersion"], body["kind"]), ()):
        yield from _check_texts(field, body.get(field))


def _check_metadata(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    name = metadata.get("name")
    generated = metadata.get("generateName")
    if name in (None, "") and generated and not _is_hook(metadata):
        hint = "Give it a metadata.name: what is named anew in every run can be neither compared nor pruned."
        yield "metadata.generateName", "generateName is for hooks only", hint
    elif name in (None, "") and not generated:
        yield "metadata.name", "metadata.name is missing", _EXCLUDE
    for field in ("name", "namespace", "generateName"):
        if not isinstance(metadata.get(field), str | None):
            yield f"metadata.{field}", f"metadata.{field} must be a text", _quotes(metadata[field])
    for field in ("labels", "annotations"):
        yield from _check_texts(f"metadata.{field}", metadata.get(field))


def _is_hook(metadata: Mapping[str, Any]) -> bool:
    annotations = metadata.get("annotations")
    return isinstance(annotations, Mapping) and not _HOOKS.isdisjoint(annotations)


def _named(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the object with a name: one that has `generateName` only is named by what it says.

    Argo CD names hooks by the commit and the time of the sync, so that each runs with every sync. Here it is another
    object, and runs again, when it says something else.
    """
    metadata = body["metadata"]
    if metadata.get("name"):
        return body
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:_DIGEST]
    base = metadata["generateName"][: _LONGEST_NAME - _DIGEST]
    kept = {key: value for key, value in metadata.items() if key not in ("name", "generateName")}
    return {**body, "metadata": {"name": f"{base}{digest}", **kept}}


def _check_texts(field: str, values: Any) -> Iterator[tuple[str, str, str]]:
    if values is None:
        return
    if not isinstance(values, Mapping):
        yield field, f"{field} must be a mapping of texts", ""
        return
    for key, value in values.items():
        if not isinstance(value, str):
            yield f"{field}.{key}", f"{field}: the value of {key} must be a text", _quotes(value)


def _quotes(value: Any) -> str:
    """`y`, `010`, nothing at all and many more are no texts to YAML, so say what became of it."""
    if isinstance(value, (Mapping, list)):
        return ""
    return (
        'Write "" for an empty text.' if value is None else f"YAML reads it as {json.dumps(value)}: put it in quotes."
    )


def without_nulls(value: Any) -> Any:
    """Return plain data without what is null, in mappings and in lists; the order stays.

    To the API server a null field is an absent one, and Pulumi's protocol cannot carry the difference.
    """
    if isinstance(value, Mapping):
        return {key: without_nulls(entry) for key, entry in value.items() if entry is not None}
    if isinstance(value, list):
        return [without_nulls(entry) for entry in value if entry is not None]
    return value
