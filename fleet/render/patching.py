"""Patching: changes to objects after they were rendered, whatever rendered them, made by the program `kustomize`.

In: PatchRequests with the objects that their requests were rendered to. Out: the objects, in the same order. kustomize
is given the objects that a patch is for and no others, each with the patches that are for it: an object that no patch
is for comes out as it went in. Which those are is decided by fleet.render.patch_targets, by what was rendered.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fleet.errors import Problem, RenderError, Where
from fleet.frozen import dataclass
from fleet.model.manifest import Manifest
from fleet.model.masking import MASK
from fleet.model.patch import Patch
from fleet.model.plan import PatchRequest
from fleet.render import output
from fleet.render.cache import Cache
from fleet.render.patch_targets import is_delete, positions, shown, target, unmatched
from fleet.render.problems import completed
from fleet.render.runner import ToolFailed
from fleet.render.tools import KUSTOMIZE, NEEDED, Tool, Tools

_AT_ONCE = 4
_TIMEOUT_S = 300.0
_OBJECTS = "objects.yaml"
_PLAIN = frozenset({"apiVersion", "kind", "name", "namespace", "op", "path", "from", "$patch"})
# What kustomize takes as said to itself: it would leave the object out, or rename it, or remove the annotation.
_RESERVED = re.compile(
    r"(internal\.config\.kubernetes\.io|kustomize\.config\.k8s\.io|internal\.config\.k8s\.io)/.*"
    r"|config\.kubernetes\.io/(local-config|index|path|id|origin|merge-source|previous.*)"
    r"|alpha\.config\.kubernetes\.io/transformations|config\.k8s\.io/(id|index|path)"
)


def patch_all(
    rendered: Mapping[PatchRequest, tuple[Manifest, ...]],
    cache_dir: Path,
    used_by: Mapping[PatchRequest, Where] = MappingProxyType({}),
) -> Mapping[PatchRequest, tuple[Manifest, ...]]:
    """Return the objects of each request with its patches applied, in their order and with their `where`.

    rendered: the objects to patch; no two of a request are the same object. cache_dir: as Repositories has it.
    used_by: completes `where` of the problems of a request. Raises one RenderError with the problems of all requests.
    """
    work = _Work(Tools(os.environ.get("PATH", "")), Cache(cache_dir / "render"))
    matched = {request: _matched(request.patches, manifests) for request, manifests in rendered.items()}
    missing = work.missing() if any(each.uses for each in matched.values()) else ()
    if missing:
        done = {request: each.with_problems(missing if each.uses else ()) for request, each in matched.items()}
    else:
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            done = dict(zip(matched, pool.map(work.patched, matched.values()), strict=True))
    problems = ((each.problems, used_by.get(request, Where())) for request, each in done.items())
    placed = [problem for several, user in problems for problem in completed(several, user)]
    if placed:
        raise RenderError(*placed)
    return MappingProxyType({request: each.manifests for request, each in done.items()})


@dataclass(frozen=True, slots=True)
class _Use:
    """A patch, the first being number 0, that is for the object at a position."""

    number: int
    patch: Patch
    position: int


@dataclass(frozen=True, slots=True)
class _Patching:
    """Objects, which patches are for which of them, and what is wrong. With problems, the manifests are of no use."""

    manifests: tuple[Manifest, ...]
    uses: tuple[_Use, ...] = ()
    problems: tuple[Problem, ...] = ()

    def with_problems(self, more: Iterable[Problem]) -> _Patching:
        return replace(self, problems=(*self.problems, *more))


def _matched(patches: Iterable[Patch], manifests: tuple[Manifest, ...]) -> _Patching:
    uses: list[_Use] = []
    problems: list[Problem] = []
    for number, patch in enumerate(patches):
        found = positions(patch, manifests)
        if not found and not patch.optional:
            problems.append(unmatched(patch, manifests))
        for position in found:
            uses.append(_Use(number, patch, position))
            problems += _refused(patch, manifests[position])
    return _Patching(manifests, tuple(uses), tuple(problems))


def _refused(patch: Patch, manifest: Manifest) -> list[Problem]:
    """Return why a patch cannot be made of an object."""
    problems = []
    reserved = sorted(name for name in manifest.annotations if _RESERVED.fullmatch(name))
    if reserved:
        detail = f"It has the annotation {reserved[0]}, which kustomize would act upon."
        problems.append(Problem(f"{manifest.key} cannot be patched: {shown(patch)}", manifest.where, detail=detail))
    metadata = patch.patch.get("metadata") if isinstance(patch.patch, Mapping) else None
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    if namespace and namespace != manifest.namespace:
        problems.append(_other_object([f"metadata.namespace of {target(patch)}"], manifest))
    return problems


def _other_object(changes: Iterable[str], manifest: Manifest) -> Problem:
    summary = f"a patch may not change which object it is: {manifest.key}"
    hint = "Change names, namespaces and kinds where the object is rendered."
    return Problem(summary, manifest.where, detail="\n".join(changes), hint=hint)


@dataclass(frozen=True, slots=True)
class _Work:
    """What the requests of a run have in common."""

    tools: Tools
    cache: Cache

    def missing(self) -> tuple[Problem, ...]:
        """Return the problem if there is no kustomize, or one that is too old."""
        found = [problem for error in self.tools.missing([KUSTOMIZE]) for problem in error.problems]
        return tuple(replace(each, detail=each.detail.replace(NEEDED, "Patches need it.")) for each in found)

    def patched(self, patching: _Patching) -> _Patching:
        """Return the objects with the patches applied, or the problems with those of before."""
        manifests: dict[int, Manifest] = dict(enumerate(patching.manifests))
        problems = list(patching.problems)
        for uses in () if problems else _batches(patching):
            try:
                built = self._built(patching.manifests, uses)
            except RenderError as error:
                problems += error.problems
                continue
            for position in {use.position for use in uses}:
                before = manifests.pop(position)
                after = built.pop(_identity(before), None)
                touching = [use.patch for use in uses if use.position == position]
                if after is not None:
                    manifests[position] = replace(after, where=before.where)
                elif not any(map(is_delete, touching)):
                    problems.append(_other_object([shown(each) for each in touching if _moves(each)], before))
        return _Patching(tuple(manifests[position] for position in sorted(manifests)), problems=tuple(problems))

    def _built(self, manifests: Sequence[Manifest], uses: Sequence[_Use]) -> dict[tuple[str, ...], Manifest]:
        tool = self.tools.of(KUSTOMIZE)
        kustomization, objects = _files(manifests, uses)
        key = f"patches {tool.program.name} {tool.version} {kustomization}\0{objects}"
        built = self.cache.load(key)
        if built is None:
            built = _build(tool, manifests, uses)
            self.cache.save(key, built)
        return {_identity(each): each for each in built}


def _batches(patching: _Patching) -> list[list[_Use]]:
    """Return the uses in groups in which no two objects are the same to kustomize, which puts "" into `default`."""
    taken: list[dict[tuple[str, ...], int]] = []
    batches: list[list[_Use]] = []
    for use in patching.uses:
        manifest = patching.manifests[use.position]
        name = (manifest.api_version, manifest.kind, manifest.namespace or "default", manifest.name)
        number = next((i for i, each in enumerate(taken) if each.get(name, use.position) == use.position), len(taken))
        if number == len(taken):
            taken.append({})
            batches.append([])
        taken[number][name] = use.position
        batches[number].append(use)
    return batches


def _files(manifests: Sequence[Manifest], uses: Sequence[_Use]) -> tuple[str, str]:
    """Return a kustomization, and the objects that it names."""
    alike: dict[tuple[object, ...], list[_Use]] = {}
    for use in uses:
        manifest = manifests[use.position]
        alike.setdefault((use.number, manifest.api_version, manifest.kind, manifest.namespace), []).append(use)
    entries = [_entry(several[0].patch, [manifests[use.position] for use in several]) for several in alike.values()]
    kustomization = {"resources": [_OBJECTS], "patches": entries, "sortOptions": {"order": "fifo"}}
    objects = [_json(manifests[position].body) for position in sorted({use.position for use in uses})]
    return _json(kustomization), "\n---\n".join(objects)


def _entry(patch: Patch, manifests: Sequence[Manifest]) -> dict[str, Any]:
    """Return the patch for exactly these objects, all of one kind in one namespace.

    kustomize has names of its own for no namespace. One entry per object would take it time by the square.
    """
    first = manifests[0]
    target = {
        "group": re.escape(first.group) or "^$",
        "version": re.escape(first.version),
        "kind": re.escape(first.kind),
        "namespace": re.escape(first.namespace) or "(default|_non_namespaceable_)?",
        "name": "|".join(re.escape(each.name) for each in manifests),
    }
    return {"patch": _text(patch, first), "target": target}


def _text(patch: Patch, manifest: Manifest) -> str:
    """Return the patch; with a target, kustomize wants a kind and a name in it, and goes by the object's."""
    if not isinstance(patch.patch, Mapping):
        return patch.text
    body: dict[str, Any] = json.loads(patch.text)
    metadata = {**(body.get("metadata") or {}), "name": manifest.name}
    metadata.pop("namespace", None)
    return _json({**body, "apiVersion": manifest.api_version, "kind": manifest.kind, "metadata": metadata})


def _build(tool: Tool, manifests: Sequence[Manifest], uses: Sequence[_Use]) -> tuple[Manifest, ...]:
    """Return the objects, patched. Raises RenderError, for the first patch that cannot be applied to its object."""
    try:
        return _run(tool, *_files(manifests, uses))
    except ToolFailed as failed:
        if failed.timed_out:
            raise RenderError(Problem(f"applying patches took longer than {_TIMEOUT_S:g} s")) from None
        good, bad, words = 0, len(uses), failed.words
    while bad - good > 1:
        middle = (good + bad) // 2
        try:
            _run(tool, *_files(manifests, uses[:middle]))
            good = middle
        except ToolFailed as failed:
            bad, words = middle, failed.words
    use = uses[bad - 1]
    manifest = manifests[use.position]
    if _moves(use.patch):
        raise RenderError(_other_object([shown(use.patch)], manifest))
    summary = f"a patch cannot be applied to {manifest.key}: {shown(use.patch)}"
    said = _masked(words.removeprefix("Error: "), json.loads(use.patch.text), manifest.body)
    raise RenderError(Problem(summary, manifest.where, detail=said))


def _masked(words: str, *data: object) -> str:
    """Return kustomize's words without the values, which it may repeat, of the patch and of the object."""
    values = {value for each in data for value in _values(each) if len(value) > 3}
    for value in sorted(values, key=len, reverse=True):
        words = words.replace(value, MASK)
    return words


def _values(data: object, key: str = "") -> Iterator[str]:
    """Yield the texts in data that could be secrets: what says which object it is, or what a patch does, is none."""
    if isinstance(data, Mapping):
        yield from (text for name, entry in data.items() for text in _values(entry, name))
    elif isinstance(data, (list, tuple)):
        yield from (text for entry in data for text in _values(entry))
    elif isinstance(data, str) and key not in _PLAIN:
        yield data


def _run(tool: Tool, kustomization: str, objects: str) -> tuple[Manifest, ...]:
    with tempfile.TemporaryDirectory(prefix="fleet-") as directory:
        work = Path(directory).resolve()
        tree = work / "tree"
        tree.mkdir()
        (tree / "kustomization.yaml").write_text(kustomization, encoding="utf-8")
        (tree / _OBJECTS).write_text(objects, encoding="utf-8")
        written, _ = tool.run("build", str(tree), work=work, directory=tree, timeout_s=_TIMEOUT_S)
    return output.manifests(written.decode(errors="replace"), lambda _: "")


def _identity(manifest: Manifest) -> tuple[str, ...]:
    return manifest.api_version, manifest.kind, manifest.namespace, manifest.name


def _moves(patch: Patch) -> bool:
    """Whether a JSON patch touches what says which object it is."""
    places = ("/apiVersion", "/kind", "/metadata", "/metadata/name", "/metadata/namespace", "")
    operations = (each for each in patch.patch if isinstance(each, Mapping) and each["op"] != "test")
    return any(place in places for each in operations for place in (each["path"], each.get("from")))


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)
