"""Directory: the manifests of a directory in Git, chosen and read by Argo CD's rules for `directory` sources.

In: a path, a Directory and the Snapshot of a commit. Out: Manifests in file order. Which files count is decided here
(`findManifests` in Argo CD's reposerver/repository/repository.go), what is in them in fleet.render.manifests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from fleet.errors import Problem, RenderError, Where
from fleet.frozen import dataclass
from fleet.model.directory import Directory
from fleet.model.glob import compile_glob
from fleet.model.manifest import Manifest
from fleet.render.cache import Cache
from fleet.render.manifests import Found, is_skipped, read_file
from fleet.render.objects import Kind, TooLargeError
from fleet.render.snapshot import LinkError, Node, Snapshot

# Argo CD's default for `--max-combined-directory-manifests-size`.
MOST_BYTES = 10_000_000
_SHOWN = 3

_JSONNET = ".jsonnet"
_MANIFEST = re.compile(r".*\.(yaml|yml|json|jsonnet)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A file that counts. path: as found, in the repository; node: the file itself, where the path is a symlink."""

    path: str
    node: Node


def render(
    path: str, directory: Directory, snapshot: Snapshot, report: Callable[[str], None], cache: Cache
) -> tuple[Manifest, ...]:
    """Return the manifests of the directory at a path. `report` gets a warning for what is skipped.

    cache: a directory whose files have been read once is not read again while they are the same, whatever the commit.
    `where.file` of a manifest is its path in the repository. Raises SourceError for the path, RenderError with all
    problems of its content.
    """
    base = snapshot.directory(path)
    if directory.disable_extension_filter and not (directory.include or directory.exclude):
        report(f"{path}: the extension filter is off without include or exclude, so every file counts as a manifest")
    chosen, problems = _choose(path, directory, base, snapshot, report)
    # What Jsonnet imports is not among the files.
    has_jsonnet = any(_is_jsonnet(each.path) for each in chosen)
    key = "" if problems or has_jsonnet else _key(chosen)
    known = cache.load(key) if key else None
    if known is not None:
        return known
    evaluate = _evaluation(snapshot, base, directory, cache) if has_jsonnet else read_file
    read = _read(path, chosen, snapshot, problems, evaluate)
    if key:
        cache.save(key, read)
    return read


def _key(chosen: Sequence[_Chosen]) -> str:
    return "\0".join(("directory", *(f"{each.path}\0{each.node.entry.sha}" for each in chosen)))


def _read(
    path: str,
    chosen: Sequence[_Chosen],
    snapshot: Snapshot,
    problems: Sequence[Problem],
    evaluate: Callable[[str, bytes], Found],
) -> tuple[Manifest, ...]:
    manifests: list[Manifest] = []
    contents, sizes = _contents(chosen, snapshot)
    wrong = list(problems)
    if sum(sizes.values()) > MOST_BYTES:
        wrong.append(_too_large(path, sizes))
        contents = {}
    for file, data in contents.items():
        found = evaluate(file, data) if _is_jsonnet(file) else read_file(file, data)
        manifests += found.manifests
        wrong += found.problems
    if wrong:
        raise RenderError(*wrong)
    return tuple(manifests)


def _is_jsonnet(file: str) -> bool:
    return file.endswith(_JSONNET)


def _evaluation(snapshot: Snapshot, base: Node, directory: Directory, cache: Cache) -> Callable[[str, bytes], Found]:
    from fleet.render.jsonnet import Evaluation  # noqa: PLC0415 - most directories have no Jsonnet

    return Evaluation(snapshot, base.path, directory.jsonnet, cache).read


def _choose(
    given: str, directory: Directory, base: Node, snapshot: Snapshot, report: Callable[[str], None]
) -> tuple[list[_Chosen], list[Problem]]:
    wanted, problems = _filter(directory)
    chosen: list[_Chosen] = []
    if problems:
        return [], problems
    for node in snapshot.walk(base, recurse=directory.recurse):
        relative = node.path[len(base.path) :].removeprefix("/")
        if not wanted(relative):
            continue
        path = _shown(given, relative)
        try:
            file = _followed(node, path, snapshot, report)
        except LinkError as error:
            problems.append(_bad_link(path, error))
            continue
        if file:
            chosen.append(_Chosen(path, file))
    return chosen, problems


def _filter(directory: Directory) -> tuple[Callable[[str], bool], list[Problem]]:
    """Return whether a path below the directory may be a manifest: by its ending, then `exclude`, then `include`."""
    matches: dict[str, Callable[[str], bool]] = {}
    problems: list[Problem] = []
    for name in ("exclude", "include"):
        pattern = getattr(directory, name)
        if not pattern:
            continue
        try:
            matches[name] = compile_glob(pattern)
        except ValueError as error:
            where = Where(key=f"directory.{name}")
            problems.append(Problem(f"not a glob: {pattern}", where, detail=f"In it, {error}."))
    exclude, include = matches.get("exclude"), matches.get("include")

    def wanted(path: str) -> bool:
        named = directory.disable_extension_filter or bool(_MANIFEST.fullmatch(path))
        return named and not (exclude and exclude(path)) and (include is None or include(path))

    return wanted, problems


def _followed(node: Node, path: str, snapshot: Snapshot, report: Callable[[str], None]) -> Node | None:
    """Return the file that a node is or leads to; None, with a warning, if that is no file. Raises LinkError."""
    if node.entry.kind is not Kind.SYMLINK:
        return node
    found = snapshot.find(node.path)
    if found and found.entry.kind is Kind.FILE:
        return found
    what = "is a symlink to a directory" if found else "is a symlink to nothing"
    report(f"{path} {what}, and is skipped")
    return None


def _contents(chosen: Sequence[_Chosen], snapshot: Snapshot) -> tuple[dict[str, bytes], dict[str, int]]:
    """Return the bytes of the files that do not ask to be skipped, and the sizes that count, by path.

    When the sizes come to too much, what follows is not read.
    """
    contents: dict[str, bytes] = {}
    sizes: dict[str, int] = {}
    total = 0
    reading = snapshot.read([each.node for each in chosen], MOST_BYTES)
    for each in chosen:
        try:
            data = next(reading)
        except TooLargeError:
            sizes[each.path] = MOST_BYTES + 1
            break
        if not is_skipped(data):
            contents[each.path] = data
            # As in Argo CD: what Jsonnet evaluates to may be of any size, and has other limits.
            sizes[each.path] = 0 if each.path.endswith(_JSONNET) else len(data)
            total += sizes[each.path]
            if total > MOST_BYTES:
                break
    return contents, sizes


def _shown(directory: str, relative: str) -> str:
    parts = [part for part in (*directory.split("/"), relative) if part not in {"", "."}]
    return "/".join(parts)


def _bad_link(path: str, error: LinkError) -> Problem:
    if error.why == "loop":
        return Problem("this symlink leads back to itself", Where(file=path))
    summary = f"this symlink leads out of the repository: {error.target}"
    hint = "Replace it by a copy of the file, or leave it out with directory.exclude."
    return Problem(summary, Where(file=path), hint=hint)


def _too_large(path: str, sizes: Mapping[str, int]) -> Problem:
    summary = f"the manifests are larger than {MOST_BYTES // 1_000_000} MB together"
    largest = sorted(sizes, key=lambda file: -sizes[file])[:_SHOWN]
    shown = ", ".join(f"{file} ({_megabytes(sizes[file])})" for file in largest)
    hint = "Choose fewer files with directory.include and exclude, or split the application."
    return Problem(summary, Where(file=path), detail=f"Of those read so far the largest are {shown}.", hint=hint)


def _megabytes(size: int) -> str:
    most = MOST_BYTES // 1_000_000
    return f"more than {most} MB" if size > MOST_BYTES else f"{size / 1_000_000:.1f} MB"
