"""The disk with the state is full, or takes no writes: nothing begins in a cluster that could not be remembered."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.programs.desk import Desk

STATE, LOCKED = 13, 14
OBJECTS = 300


class Disk:
    """A file system in memory, at a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self) -> str:
        """Make it there; return why that is not possible, or nothing."""
        command = ["mount", "-t", "tmpfs", "tmpfs", str(self.folder)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stderr.strip()

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def change(self, option: str) -> None:
        """Change how it is mounted: `ro`, `rw`, or its `size=`."""
        subprocess.run(["mount", "-o", f"remount,{option}", str(self.folder)], check=True)

    def leave(self, free: int) -> None:
        """Let only so many bytes be free."""
        used = sum(-path.stat().st_size // 4096 * -4096 for path in self.folder.rglob("*") if path.is_file())
        self.change(f"size={used + free}")

    def make_room(self) -> None:
        """Let there be more than enough."""
        self.change("size=100m")


@pytest.fixture
def disk(embedded: Desk) -> Iterator[Disk]:
    made = Disk(embedded.state)
    if missing := made.mount():
        pytest.skip(f"file systems can only be mounted by root: {missing}")
    yield made
    made.unmount()


def program(value: str, count: int = OBJECTS) -> str:
    return f"""
opts = ResourceOptions(provider=connect())
for number in range({count}):
    config_map(f"a-{{number}}", {{"value": {value!r}}}, opts)
"""


def uids(desk: Desk) -> dict[str, str]:
    found = desk.get("configmaps") or {}
    items = (item["metadata"] for item in found["items"])
    return {item["name"]: item["uid"] for item in items if item["name"] != "kube-root-ca.crt"}


def values(desk: Desk) -> dict[str, str]:
    found = desk.get("configmaps") or {}
    return {item["metadata"]["name"]: item["data"].get("value", "") for item in found["items"]}


def agrees(desk: Desk) -> None:
    """Check that the state knows exactly what is there."""
    assert {name: each["outputs"]["metadata"]["uid"] for name, each in desk.resources().items()} == uids(desk)
    assert "pending_operations" not in desk.latest()
    desk.run("refresh", "--preview-only", "--expect-no-changes")
    desk.preview("--expect-no-changes")


CURES = {"size=4k": "size=100m", "ro": "rw"}


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        pytest.param("size=4k", "No space left on device", id="full"),
        pytest.param("ro", "Read-only file system", id="read-only"),
    ],
)
@pytest.mark.parametrize("flags", [(), ("--skip-preview",)], ids=["after a preview", "at once"])
def test_nothing_is_written_to_a_cluster(
    embedded: Desk, disk: Disk, trouble: str, reason: str, flags: tuple[str, ...]
) -> None:
    cure = CURES[trouble]
    embedded.write(program("1", 5))
    disk.change(trouble)
    run = embedded.run("up", "--yes", *flags, exit_code=STATE)
    assert reason in run.text
    assert str(embedded.state) in run.text
    assert embedded.names() == []
    disk.change(cure)
    embedded.up()
    agrees(embedded)
    disk.change(trouble if trouble == "ro" else "rw")
    disk.leave(0)
    before = uids(embedded)
    embedded.write(program("2", 4))
    embedded.run("up", "--yes", *flags, exit_code=STATE)
    assert (uids(embedded), embedded.data("a-0")) == (before, {"value": "1"})
    disk.change(cure)
    disk.make_room()
    embedded.up()
    assert (len(uids(embedded)), embedded.data("a-0")) == (4, {"value": "2"})
    agrees(embedded)


# What is there before, what is wanted, and how much the disk still takes of the journal.
RUNS = {
    "creating": (0, "1", OBJECTS, 100_000),
    "changing": (OBJECTS, "2", OBJECTS, 100_000),
    "deleting": (OBJECTS, "1", 0, 75_000),
}


@pytest.mark.parametrize("operation", RUNS)
def test_what_was_done_before_the_disk_was_full_is_not_lost(embedded: Desk, disk: Disk, operation: str) -> None:
    there, value, wanted, free = RUNS[operation]
    embedded.deploy(program("1", there))
    before = values(embedded)
    disk.leave(free)
    embedded.write(program(value, wanted))
    run = embedded.up(exit_code=STATE)
    assert "No space left on device" in run.text
    assert "kept in its journal" in run.text
    left = uids(embedded)
    assert values(embedded) != before
    disk.make_room()
    # The process that holds the stack is that of the tests, which goes on.
    assert "fleet cancel" in embedded.up(exit_code=LOCKED).text
    embedded.run("cancel", "--yes")
    embedded.up()
    after = uids(embedded)
    assert len(after) == wanted
    assert all(after[name] == uid for name, uid in left.items() if name in after)
    assert set(values(embedded).values()) <= {value, ""}
    agrees(embedded)
