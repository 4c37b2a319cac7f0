"""Which stacks a backend has, and removing one."""

import json
from pathlib import Path
from typing import Any

import pytest

from fleet.engine import lock, stacks
from fleet.engine.backend import Backend, StackRef
from fleet.engine.history import Update
from fleet.errors import FleetError, LockedError, StateError
from tests.unit.engine_state.strategies import urn

DEV = StackRef("sample", "dev")
ROOT = {"urn": urn("sample-dev", "pulumi:pulumi:Stack"), "custom": False, "type": "pulumi:pulumi:Stack"}
CONFIG_MAP = {"urn": urn("a"), "custom": True, "type": "kubernetes:core/v1:ConfigMap"}
UPDATE = Update(kind="update", started_s=1, ended_s=2, succeeded=True)


def backend(root: Path, ref: StackRef = DEV, **latest: Any) -> Backend:
    found = Backend(root)
    found.prepare()
    checkpoint = {"stack": str(ref), "latest": {"manifest": {"time": "2025-01-02T03:04:05.678Z"}, **latest}}
    found.overwrite(ref, json.dumps({"version": 3, "checkpoint": checkpoint}).encode())
    found.record(ref, UPDATE, copy=True)
    return found


def kept(found: Backend) -> list[str]:
    paths = (path.relative_to(found.root / ".pulumi") for path in found.root.rglob("*") if path.is_file())
    return sorted(str(path.parent if path.parts[0] in ("history", "backups") else path) for path in paths)


def test_summaries(tmp_path: Path) -> None:
    found = backend(tmp_path, resources=[ROOT, CONFIG_MAP])
    backend(tmp_path, StackRef("other", "x"))
    backend(tmp_path, StackRef("sample", "broken")).checkpoint_file(StackRef("sample", "broken")).write_text("{")
    assert found.projects() == ("other", "sample")
    broken, dev = stacks.summaries(found, ("sample",))
    assert (dev.ref, dev.updated, dev.resources, dev.is_held) == (DEV, "2025-01-02T03:04:05.678Z", 2, False)
    assert (broken.updated, broken.resources) == ("", None)
    assert broken.problem is not None
    assert broken.problem.summary == "The state is damaged"
    assert [each.ref.stack for each in stacks.summaries(found, found.projects())] == ["x", "broken", "dev"]
    with lock.held(found, DEV):
        assert [each.is_held for each in stacks.summaries(found, ("sample",))] == [False, True]


@pytest.mark.parametrize(
    "text",
    ["[]", "3", '"x"', '{"checkpoint": 3}', '{"checkpoint": {"latest": 3}}', '{"checkpoint": {"latest": "ab"}}'],
)
def test_what_is_no_checkpoint_is_listed_all_the_same(tmp_path: Path, text: str) -> None:
    found = backend(tmp_path)
    found.checkpoint_file(DEV).write_text(text)
    (summary,) = stacks.summaries(found, ("sample",))
    assert summary.problem is not None


def test_the_last_state_stays_as_bak_and_so_do_backups(tmp_path: Path) -> None:
    found = backend(tmp_path, resources=[ROOT])
    stacks.remove(found, DEV, force=False, backups=False)
    assert kept(found) == ["backups/sample/dev", "meta.yaml", "stacks/sample/dev.json.bak"]
    assert found.stacks("sample") == ()


def test_remove_backups(tmp_path: Path) -> None:
    found = backend(tmp_path)
    backend(tmp_path, StackRef("sample", "dev2"))
    stacks.remove(found, DEV, force=False, backups=True)
    assert kept(found) == [
        *(["backups/sample/dev2"]),
        *(["history/sample/dev2"] * 2),
        "meta.yaml",
        "stacks/sample/dev2.json",
        "stacks/sample/dev2.json.attrs",
    ]


@pytest.mark.parametrize(
    ("latest", "words"),
    [
        pytest.param({"resources": [ROOT, CONFIG_MAP]}, "still has resources", id="an object"),
        pytest.param({"resources": [CONFIG_MAP]}, "still has resources", id="without a root"),
        pytest.param(
            {"pending_operations": [{"type": "creating", "resource": CONFIG_MAP}]}, "still has", id="one under way"
        ),
    ],
)
def test_a_stack_in_use_is_not_removed(tmp_path: Path, latest: dict[str, Any], words: str) -> None:
    found = backend(tmp_path, **latest)
    before = kept(found)
    with pytest.raises(FleetError, match=words):
        stacks.remove(found, DEV, force=False, backups=True)
    assert kept(found) == before
    stacks.remove(found, DEV, force=True, backups=True)
    assert kept(found) == ["meta.yaml"]


def test_a_journal_may_hold_resources(tmp_path: Path) -> None:
    found = backend(tmp_path)
    found.journal_file(DEV).write_text("{}")
    with pytest.raises(FleetError, match="was interrupted"):
        stacks.remove(found, DEV, force=False, backups=False)
    stacks.remove(found, DEV, force=True, backups=False)
    assert found.journal_file(DEV).with_suffix(".journal.bak").read_text() == "{}"


def test_a_damaged_state_is_only_removed_by_force(tmp_path: Path) -> None:
    found = backend(tmp_path)
    found.checkpoint_file(DEV).write_text("{")
    with pytest.raises(StateError, match="damaged"):
        stacks.remove(found, DEV, force=False, backups=False)
    stacks.remove(found, DEV, force=True, backups=False)
    assert found.stacks("sample") == ()


def test_a_stack_that_a_run_holds_is_not_removed(tmp_path: Path) -> None:
    found = backend(tmp_path)
    with lock.held(found, DEV), pytest.raises(LockedError):
        stacks.remove(found, DEV, force=True, backups=True)
    assert found.stacks("sample") == ("dev",)
