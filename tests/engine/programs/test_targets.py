"""`--target` and `--exclude`: what is left out stays as it is. Both engines, unless a test says otherwise."""

from tests.engine.programs.desk import Desk

CONFIG_MAP = "urn:pulumi:test::desk::kubernetes:core/v1:ConfigMap::"
A, B = f"{CONFIG_MAP}a", f"{CONFIG_MAP}b"
TWO = """
opts = ResourceOptions(provider=connect())
a = config_map("a", {"k": "%s"}, opts)
b = config_map("b", {"k": "%s"}, opts)
pulumi.export("a", a.id)
"""
NEEDING = """
opts = ResourceOptions(provider=connect())
a = config_map("a", {}, opts)
b = config_map("b", {"uid": a.metadata["uid"]}, opts)
"""


def test_only_what_is_targeted_is_created_and_updated(desk: Desk) -> None:
    desk.deploy(TWO % (1, 1), "--target", A)
    assert desk.names() == ["a"]
    desk.deploy(TWO % (2, 2), "--target", B)
    assert (desk.data("a"), desk.data("b")) == ({"k": "1"}, {"k": "2"})
    desk.deploy(TWO % (3, 3), "--target", "**::ConfigMap::*", exit_code=None)
    desk.deploy(TWO % (3, 3), "--target", "**:ConfigMap::*")
    assert (desk.data("a"), desk.data("b")) == ({"k": "3"}, {"k": "3"})


def test_what_is_excluded_is_left_as_it_is(desk: Desk) -> None:
    desk.deploy(TWO % (1, 1), "--exclude", A)
    assert desk.names() == ["b"]
    desk.deploy(TWO % (2, 2), "--exclude", B)
    assert (desk.data("a"), desk.data("b")) == ({"k": "2"}, {"k": "1"})
    desk.deploy("connect()", "--exclude", B)
    assert desk.names() == ["b"]
    desk.run("destroy", "--yes", "--skip-preview", "--exclude", B)
    assert desk.names() == ["b"]
    desk.run("destroy", "--yes", "--skip-preview", "--target", B)
    assert desk.names() == []


def test_what_needs_something_that_is_left_out_and_not_there_is_an_error(embedded: Desk) -> None:
    """Pulumi's SDK fails here with a KeyError of its own."""
    for flags in (["--target", B], ["--exclude", A]):
        embedded.write(NEEDING)
        for run in (embedded.preview(*flags, exit_code=4), embedded.up(*flags, exit_code=4)):
            assert "needs 'a', which is left out and not there yet" in run.text
    assert embedded.names() == []


def test_what_is_needed_by_something_that_is_not_targeted_is_not_deleted(desk: Desk) -> None:
    failed = 4 if desk.engine.name == "embedded" else 1
    desk.deploy(NEEDING)
    run = desk.run("destroy", "--yes", "--skip-preview", "--target", A, exit_code=failed)
    assert "target" in run.text
    desk.deploy("connect()", "--target", A, exit_code=failed)
    assert desk.names() == ["a", "b"]
    desk.run("destroy", "--yes", "--skip-preview", "--target", A, "--target", B)
    assert desk.names() == []


def test_what_is_needed_by_something_that_is_excluded_stays(desk: Desk) -> None:
    desk.deploy(NEEDING)
    desk.run("destroy", "--yes", "--skip-preview", "--exclude", B)
    assert desk.names() == ["a", "b"]
    assert sorted(desk.resources()) == ["a", "b"]


def test_drift_of_what_is_left_out_is_not_looked_at(embedded: Desk) -> None:
    embedded.deploy(TWO % (1, 1))
    for name in "ab":
        embedded.patch(f"configmaps/{name}", {"data": {"k": "by hand"}})
    run = embedded.run("refresh", "--preview-only", "--target", A)
    assert ("/a: data.k" in run.text, "/b: data.k" in run.text) == (True, False)
    embedded.up("--refresh", "--exclude", A)
    assert (embedded.data("a"), embedded.data("b")) == ({"k": "by hand"}, {"k": "1"})


def test_an_update_without_a_refresh_goes_by_the_state(desk: Desk) -> None:
    desk.deploy(TWO % (1, 1))
    desk.patch("configmaps/a", {"data": {"k": "by hand"}})
    desk.preview("--expect-no-changes")
    desk.up()
    assert desk.data("a") == {"k": "by hand"}
    desk.up("--refresh")
    assert desk.data("a") == {"k": "1"}
