"""A run that would delete more than it may deletes nothing, whether it was previewed or not."""

import json

import pytest

from tests.engine.programs.desk import Desk

EXCEEDED = 17
PROGRAM = """
opts = ResourceOptions(provider=connect())
for number in {numbers}:
    config_map(f"m{{number}}", {{}}, opts)
"""


def program(*numbers: int) -> str:
    return PROGRAM.format(numbers=list(numbers))


@pytest.fixture
def ten(embedded: Desk) -> Desk:
    embedded.configure("fleet:deletions: {limit: 3}")
    embedded.deploy(program(*range(10)))
    return embedded


def test_up_to_the_limit_objects_are_deleted(ten: Desk) -> None:
    ten.deploy(program(*range(7)))
    assert ten.names() == [f"m{number}" for number in range(7)]


def test_a_preview_that_exceeds_it_ends_the_command_before_anything_is_done(ten: Desk) -> None:
    ten.write(program(0, 10))
    before = ten.checkpoint_file.read_bytes()
    run = ten.run("up", "--yes", exit_code=EXCEEDED)
    assert "This run would delete 9 objects, and may delete 3" in run.text
    assert "hub: 9 of 10 objects" in run.text
    assert "--allow-deletions 9" in run.text
    assert "delete ConfigMap" in run.text
    assert len(ten.names()) == 10
    assert ten.checkpoint_file.read_bytes() == before
    assert ten.preview(exit_code=EXCEEDED).text.count("and may delete 3") == 1


def test_a_run_without_a_preview_deletes_nothing_and_the_next_one_knows(ten: Desk) -> None:
    ten.write(program(0, 10))
    run = ten.up("--refresh", "--json", exit_code=EXCEEDED)
    summary = json.loads(run.text.splitlines()[-1])
    counts = {each["operation"]: each["objects"] for each in summary["counts"]}
    assert counts == {"create": 1, "same": 1, "skip": 9}
    assert summary["exitCode"] == EXCEEDED
    assert len(ten.names()) == len(ten.resources()) == 11
    assert "and may delete 3" in ten.up(exit_code=EXCEEDED).text
    ten.up("--allow-deletions", "9")
    assert ten.names() == sorted(ten.resources()) == ["m0", "m10"]


def test_what_is_allowed_on_the_command_line_goes_before_the_configuration(ten: Desk) -> None:
    ten.write(program(*range(9)))
    assert "would delete 1 objects, and may delete 0" in ten.up("--allow-deletions", "0", exit_code=EXCEEDED).text
    ten.up("--allow-deletions", "1")


def test_percent_is_of_what_is_in_a_cluster(embedded: Desk) -> None:
    two = """
hub, dev = ResourceOptions(provider=connect()), ResourceOptions(provider=connect("dev"))
for number in range({hub}):
    config_map(f"hub/m{{number}}", {{}}, hub, named=f"m{{number}}")
for number in range({dev}):
    config_map(f"dev/m{{number}}", {{}}, dev, named=f"m{{number}}")
"""
    embedded.configure("fleet:deletions:\n  percent: 50\n")
    embedded.deploy(two.format(hub=8, dev=2))
    embedded.deploy(two.format(hub=4, dev=1))
    run = embedded.deploy(two.format(hub=4, dev=0), exit_code=EXCEEDED)
    assert "This run would delete 100 % of what is in dev, and may delete 50 %" in run.text
    assert (len(embedded.names()), embedded.names(cluster="dev")) == (4, ["m0"])


def test_what_is_retained_moved_or_replaced_does_not_count(embedded: Desk) -> None:
    embedded.configure("fleet:deletions: {limit: 0}")
    embedded.deploy("""
hub = connect()
config_map("kept", {}, ResourceOptions(provider=hub, retain_on_delete=True))
config_map("moved", {}, ResourceOptions(provider=hub))
config_map("replaced", {"k": "1"}, ResourceOptions(provider=hub))
Thing("kubernetes:core/v1:ConfigMap", "fixed", {
    "metadata": {"name": "fixed", "namespace": NAMESPACE}, "data": {"k": "1"}, "immutable": True,
}, ResourceOptions(provider=hub))
""")
    embedded.deploy("""
hub = connect(upsert_existing_objects=True)
config_map("moved-here", {}, ResourceOptions(provider=hub), named="moved")
config_map("replaced", {"k": "1"}, ResourceOptions(provider=hub), named="renamed")
Thing("kubernetes:core/v1:ConfigMap", "fixed", {
    "metadata": {"name": "fixed", "namespace": NAMESPACE}, "data": {"k": "2"}, "immutable": True,
}, ResourceOptions(provider=hub))
""")
    assert embedded.names() == ["fixed", "kept", "moved", "renamed"]
    assert embedded.data("fixed") == {"k": "2"}


def test_destroying_is_asked_for(ten: Desk) -> None:
    ten.run("destroy", "--yes")
    assert ten.names() == []


def test_a_budget_that_is_none_is_named(embedded: Desk) -> None:
    embedded.configure("fleet:deletions: 50")
    embedded.write(program(1))
    run = embedded.up(exit_code=2)
    assert "Pulumi.test.yaml, config.fleet:deletions: fleet:deletions must be a mapping" in run.text
