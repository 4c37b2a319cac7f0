"""Runs that end too soon, by Ctrl-C or by a power cut: the state is true, and the next run goes on from there."""

import signal
import subprocess
import time
from typing import Any

import pytest

from tests.engine.programs.desk import Desk, Run

CANCELLED, LOCKED = 8, 14
OBJECTS = 300
# The last object waits for a file, so that a run cannot be over before it is meant to.
MANY = f"""
import os
import time

opts = ResourceOptions(provider=connect())
for number in range({OBJECTS}):
    config_map(f"a-{{number}}", {{}}, opts)


def wait(id):
    while not os.path.exists("open"):
        time.sleep(0.02)
    return id


config_map("last", {{"gate": config_map("gate", {{}}, opts).id.apply(wait)}}, opts)
"""


def uids(desk: Desk) -> dict[str, str]:
    found = desk.get("configmaps") or {}
    items = {item["metadata"]["name"]: str(item["metadata"]["uid"]) for item in found["items"]}
    return {name: uid for name, uid in items.items() if name != "kube-root-ca.crt"}


def wait_for(desk: Desk, objects: int, process: subprocess.Popen[str]) -> None:
    """Return when so many objects are there."""
    deadline = time.monotonic() + 120
    while len(desk.names()) < objects:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def finish(desk: Desk) -> Run:
    """Let the next run come to its end, and check that it completes what the one before has begun."""
    before = uids(desk)
    (desk.project / "open").touch()
    run = desk.up()
    after = uids(desk)
    assert len(after) == len(desk.resources()) == OBJECTS + 2
    assert {name: after[name] for name in before} == before
    assert "pending_operations" not in desk.latest()
    desk.run("refresh", "--preview-only", "--expect-no-changes")
    return run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_a_run_cleanly(embedded: Desk, number: signal.Signals) -> None:
    embedded.write(MANY)
    with embedded.start("up", "--yes", "--skip-preview") as process:
        wait_for(embedded, 20, process)
        process.send_signal(number)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == CANCELLED, said
    assert "Traceback" not in said
    # The state says exactly what is there.
    there = uids(embedded)
    known = {name: each["outputs"]["metadata"]["uid"] for name, each in embedded.resources().items()}
    assert known == there
    assert "pending_operations" not in embedded.latest()
    finish(embedded)


def test_a_run_that_is_killed_is_gone_on_with(embedded: Desk) -> None:
    embedded.write(MANY)
    with embedded.start("up", "--yes", "--skip-preview") as process:
        wait_for(embedded, 20, process)
        process.kill()
        process.communicate(timeout=120)
    run = finish(embedded)
    assert "Another run was cut off (" in run.text
    assert f"process {process.pid}, since 20" in run.text


def test_two_runs_of_a_stack_at_once_are_one_too_many(embedded: Desk) -> None:
    embedded.write(MANY.replace(str(OBJECTS), "1"))
    with embedded.start("up", "--yes", "--skip-preview") as process:
        wait_for(embedded, 2, process)
        for words in (["up"], ["refresh"], ["destroy"]):
            run = embedded.run(*words, "--yes", "--skip-preview", exit_code=LOCKED)
            assert "Another run holds stack 'test'" in run.text
            assert f"process {process.pid}" in run.text
        (embedded.project / "open").touch()
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert sorted(embedded.resources()) == ["a-0", "gate", "last"]


ONE = """
opts = ResourceOptions(provider=connect())
config_map("a", {}, opts)
"""
TWO = (
    ONE
    + """
config_map("b", {"k": "v"}, opts)
"""
)


def interrupt(desk: Desk, name: str = "b") -> None:
    """Make the state one of a run that was cut off while it created an object."""

    def change(latest: dict[str, Any]) -> None:
        (made,) = (each for each in latest["resources"] if each["urn"].endswith(f"::{name}"))
        latest["resources"].remove(made)
        planned = {key: value for key, value in made.items() if key not in ("id", "outputs")}
        latest["pending_operations"] = [{"resource": planned, "type": "creating"}]

    desk.edit_state(change)


def test_an_object_that_a_cut_off_run_has_created_is_taken_over(embedded: Desk) -> None:
    embedded.deploy(TWO)
    uid = embedded.uid("configmaps/b")
    interrupt(embedded)
    embedded.preview()
    embedded.up()
    assert embedded.uid("configmaps/b") == uid
    assert sorted(embedded.resources()) == ["a", "b"]
    assert "pending_operations" not in embedded.latest()


@pytest.mark.parametrize("command", ["up", "destroy"])
def test_an_object_that_a_cut_off_run_has_created_and_nobody_wants_is_deleted(embedded: Desk, command: str) -> None:
    embedded.deploy(TWO)
    interrupt(embedded)
    embedded.write(ONE)
    previewed = embedded.preview() if command == "up" else embedded.run("destroy", "--preview-only")
    assert f"delete ConfigMap {embedded.namespace}/b" in previewed.text
    embedded.run(command, "--yes", "--skip-preview")
    assert embedded.names() == (["a"] if command == "up" else [])
    assert "pending_operations" not in embedded.latest()


@pytest.mark.parametrize("program", [ONE, TWO], ids=["unwanted", "wanted"])
def test_what_somebody_else_has_made_meanwhile_is_left_alone(embedded: Desk, program: str) -> None:
    embedded.deploy(TWO)
    interrupt(embedded)
    embedded.delete("configmaps/b")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"by": "somebody else"}}
    embedded.create("configmaps", body)
    run = embedded.deploy(program, exit_code=4 if program == TWO else 0)
    assert ("it exists already" in run.text) is (program == TWO)
    assert embedded.data("b") == {"by": "somebody else"}
    assert "pending_operations" not in embedded.latest()


def test_what_a_cut_off_run_has_not_created_is_forgotten(embedded: Desk) -> None:
    embedded.deploy(TWO)
    interrupt(embedded)
    embedded.delete("configmaps/b")
    embedded.deploy(ONE)
    assert embedded.names() == ["a"]
    assert "pending_operations" not in embedded.latest()


def test_a_name_that_a_cut_off_run_has_found_is_used_again(embedded: Desk) -> None:
    program = """
Thing("kubernetes:core/v1:ConfigMap", "b", {"metadata": {"namespace": NAMESPACE}}, ResourceOptions(provider=connect()))
"""
    embedded.deploy(program)
    before = uids(embedded)
    interrupt(embedded)
    embedded.up()
    assert uids(embedded) == before


@pytest.mark.parametrize("is_refreshed", [False, True], ids=["at once", "after a refresh"])
def test_an_object_of_another_name_that_a_cut_off_replacement_has_created_is_deleted(
    embedded: Desk, is_refreshed: bool
) -> None:
    """The program went back to the old name: its URN is wanted, the object is not."""
    program = 'config_map("b", {}, ResourceOptions(provider=connect()), named="%s")\n'
    embedded.deploy(program % "new")
    interrupt(embedded)
    pending = embedded.latest()["pending_operations"]
    new = embedded.get("configmaps/new")
    embedded.edit_state(lambda latest: latest.pop("pending_operations"))
    embedded.deploy(program % "old")
    embedded.edit_state(lambda latest: latest.update(pending_operations=pending))
    assert new is not None
    assert embedded.names() == ["new", "old"]
    if is_refreshed:
        embedded.patch("configmaps/old", {"data": {"drifted": "yes"}})
        embedded.run("refresh", "--yes")
    embedded.up()
    assert embedded.names() == ["old"]
    assert "pending_operations" not in embedded.latest()


ACCOUNT = """
Thing("kubernetes:core/v1:ServiceAccount", "b", {"metadata": {"name": "b", "namespace": NAMESPACE}}, opts)
"""


@pytest.mark.parametrize("is_wanted", [True, False], ids=["wanted", "unwanted"])
def test_an_object_without_fields_that_a_cut_off_run_has_created_is_known_again(
    embedded: Desk, is_wanted: bool
) -> None:
    """No manager has any of its fields, so none is named."""
    embedded.deploy(ONE + ACCOUNT)
    uid = embedded.uid("serviceaccounts/b")
    interrupt(embedded)
    embedded.deploy(ONE + ACCOUNT if is_wanted else ONE)
    assert embedded.uid("serviceaccounts/b") == (uid if is_wanted else None)
    assert "pending_operations" not in embedded.latest()


def test_an_object_that_a_cut_off_run_has_created_stays_while_it_cannot_be_brought_to_what_is_wanted(
    embedded: Desk,
) -> None:
    embedded.deploy(TWO)
    uid = embedded.uid("configmaps/b")
    interrupt(embedded)
    wrong = TWO.replace('{"k": "v"}, opts', '{"k": "v"}, opts, labels={"l": "not valid"}')
    embedded.deploy(wrong, "--continue-on-error", exit_code=4)
    assert embedded.uid("configmaps/b") == uid
    embedded.deploy(TWO)
    assert embedded.uid("configmaps/b") == uid
    assert sorted(embedded.resources()) == ["a", "b"]
    assert "pending_operations" not in embedded.latest()


def leave_open(desk: Desk, operation: str, name: str = "b") -> None:
    """Make the state one of a run that was cut off while it changed or deleted an object."""

    def change(latest: dict[str, Any]) -> None:
        (resource,) = (each for each in latest["resources"] if each["urn"].endswith(f"::{name}"))
        latest["pending_operations"] = [{"resource": resource, "type": operation}]

    desk.edit_state(change)


def test_a_change_that_a_cut_off_run_has_made_is_undone_where_the_program_went_back(embedded: Desk) -> None:
    embedded.deploy(TWO)
    embedded.patch("configmaps/b", {"data": {"k": "changed"}})
    leave_open(embedded, "updating")
    assert f"update ConfigMap {embedded.namespace}/b" in embedded.preview().text
    embedded.up()
    assert embedded.data("b") == {"k": "v"}
    assert "pending_operations" not in embedded.latest()
    embedded.preview("--expect-no-changes")


def test_an_object_that_a_cut_off_run_has_deleted_is_made_again_where_the_program_went_back(embedded: Desk) -> None:
    embedded.deploy(TWO)
    embedded.delete("configmaps/b")
    leave_open(embedded, "deleting")
    embedded.up()
    assert embedded.data("b") == {"k": "v"}
    assert "pending_operations" not in embedded.latest()


def test_an_object_that_a_cut_off_run_has_only_asked_to_be_deleted_is_waited_for_and_made_again(embedded: Desk) -> None:
    embedded.deploy(TWO)
    uid = embedded.uid("configmaps/b")
    embedded.patch("configmaps/b", {"metadata": {"finalizers": ["example.com/not-yet"]}})
    embedded.delete("configmaps/b")
    leave_open(embedded, "deleting")
    with embedded.start("up", "--yes", "--skip-preview") as process:
        embedded.patch("configmaps/b", {"metadata": {"finalizers": None}})
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert embedded.uid("configmaps/b") not in (None, uid)
    assert embedded.data("b") == {"k": "v"}
    assert "pending_operations" not in embedded.latest()


@pytest.mark.parametrize("operation", ["updating", "deleting"])
def test_a_refresh_settles_what_a_cut_off_run_has_left_open(embedded: Desk, operation: str) -> None:
    embedded.deploy(TWO)
    if operation == "updating":
        embedded.patch("configmaps/b", {"data": {"k": "changed"}})
    else:
        embedded.delete("configmaps/b")
    leave_open(embedded, operation)
    embedded.run("refresh", "--yes")
    assert "pending_operations" not in embedded.latest()
    embedded.up()
    assert embedded.data("b") == {"k": "v"}


def test_what_is_left_open_stays_so_while_its_cluster_is_not_asked(embedded: Desk) -> None:
    embedded.deploy(TWO)
    embedded.delete("configmaps/b")
    leave_open(embedded, "deleting")
    embedded.up("--target", "**::a")
    assert [each["type"] for each in embedded.latest()["pending_operations"]] == ["deleting"]
    embedded.up()
    assert embedded.data("b") == {"k": "v"}
    assert "pending_operations" not in embedded.latest()


@pytest.mark.parametrize("command", ["refresh", "up"])
def test_what_a_cut_off_replacement_has_made_anew_is_known_after_a_refresh(embedded: Desk, command: str) -> None:
    """The old object was deleted, the new one created; the state has heard of the first only."""
    embedded.deploy(TWO)
    uid = embedded.uid("configmaps/b")

    def change(latest: dict[str, Any]) -> None:
        (old,) = (each for each in latest["resources"] if each["urn"].endswith("::b"))
        planned = {key: value for key, value in old.items() if key not in ("id", "outputs")}
        old |= {"pendingReplacement": True, "inputs": {**old["inputs"], "data": {"k": "before"}}}
        latest["pending_operations"] = [{"resource": planned, "type": "creating"}]

    embedded.edit_state(change)
    refreshed = embedded.run(command, "--yes", *(["--refresh", "--skip-preview"] if command == "up" else []))
    assert "drift" not in refreshed.text
    embedded.up()
    assert embedded.uid("configmaps/b") == uid
    assert "pending_operations" not in embedded.latest()
    embedded.preview("--expect-no-changes")


BINDING = """
ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "%s"}
what = {"metadata": {"name": "b", "namespace": NAMESPACE}, "roleRef": ROLE}
Thing("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", "b", what, opts)
"""


def test_an_object_that_a_cut_off_run_has_created_and_that_cannot_become_what_is_wanted_is_made_anew(
    embedded: Desk,
) -> None:
    place = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{embedded.namespace}/rolebindings/b"
    embedded.deploy(ONE + BINDING % "one")
    uid = embedded.uid(place)
    interrupt(embedded)
    embedded.write(ONE + BINDING % "two")
    embedded.preview()
    embedded.up()
    found = embedded.get(place)
    assert found is not None
    assert found["roleRef"]["name"] == "two"
    assert found["metadata"]["uid"] != uid
    assert "pending_operations" not in embedded.latest()


def test_a_refresh_settles_nothing_of_an_object_that_is_on_its_way_out(embedded: Desk) -> None:
    embedded.deploy(TWO)
    embedded.patch("configmaps/b", {"metadata": {"finalizers": ["example.com/not-yet"]}})
    embedded.delete("configmaps/b")
    leave_open(embedded, "deleting")
    embedded.run("refresh", "--yes")
    assert [each["type"] for each in embedded.latest()["pending_operations"]] == ["deleting"]
    embedded.patch("configmaps/b", {"metadata": {"finalizers": None}})
    embedded.up()
    assert embedded.data("b") == {"k": "v"}
