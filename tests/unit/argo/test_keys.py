"""The tables of keys, and the page that shows them to users."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.argo import parse_documents
from fleet.argo.keys import ADOPT, KEYS, SKIP_RECONCILE, SYNC_OPTIONS, WAIT, WAIT_TIMEOUT, Keys
from fleet.argo.project_keys import PROJECT_KEYS
from fleet.yamlio import Document, load_documents
from tests.unit.argo.parsing import document

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "argo-yaml.md"
ALL = {**KEYS, "spec.syncPolicy.syncOptions[]": SYNC_OPTIONS, **PROJECT_KEYS}
ROW = re.compile(r"\| `(?P<key>[^`]+)` \| (?P<outcome>[^|]+) \| (?P<why>.+) \|")


def rows(place: str) -> dict[str, tuple[str, str]]:
    """Return the page's table for one mapping: key → outcome and explanation."""
    heading = f"### `{place}`" if place else "### The document"
    section = PAGE.read_text(encoding="utf-8").partition(f"{heading}\n")[2].partition("\n##")[0]
    return {row["key"]: (row["outcome"], row["why"]) for row in ROW.finditer(section)}


@pytest.mark.parametrize(("place", "keys"), ALL.items(), ids=[place or "document" for place in ALL])
def test_the_page_shows_every_key_and_no_other(place: str, keys: Keys) -> None:
    shown = rows(place)
    assert {key: shown[key][0] for key in shown} == {
        **dict.fromkeys(keys.read, "read"),
        **dict.fromkeys(keys.unused, "no effect"),
        **dict.fromkeys(keys.unsupported, "not supported yet"),
    }
    assert {key: shown[key][1] for key in keys.unused} == keys.unused
    for key, unsupported in keys.unsupported.items():
        assert shown[key][1] == f"{unsupported.why} {unsupported.instead}"


def test_no_key_is_known_in_two_ways() -> None:
    assert all(len(set(keys.all)) == len(keys.all) for keys in ALL.values())


def replaced(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    step, *rest = path
    if isinstance(step, int):
        return [replaced(each, tuple(rest), value) if n == step else each for n, each in enumerate(data)]
    return {**data, step: replaced(data.get(step, {}), tuple(rest), value)}


FULL = document(
    metadata="{name: web, labels: {a: b}, annotations: {a: b}}",
    source="{repoURL: a, path: b, directory: {recurse: true}}",
    destination="{servers: [a, {server: b}]}",
    sync="{automated: {}, syncOptions: [CreateNamespace=true]}",
)
PATHS: list[tuple[str | int, ...]] = [
    *((key,) for key in KEYS[""].all),
    *(("metadata", key) for key in KEYS["metadata"].all),
    *(("metadata", "annotations", key) for key in (ADOPT, WAIT, WAIT_TIMEOUT, SKIP_RECONCILE, "a")),
    *(("spec", key) for key in KEYS["spec"].all),
    *(("spec", "source", key) for key in KEYS["spec.source"].all),
    *(("spec", "source", "directory", key) for key in KEYS["spec.source.directory"].all),
    *(("spec", "destination", key) for key in KEYS["spec.destination"].all),
    ("spec", "destination", "servers", 0),
    *(("spec", "destination", "servers", 1, key) for key in KEYS["spec.destination.servers[]"].all),
    *(("spec", "syncPolicy", key) for key in KEYS["spec.syncPolicy"].all),
    ("spec", "syncPolicy", "syncOptions", 0),
    *(("spec", "syncPolicy", "automated", key) for key in KEYS["spec.syncPolicy.automated"].all),
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)


@given(path=st.sampled_from(PATHS), value=values)
def test_any_value_anywhere_gives_an_application_or_problems(path: tuple[str | int, ...], value: Any) -> None:
    (right,) = load_documents(FULL, file="web.yaml")
    changed = Document(replaced(right.data, path, value), "web.yaml", 0, 1)
    found, problems = parse_documents([changed])
    assert bool(found.applications) != bool(problems) or changed.data["kind"] in ("List", "ApplicationList")
    assert all(problem.where.file == "web.yaml" for problem in problems)
