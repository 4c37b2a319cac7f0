"""The file backend's layout, and that nothing in it is lost."""

import gzip
import json
import os
from pathlib import Path

import pytest

from fleet.engine.backend import Backend, StackRef, check_stack_name, digest, folder_of
from fleet.engine.history import Update
from fleet.errors import StateError, UnsupportedError

DEV = StackRef("sample", "dev")
FIRST, SECOND = b'{"version":3,"checkpoint":{"a":1}}', b'{"version":3,"checkpoint":{"a":2}}'
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
        ".pulumi/stacks/sample/dev.json.bak",
    ]
    assert backend.checkpoint_file(DEV).with_suffix(".json.bak").read_bytes() == FIRST


@pytest.mark.parametrize("there", [pytest.param(SECOND, id="another"), pytest.param(b'{"vers', id="half of one")])
def test_what_was_not_read_is_not_overwritten(backend: Backend, there: bytes) -> None:
    backend.write(DEV, FIRST, replaces="")
    backend.checkpoint_file(DEV).write_bytes(there)
    with pytest.raises(StateError, match="is not the one that was read"):
        backend.write(DEV, SECOND, replaces=digest(FIRST))
    assert backend.read(DEV) == there


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


def test_the_checksum_beside_the_old_content_goes(backend: Backend) -> None:
    backend.write(DEV, FIRST, replaces="")
    checksum = backend.checkpoint_file(DEV).with_suffix(".json.attrs")
    checksum.write_text("{}", encoding="utf-8")
    backend.write(DEV, SECOND, replaces=digest(FIRST))
    assert not checksum.exists()


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
    assert sorted(path.name for path in folder.iterdir()) == ["dev.json", "dev.json.gz.bak"]


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


def test_a_damaged_state_names_the_newest_backup_that_is_whole(backend: Backend) -> None:
    backend.write(DEV, FIRST, replaces="")
    backend.record(DEV, UPDATE, copy=True)
    backend.write(DEV, SECOND, replaces=digest(FIRST))
    backend.record(DEV, UPDATE, copy=True)
    old, new = sorted(backend.folder("backups", "sample", "dev").iterdir())
    os.utime(old, ns=(1, 1))
    os.utime(backend.checkpoint_file(DEV).with_suffix(".json.bak"), ns=(2, 2))
    assert f"cp '{new}'" in str(backend.broken(DEV, "cut off"))
    new.write_bytes(b"{")
    assert f"cp '{backend.checkpoint_file(DEV)}.bak'" in str(backend.broken(DEV, "cut off"))


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
