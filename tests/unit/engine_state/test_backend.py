"""The file backend's layout, and that nothing in it is lost."""

import base64
import gzip
import hashlib
import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from fleet.engine import checksums
from fleet.engine.backend import Backend, StackRef, check_stack_name, digest, folder_of
from fleet.engine.history import Update
from fleet.errors import StateError, UnsupportedError

DEV = StackRef("sample", "dev")
FIRST, SECOND, THIRD = (b'{"version":3,"checkpoint":{"a":%d}}' % number for number in (1, 2, 3))
UPDATE = Update(kind="update", started_s=1, ended_s=2, succeeded=True, config={"b": "1"}, changes={"create": 2, "x": 0})


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    prepared = Backend(tmp_path)
    prepared.prepare()
    return prepared


def files(backend: Backend) -> list[str]:
    return sorted(str(path.relative_to(backend.root)) for path in backend.root.rglob("*") if path.is_file())


def test_a_new_folder_is_laid_out_as_pulumi_does(backend: Backend) -> None:
    assert (backend.root / ".pulumi" / "meta.yaml").read_text(encoding="utf-8") == "version: 1\n"


def test_checkpoints_come_back_and_the_one_before_is_kept(backend: Backend) -> None:
    assert backend.read(DEV) is None
    backend.write(DEV, FIRST, replaces=digest(None))
    backend.write(DEV, SECOND, replaces=digest(FIRST))
    assert backend.read(DEV) == SECOND
    assert files(backend) == [
        ".pulumi/meta.yaml",
        ".pulumi/stacks/sample/dev.json",
        ".pulumi/stacks/sample/dev.json.attrs",
        ".pulumi/stacks/sample/dev.json.bak",
    ]
    assert backend.checkpoint_file(DEV).with_suffix(".json.bak").read_bytes() == FIRST


@pytest.mark.parametrize("there", [pytest.param(SECOND, id="another"), pytest.param(b'{"vers', id="half of one")])
def test_what_was_not_read_is_not_overwritten(backend: Backend, there: bytes) -> None:
    backend.write(DEV, FIRST, replaces="")
    backend.checkpoint_file(DEV).write_bytes(there)
    with pytest.raises(StateError, match="is not the one that was read"):
        backend.write(DEV, SECOND, replaces=digest(FIRST))
    assert backend.checkpoint_file(DEV).read_bytes() == there


def test_a_failed_write_leaves_the_old_one(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.write(DEV, FIRST, replaces="")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match="could not be written") as caught:
        backend.write(DEV, SECOND, replaces=digest(FIRST))
    assert "No space left on device" in str(caught.value)
    assert backend.read(DEV) == FIRST
    assert [name for name in files(backend) if name.endswith(".tmp")] == []


def test_what_killed_processes_left_of_writing_it_goes(backend: Backend) -> None:
    backend.prepare()
    folder = backend.checkpoint_file(DEV).parent
    folder.mkdir(parents=True)
    ours, anothers = (".dev.json.17.tmp", ".dev.json.bak.17.tmp"), (".dev.json.json.17.tmp", ".prod.json.17.tmp")
    for name in (*ours, *anothers):
        (folder / name).touch()
    backend.overwrite(DEV, b"{}")
    assert {path.name for path in folder.glob(".*.tmp")} == set(anothers)


def test_a_checksum_is_beside_it_and_follows_it(backend: Backend) -> None:
    checksum = backend.checkpoint_file(DEV).with_suffix(".json.attrs")
    found = []
    for before, after in ((b"", FIRST), (FIRST, SECOND)):
        backend.write(DEV, after, replaces=digest(before) if before else "")
        found.append(json.loads(checksum.read_bytes())["md5"])
    assert found == [base64.b64encode(hashlib.md5(each).digest()).decode() for each in (FIRST, SECOND)]


def test_what_its_checksum_does_not_fit_is_refused_until_that_is_gone(backend: Backend) -> None:
    backend.write(DEV, FIRST, replaces="")
    path = backend.checkpoint_file(DEV)
    path.write_bytes(FIRST.replace(b"1", b"7"))
    with pytest.raises(StateError, match="not as an engine wrote it") as caught:
        backend.read(DEV)
    (command,) = re.findall(r"take its checksum away: (.*)", str(caught.value))
    subprocess.run(command, shell=True, check=True)
    assert backend.read(DEV) == path.read_bytes()


@pytest.mark.parametrize("checksum", [b"", b"{}", b"[]", b'{"md5":null}'])
def test_a_checksum_that_says_nothing_does_not_count(backend: Backend, checksum: bytes) -> None:
    backend.write(DEV, FIRST, replaces="")
    checksums.path_of(backend.checkpoint_file(DEV)).write_bytes(checksum)
    assert backend.read(DEV) == FIRST


def test_while_it_is_being_written_its_checksum_is_looked_at_again(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulumi's backend writes the checksum first."""
    backend.write(DEV, FIRST, replaces="")
    checksums.write(backend.checkpoint_file(DEV), SECOND)
    monkeypatch.setattr(time, "sleep", lambda _: backend.checkpoint_file(DEV).write_bytes(SECOND))
    assert backend.read(DEV) == SECOND


def test_permissions_stay(backend: Backend) -> None:
    backend.write(DEV, FIRST, replaces="")
    backend.checkpoint_file(DEV).chmod(0o600)
    backend.write(DEV, SECOND, replaces=digest(FIRST))
    assert backend.checkpoint_file(DEV).stat().st_mode & 0o777 == 0o600


def test_a_compressed_checkpoint_is_read_and_written_anew_uncompressed(backend: Backend) -> None:
    folder = backend.folder("stacks", "sample")
    folder.mkdir(parents=True)
    (folder / "dev.json.gz").write_bytes(gzip.compress(FIRST))
    assert backend.stacks("sample") == ("dev",)
    assert backend.read(DEV) == FIRST
    backend.write(DEV, SECOND, replaces=digest(FIRST))
    assert sorted(path.name for path in folder.iterdir()) == ["dev.json", "dev.json.attrs", "dev.json.gz.bak"]


def test_of_two_the_one_written_last_counts(backend: Backend) -> None:
    backend.write(DEV, FIRST, replaces="")
    compressed = backend.checkpoint_file(DEV).with_suffix(".json.gz")
    compressed.write_bytes(gzip.compress(SECOND))
    os.utime(compressed, ns=(0, 0))
    assert backend.read(DEV) == FIRST


def test_other_compressions_are_named(backend: Backend) -> None:
    folder = backend.folder("stacks", "sample")
    folder.mkdir(parents=True)
    (folder / "dev.json.zst").touch()
    with pytest.raises(StateError, match="PULUMI_DIY_BACKEND_ZSTD"):
        backend.read(DEV)


def test_the_stacks_of_a_project(backend: Backend) -> None:
    assert backend.stacks("sample") == ()
    for name in ("prod", "dev"):
        backend.write(StackRef("sample", name), FIRST, replaces="")
    backend.write(StackRef("other", "x"), FIRST, replaces="")
    backend.write(DEV, SECOND, replaces=digest(FIRST))
    backend.journal_file(DEV).touch()
    assert backend.stacks("sample") == ("dev", "prod")


def test_the_history_is_what_pulumi_reads(backend: Backend) -> None:
    backend.write(DEV, FIRST, replaces="")
    backend.record(DEV, UPDATE, copy=True)
    (entry,) = backend.folder("history", "sample", "dev").glob("dev-*.history.json")
    assert json.loads(entry.read_bytes()) == {
        "kind": "update",
        "startTime": 1,
        "message": "",
        "environment": {"exec.agent": "fleet", "exec.kind": "cli"},
        "config": {"b": "1"},
        "version": 0,
        "result": "succeeded",
        "endTime": 2,
        "resourceChanges": {"create": 2},
    }
    copies = [*backend.folder("history").rglob("*.checkpoint.json"), *backend.folder("backups").rglob("dev.*.json")]
    assert [copy.read_bytes() for copy in copies] == [FIRST, FIRST]


def test_a_copy_does_not_share_the_fate_of_the_original(backend: Backend) -> None:
    backend.write(DEV, FIRST, replaces="")
    backend.record(DEV, UPDATE, copy=True)
    with backend.checkpoint_file(DEV).open("r+b") as file:
        file.truncate(3)
    (backup,) = backend.folder("backups").rglob("dev.*.json")
    assert backup.read_bytes() == FIRST


@pytest.mark.parametrize(("copy", "retain", "backups"), [(False, True, 0), (True, False, 0), (True, True, 1)])
def test_backups_are_made_where_there_is_something_new(tmp_path: Path, copy: bool, retain: bool, backups: int) -> None:
    backend = Backend(tmp_path, retain_backups=retain)
    backend.write(DEV, FIRST, replaces="")
    backend.record(DEV, UPDATE, copy=copy)
    assert len(list(backend.folder("backups").rglob("*.json"))) == backups
    assert len(list(backend.folder("history").rglob("*.history.json"))) == 1


def restored(backend: Backend, error: StateError) -> bytes | None:
    """Do what the message says, and return the state."""
    (command,) = re.findall(r"^\W*(cp .*)", str(error), re.MULTILINE)
    subprocess.run(command, shell=True, check=True)
    return backend.read(DEV)


@pytest.mark.parametrize("folder", ["plain", "it's a folder"])
def test_a_damaged_state_names_the_newest_backup_that_is_sound(tmp_path: Path, folder: str) -> None:
    backend = Backend(tmp_path / folder)
    for before, after in (("", FIRST), (digest(FIRST), SECOND), (digest(SECOND), THIRD)):
        backend.write(DEV, after, replaces=before)
        backend.record(DEV, UPDATE, copy=True)
    path = backend.checkpoint_file(DEV)
    copies = sorted(backend.folder("backups", "sample", "dev").iterdir())
    for number, each in enumerate([*copies, path.with_suffix(".json.bak")]):
        os.utime(each, ns=(number, number))
    found = []
    for broken in ([path], [path.with_suffix(".json.bak")], [copies[2]], [copies[1]]):
        for each in broken:
            each.write_bytes(b'{"version":3,"checkpoint":{"latest":{"resources":[{}]}}}')
        found.append(restored(backend, backend.broken(DEV, "cut off")))
    assert found == [SECOND, THIRD, SECOND, FIRST]


def test_a_backup_of_pulumis_is_restored_as_compressed_as_it_is(backend: Backend) -> None:
    folder = backend.folder("backups", "sample", "dev")
    folder.mkdir(parents=True)
    (folder / "dev.1.json.gz").write_bytes(gzip.compress(FIRST))
    backend.write(DEV, SECOND, replaces="")
    os.utime(backend.checkpoint_file(DEV), ns=(1, 1))
    assert restored(backend, backend.broken(DEV, "cut off")) == FIRST


def test_a_damaged_state_without_a_backup_says_so(backend: Backend) -> None:
    assert "There is no backup" in str(backend.broken(DEV, "cut off"))


@pytest.mark.parametrize(
    ("meta", "legacy", "message"),
    [
        pytest.param(None, False, None, id="new"),
        pytest.param("version: 1\n", False, None, id="ours"),
        pytest.param("version: 1\n", True, None, id="ours, with old stacks left behind"),
        pytest.param(None, True, "pulumi state upgrade", id="old, before there was a version"),
        pytest.param("version: 0\n", False, "pulumi state upgrade", id="old"),
        pytest.param("version: 2\n", False, "version 2", id="newer"),
    ],
)
def test_layouts(tmp_path: Path, meta: str | None, legacy: bool, message: str | None) -> None:
    backend = Backend(tmp_path)
    backend.folder("stacks").mkdir(parents=True)
    if meta:
        (tmp_path / ".pulumi" / "meta.yaml").write_text(meta, encoding="utf-8")
    if legacy:
        (backend.folder("stacks") / "dev.json").touch()
    if message is None:
        backend.check_layout()
        return
    with pytest.raises(StateError, match=message):
        backend.prepare()


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        pytest.param("file:///var/state", "/var/state", id="absolute"),
        pytest.param("file://state", "/project/state", id="relative"),
        pytest.param("file://./a/../state", "/project/state", id="with dots"),
        pytest.param("file://", "/project", id="here"),
        pytest.param("file:///var/my%20state?no_tmp_dir=true", "/var/my state", id="escaped, with options"),
    ],
)
def test_where_a_url_leads(url: str, folder: str) -> None:
    assert folder_of(url, relative_to=Path("/project")) == Path(folder)


def test_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert folder_of("file://~/state", relative_to=Path("/project")) == Path("/home/me/state")


@pytest.mark.parametrize("url", ["s3://bucket", "https://api.pulumi.com", "azblob://x", "state"])
def test_other_backends_are_for_pulumi(url: str) -> None:
    with pytest.raises(UnsupportedError, match="PULUMI_BACKEND_URL"):
        folder_of(url, relative_to=Path("/project"))


@pytest.mark.parametrize(
    ("name", "good"), [("dev", True), ("a.b-c_D1", True), ("", False), ("a/b", False), ("ä", False)]
)
def test_names_of_stacks(name: str, good: bool) -> None:
    if good:
        check_stack_name(name)
        return
    with pytest.raises(StateError, match="cannot be the name"):
        check_stack_name(name)
