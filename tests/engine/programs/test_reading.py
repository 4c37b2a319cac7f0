"""Reading what the program does not own: `Kind.get()`. Both engines, unless a test says otherwise."""

from tests.engine.programs.desk import Desk

READS = """
opts = ResourceOptions(provider=connect())
found = k8s.core.v1.ConfigMap.get("found", f"{NAMESPACE}/theirs", opts)
config_map("mine", {"theirs": found.data["k"], "uid": found.metadata.uid}, opts)
pulumi.export("labels", found.metadata.labels)
"""
THEIRS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "theirs", "labels": {"l": "v"}},
    "data": {"k": "their value"},
}


def test_an_object_can_be_read_and_used_and_is_left_alone(desk: Desk) -> None:
    theirs = desk.create("configmaps", THEIRS)
    desk.write(READS)
    desk.preview()
    desk.up()
    assert desk.data("mine") == {"theirs": "their value", "uid": theirs["metadata"]["uid"]}
    assert desk.outputs() == {"labels": {"l": "v"}}
    read = desk.resources()["found"]
    assert (read["external"], read["id"]) == (True, f"{desk.namespace}/theirs")
    desk.preview("--expect-no-changes")
    desk.patch("configmaps/theirs", {"data": {"k": "another"}})
    desk.up()
    assert desk.data("mine") is not None
    assert (desk.data("mine") or {})["theirs"] == "another"
    desk.run("destroy", "--yes", "--skip-preview")
    assert desk.names() == ["theirs"]
    assert desk.resources("") == {}


def test_an_object_that_is_not_there_cannot_be_read(embedded: Desk) -> None:
    """What needs it is skipped; what does not goes on, if asked to."""
    embedded.write(READS + 'config_map("other", {}, opts)\n')
    for run in (embedded.preview(exit_code=4), embedded.up("--continue-on-error", exit_code=4)):
        assert f"cannot read ConfigMap {embedded.namespace}/theirs: it does not exist" in run.text
        assert "SKIP" in run.text
    assert embedded.names() == ["other"]
    assert list(embedded.resources()) == ["other"]


def test_a_secret_that_is_read_stays_secret(desk: Desk) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs"}, "data": {"p": "aHVudGVyMg=="}}
    desk.create("secrets", body)
    desk.deploy("""
found = k8s.core.v1.Secret.get("found", f"{NAMESPACE}/theirs", ResourceOptions(provider=connect()))
pulumi.export("p", found.data["p"])
""")
    assert "aHVudGVyMg" not in desk.checkpoint_file.read_text()
    assert "ciphertext" in desk.outputs()["p"]


def test_an_object_that_was_deployed_can_be_given_away_by_reading_it(desk: Desk) -> None:
    desk.deploy('config_map("found", {"k": "v"}, ResourceOptions(provider=connect()))')
    uid = desk.uid("configmaps/found")
    desk.deploy("""
k8s.core.v1.ConfigMap.get("found", f"{NAMESPACE}/found", ResourceOptions(provider=connect()))
""")
    assert desk.resources()["found"]["external"] is True
    desk.run("destroy", "--yes", "--skip-preview")
    assert desk.uid("configmaps/found") == uid


def test_what_was_read_is_not_owned_when_the_program_registers_it(embedded: Desk) -> None:
    embedded.create("configmaps", THEIRS)
    embedded.deploy("""
k8s.core.v1.ConfigMap.get("theirs", f"{NAMESPACE}/theirs", ResourceOptions(provider=connect()))
""")
    run = embedded.deploy('config_map("theirs", {}, ResourceOptions(provider=connect()))', exit_code=4)
    assert "it exists already in the cluster" in run.text
    assert embedded.data("theirs") == {"k": "their value"}


def test_an_object_whose_name_a_preview_cannot_know_is_read_later(desk: Desk) -> None:
    desk.write("""
opts = ResourceOptions(provider=connect())
made = Thing("kubernetes:core/v1:ConfigMap", "made", {"metadata": {"namespace": NAMESPACE}, "data": {"k": "v"}}, opts)
found = k8s.core.v1.ConfigMap.get("found", made.id, opts)
config_map("b", {"k": found.data["k"]}, opts)
""")
    desk.preview()
    desk.up()
    assert desk.data("b") == {"k": "v"}


def test_whether_an_object_exists_can_be_asked(embedded: Desk) -> None:
    embedded.create("configmaps", THEIRS)
    embedded.deploy("""
from pulumi.runtime.resource import exists_resource

opts = ResourceOptions(provider=connect())
for name in ("theirs", "nobodys"):
    found = exists_resource(None, "kubernetes:core/v1:ConfigMap", f"{NAMESPACE}/{name}", {}, opts)
    pulumi.export(name, found)
""")
    assert embedded.outputs() == {"theirs": True, "nobodys": False}
    assert embedded.resources() == {}
