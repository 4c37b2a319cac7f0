"""Exporting and importing states."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from fleet.engine import exchange, lock
from fleet.engine.backend import Backend, StackRef
from fleet.engine.ledger import Outcome
from fleet.engine.secrets import Vault
from fleet.engine.state import Operation, Resource, Secret
from fleet.engine.store import Store
from fleet.errors import LockedError, StateError, UnsupportedError
from tests.unit.engine_state.strategies import PASSPHRASE, urn

DEV = StackRef("sample", "dev")
REAL = Path(__file__).with_name("data") / "checkpoint.json"
SALT = "v1:AKM+Zk6wqA0=:v1:F5ZMxHvQUnCaSunF:2nw6cJxrfAUzw6cvJ9zYSkfOCd3Iww=="
PLAINTEXT = 's3cr"et<>&é'
ROOT = {"urn": urn("sample-dev", "pulumi:pulumi:Stack"), "custom": False, "type": "pulumi:pulumi:Stack"}


def store(root: Path, ref: StackRef = DEV, salt: str = "") -> Store:
    return Store(Backend(root), ref, Vault(ref.stack, salt, environ={"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}))


@pytest.fixture
def real(tmp_path: Path) -> Store:
    """A state that Pulumi wrote."""
    found = store(tmp_path, salt=SALT)
    found.backend.prepare()
    found.backend.overwrite(DEV, REAL.read_bytes())
    return found


def latest(found: Store) -> Any:
    return json.loads(found.backend.read(found.ref) or b"")["checkpoint"]["latest"]


def text(*resources: object, version: int = 3, **changes: Any) -> str:
    deployment = {"manifest": {"time": "", "magic": "", "version": ""}, "resources": [ROOT, *resources], "metadata": {}}
    return json.dumps({"version": version, "deployment": deployment | changes})


def test_an_export_is_what_is_there(real: Store) -> None:
    exported = exchange.export(real)
    assert json.loads(exported) == {"version": 3, "deployment": latest(real)}
    assert exported.startswith('{\n    "version": 3,\n    "deployment": {\n        "manifest"')
    assert PLAINTEXT not in exported


def test_what_this_engine_cannot_work_with_is_exported_all_the_same(real: Store) -> None:
    document = json.loads(REAL.read_bytes())
    document |= {"version": 4, "features": ["taint"]}
    document["checkpoint"]["latest"]["resources"].append({"urn": "urn:other", "type": "aws:x:Y", "future": 1})
    real.backend.overwrite(DEV, json.dumps(document).encode())
    assert json.loads(exchange.export(real)) == {
        "version": 4,
        "features": ["taint"],
        "deployment": document["checkpoint"]["latest"],
    }


def test_secrets_in_plain_text(real: Store) -> None:
    shown = json.loads(exchange.export(real, show_secrets=True))["deployment"]
    assert "ciphertext" not in json.dumps(shown["resources"])
    (root,) = (each for each in shown["resources"] if each["type"] == "pulumi:pulumi:Stack")
    assert json.loads(root["outputs"]["token"]["plaintext"]) == PLAINTEXT
    assert shown["secrets_providers"] == latest(real)["secrets_providers"]


def test_what_a_run_that_was_cut_off_has_done_is_exported(tmp_path: Path) -> None:
    with store(tmp_path / "before").update("update") as ledger:
        ledger.put(Resource(urn=urn("a"), type="kubernetes:core/v1:ConfigMap", custom=True))
        ledger.sync()
        shutil.copytree(tmp_path / "before", tmp_path / "killed")
    exported = json.loads(exchange.export(store(tmp_path / "killed")))["deployment"]
    assert [each["urn"] for each in exported["resources"]] == [urn("a")]
    assert not store(tmp_path / "killed").backend.checkpoint_file(DEV).exists()


def test_a_damaged_state_names_its_backup(real: Store) -> None:
    real.backend.checkpoint_file(DEV).write_text('{"version": 3')
    with pytest.raises(StateError, match="The state is damaged"):
        exchange.export(real)


def runs(root: Path, *names: str) -> Store:
    """Let a run put each resource; no name is a run that changes nothing."""
    for name in names:
        with store(root).update("update") as ledger:
            if name:
                ledger.put(Resource(urn=urn(name), type="kubernetes:core/v1:ConfigMap", custom=True))
            ledger.outcome = Outcome(succeeded=True)
    return store(root)


def test_a_version_is_what_an_update_left(tmp_path: Path) -> None:
    found = runs(tmp_path, "a", "", "b")
    urns = [
        [each["urn"] for each in json.loads(exchange.export_version(found, number))["deployment"]["resources"]]
        for number in (1, 3)
    ]
    assert urns == [[urn("a")], [urn("a"), urn("b")]]
    with pytest.raises(StateError, match=r"changed nothing .*\n.*is version 1"):
        exchange.export_version(found, 2)
    for number in (0, 4):
        with pytest.raises(StateError, match=f"no version {number}\n.*versions 1 to 3"):
            exchange.export_version(found, number)
    with pytest.raises(StateError, match="no history"):
        exchange.export_version(store(tmp_path / "new"), 1)


@pytest.mark.parametrize("show_secrets", [False, True], ids=["encrypted", "in plain text"])
def test_what_was_exported_can_be_imported(real: Store, tmp_path: Path, *, show_secrets: bool) -> None:
    before = real.read()
    other = store(tmp_path / "other", salt="" if not show_secrets else SALT)
    found = exchange.read(exchange.export(real, show_secrets=show_secrets), "x.json", other)
    assert (found.problems, found.dropped) == ((), ())
    assert exchange.belongs(found.snapshot, DEV)
    kept = exchange.put(other, found.snapshot)
    assert (kept.backup, kept.journal) == (None, None)
    after = store(tmp_path / "other").read()
    assert (after.resources, after.manifest) == (before.resources, before.manifest)
    assert PLAINTEXT.encode() not in (other.backend.read(DEV) or b"")
    if not show_secrets:
        assert other.backend.read(DEV) == real.backend.read(DEV)


def test_the_state_before_is_kept(real: Store) -> None:
    before = real.backend.read(DEV)
    real.backend.journal_file(DEV).write_text("what was done")
    kept = exchange.put(real, exchange.read(text(), "x.json", real).snapshot)
    assert kept.backup is not None
    assert kept.journal is not None
    assert kept.backup.parent == real.backend.folder("backups", "sample", "dev")
    bak = real.backend.checkpoint_file(DEV).with_suffix(".json.bak")
    assert kept.backup.read_bytes() == bak.read_bytes() == before
    assert kept.journal.read_text() == "what was done"
    assert not real.backend.journal_file(DEV).exists()
    assert [each.urn for each in real.read().resources] == [ROOT["urn"]]
    (record,) = real.backend.updates(DEV)
    assert json.loads(record.read_bytes())["kind"] == "import"
    assert real.backend.outcome(record) == real.backend.read(DEV)


def test_a_damaged_state_can_be_replaced(real: Store) -> None:
    real.backend.checkpoint_file(DEV).write_text('{"version": 3')
    exchange.put(real, exchange.read(text(), "x.json", real).snapshot)
    assert len(real.read().resources) == 1


def test_while_a_run_holds_the_stack_nothing_is_imported(real: Store) -> None:
    found = exchange.read(text(), "x.json", real)
    with lock.held(real.backend, DEV), pytest.raises(LockedError):
        exchange.put(real, found.snapshot)
    assert real.backend.read(DEV) == REAL.read_bytes()


ELSEWHERE = {
    "another stack": (
        {"urn": "urn:pulumi:prod::sample::x:y:Z::a", "type": "x:y:Z"},
        "resource 'urn:pulumi:prod::sample::x:y:Z::a' is from a different stack (prod != dev)",
    ),
    "another project": (
        {"urn": "urn:pulumi:dev::other::x:y:Z::a", "type": "x:y:Z"},
        "resource 'urn:pulumi:dev::other::x:y:Z::a' is from a different project (other != sample)",
    ),
    "no URN": ({"urn": "a", "type": "x:y:Z"}, "'a' is not a URN"),
    "contradictions": (
        {"urn": urn("a"), "type": "x:y:Z", "parent": urn("b")},
        f"{urn('a')} needs {urn('b')}, which is missing",
    ),
}


@pytest.mark.parametrize(("resource", "words"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_speaks_against_an_import(tmp_path: Path, resource: dict[str, Any], words: str) -> None:
    found = exchange.read(text(resource), "x.json", store(tmp_path))
    (problem,) = found.problems
    assert words in problem.detail
    assert problem.where.file == "x.json"


def test_many_resources_of_another_stack_are_named_together(tmp_path: Path) -> None:
    strangers = [{"urn": f"urn:pulumi:prod::sample::x:y:Z::{number}", "type": "x:y:Z"} for number in range(9)]
    (problem,) = exchange.read(text(*strangers), "x.json", store(tmp_path)).problems
    assert problem.detail.splitlines()[-1] == "and 4 more"


def test_a_state_of_another_stack_does_not_belong(tmp_path: Path) -> None:
    found = exchange.read(text().replace("dev", "prod"), "x.json", store(tmp_path))
    assert found.problems
    assert not exchange.belongs(found.snapshot, DEV)


def test_operations_under_way_end(tmp_path: Path) -> None:
    planned: dict[str, Any] = {"urn": urn("a"), "type": "kubernetes:core/v1:ConfigMap", "custom": True}
    found = exchange.read(
        text(pending_operations=[{"type": "creating", "resource": planned}]), "x.json", store(tmp_path)
    )
    assert found.dropped == (Operation("creating", Resource(**planned)),)
    assert found.snapshot.pending_operations == ()


def test_secrets_of_another_salt_are_encrypted_anew(tmp_path: Path) -> None:
    ours, theirs = store(tmp_path / "ours"), store(tmp_path / "theirs")
    for each in (ours, theirs):
        with each.update("update") as ledger:
            outputs = {"token": Secret("hunter2")}
            ledger.put(Resource(urn=ROOT["urn"], type="pulumi:pulumi:Stack", outputs=outputs))  # type: ignore[arg-type]
    salt = ours.vault.salt
    assert salt != theirs.vault.salt
    again = store(tmp_path / "ours", salt=salt)
    exchange.put(again, exchange.read(exchange.export(theirs), "x.json", again).snapshot)
    assert latest(again)["secrets_providers"]["state"] == {"salt": salt}
    assert store(tmp_path / "ours", salt=salt).read().outputs() == {"token": Secret("hunter2")}


def secret(provider: dict[str, Any], ciphertext: str = "v1:x:y") -> str:
    sealed = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": ciphertext}
    root = ROOT | {"outputs": {"token": sealed}}
    return text(resources=[root], secrets_providers=provider)


def test_secrets_of_another_provider_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="encrypted by 'service'"):
        exchange.read(secret({"type": "service", "state": {"url": "https://x"}}), "x.json", store(tmp_path))


def test_another_provider_without_a_secret_is_left_behind(tmp_path: Path) -> None:
    found = store(tmp_path)
    provider = {"type": "service", "state": {"url": "https://x"}}
    exchange.put(found, exchange.read(text(secrets_providers=provider), "x.json", found).snapshot)
    assert "secrets_providers" not in latest(found)


NONE = {
    "nothing": "",
    "no JSON": "version: 3",
    "a list": "[]",
    "a number": "3",
    "a checkpoint": REAL.read_text(),
    "no deployment": '{"version": 3, "deployment": null}',
    "a text": '{"version": 3, "deployment": "x"}',
    "a version that is none": '{"version": "three", "deployment": {}}',
    "resources that are none": '{"version": 3, "deployment": {"resources": [3]}}',
    "a resource without a type": '{"version": 3, "deployment": {"resources": [{"urn": "a"}]}}',
}


@pytest.mark.parametrize("given", NONE.values(), ids=NONE)
def test_what_is_no_deployment(tmp_path: Path, given: str) -> None:
    with pytest.raises(StateError, match=re.escape("x.json: This is no deployment")):
        exchange.read(given, "x.json", store(tmp_path))


@pytest.mark.parametrize(
    ("version", "words"),
    [(4, r"format version 4;.*\n.*pulumi stack import`\.$"), (2, r"format version 2;.*\n.*to the current format\.$")],
)
def test_other_formats_are_left_to_pulumi(tmp_path: Path, version: int, words: str) -> None:
    with pytest.raises(StateError, match=words):
        exchange.read(text(version=version), "x.json", store(tmp_path))


def test_features_are_left_to_pulumi(tmp_path: Path) -> None:
    given = json.dumps(json.loads(text(version=4)) | {"features": ["views", "taint"]})
    with pytest.raises(StateError, match="version 4 and uses views, taint; "):
        exchange.read(given, "x.json", store(tmp_path))
