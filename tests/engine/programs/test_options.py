"""Resource options: what they mean, both engines do, unless a test says otherwise."""

import pytest

from tests.engine.programs.desk import Desk

URN = "urn:pulumi:test::desk::"
CONFIG_MAP = f"{URN}kubernetes:core/v1:ConfigMap::"


def test_dependencies_order_creation_and_deletion(embedded: Desk) -> None:
    """Across clusters too: what needs something is made after it and deleted before it."""
    embedded.deploy("""
hub, dev = connect(), connect("dev")
a = config_map("a", {}, ResourceOptions(provider=hub))
b = config_map("b", {}, ResourceOptions(provider=dev, depends_on=[a]))
c = config_map("c", {"b": b.metadata["uid"]}, ResourceOptions(provider=hub))
""")
    run = embedded.run("destroy", "--yes", "--skip-preview")
    deleted = [line.rpartition("/")[2] for line in run.text.splitlines() if ": deleted " in line]
    assert deleted == ["c", "b", "a"]
    assert embedded.resources("") == {}


def test_a_child_of_an_object_is_its_child_in_the_state(desk: Desk) -> None:
    desk.deploy("""
parent = config_map("parent", {}, ResourceOptions(provider=connect()))
config_map("child", {}, ResourceOptions(parent=parent))
""")
    chain = "kubernetes:core/v1:ConfigMap$kubernetes:core/v1:ConfigMap"
    assert desk.resources()["child"]["urn"] == f"{URN}{chain}::child"
    desk.run("destroy", "--yes", "--skip-preview")
    assert desk.names() == []


RENAMES = {
    "name": (
        'config_map("old", {}, ResourceOptions(provider=hub), named="same")',
        """
opts = ResourceOptions(provider=hub, aliases=[pulumi.Alias(name="old")])
config_map("new", {}, opts, named="same")
""",
    ),
    "urn": (
        'config_map("old", {}, ResourceOptions(provider=hub), named="same")',
        f"""
opts = ResourceOptions(provider=hub, aliases=["{CONFIG_MAP}old"])
config_map("new", {{}}, opts, named="same")
""",
    ),
    "parent": (
        'config_map("a", {}, ResourceOptions(provider=hub))',
        """
class Box(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("desk:index:Box", "box")
        alias = pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)
        config_map("a", {}, ResourceOptions(parent=self, provider=hub, aliases=[alias]))


Box()
""",
    ),
    "type of the parent": (
        """
class Box(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("desk:index:OldBox", "box")
        config_map("a", {}, ResourceOptions(parent=self, provider=hub))


Box()
""",
        """
class Box(pulumi.ComponentResource):
    def __init__(self):
        opts = ResourceOptions(aliases=[pulumi.Alias(type_="desk:index:OldBox")])
        super().__init__("desk:index:Box", "box", None, opts)
        config_map("a", {}, ResourceOptions(parent=self, provider=hub))


Box()
""",
    ),
}


@pytest.mark.parametrize(("before", "after"), RENAMES.values(), ids=RENAMES)
def test_an_object_stays_the_same_under_another_urn(desk: Desk, before: str, after: str) -> None:
    start = "hub = connect()\n"
    desk.deploy(start + before)
    (name,) = desk.names()
    uid = desk.uid(f"configmaps/{name}")
    desk.deploy(start + after)
    assert desk.uid(f"configmaps/{name}") == uid
    assert len(desk.resources()) == 1
    desk.preview("--expect-no-changes")


def test_a_renamed_provider_leads_to_the_same_cluster(desk: Desk) -> None:
    program = """
config_map("a", {}, ResourceOptions(provider=connect(%s)))
"""
    desk.deploy(program % "")
    uid = desk.uid("configmaps/a")
    desk.deploy(program % 'name="other"')
    assert desk.uid("configmaps/a") == uid
    assert list(desk.resources("pulumi:providers:")) == ["other"]
    desk.run("destroy", "--yes", "--skip-preview")
    assert desk.names() == []


def test_a_new_name_is_kept_although_the_object_under_it_fails(embedded: Desk) -> None:
    """Otherwise the next run would know its parent by the new name, and the object by neither."""
    program = """
class Box(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("desk:index:%s", "box", None, ResourceOptions(aliases=[pulumi.Alias(type_="desk:index:Old")]))
        config_map("a", {"k": "v"}, ResourceOptions(parent=self, provider=hub), labels={"l": "%s"})


hub = connect()
Box()
"""
    embedded.deploy(program % ("Old", "valid"))
    uid = embedded.uid("configmaps/a")
    embedded.deploy(program % ("New", "not valid"), exit_code=4)
    assert [each["urn"] for each in embedded.resources().values()] == [
        f"{URN}desk:index:New$kubernetes:core/v1:ConfigMap::a"
    ]
    embedded.deploy(program % ("New", "valid"))
    assert embedded.uid("configmaps/a") == uid


PROTECTED = """
hub = connect()
config_map("a", {"k": "v"}, ResourceOptions(provider=hub, protect=True), named="a")
config_map("b", {}, ResourceOptions(provider=hub))
"""


def test_what_is_protected_is_not_deleted(desk: Desk) -> None:
    failed = 4 if desk.engine.name == "embedded" else 1
    desk.deploy(PROTECTED)
    assert "protected" in desk.run("destroy", "--yes", exit_code=failed).text
    assert desk.names() == ["a", "b"]
    desk.write("connect()")
    assert "protected" in desk.preview(exit_code=failed).text
    assert "protected" in desk.up(exit_code=failed).text
    assert "a" in desk.names()
    assert desk.resources()["a"]["protect"] is True


def test_what_is_protected_is_not_replaced_until_it_is_protected_no_more(desk: Desk) -> None:
    failed = 4 if desk.engine.name == "embedded" else 1
    desk.deploy(PROTECTED)
    renamed = PROTECTED.replace('named="a"', 'named="a2"')
    assert "protect" in desk.deploy(renamed, exit_code=failed).text
    assert desk.data("a") == {"k": "v"}
    desk.deploy(renamed.replace(", protect=True", ""))
    assert desk.names() == ["a2", "b"]


def test_nothing_is_deleted_beside_what_is_protected_unless_asked(embedded: Desk) -> None:
    embedded.deploy(PROTECTED)
    embedded.deploy("connect()", exit_code=4)
    assert embedded.names() == ["a", "b"]
    embedded.up("--continue-on-error", exit_code=4)
    assert embedded.names() == ["a"]


def test_what_is_retained_leaves_the_state_and_stays(desk: Desk) -> None:
    program = """
config_map("a", {}, ResourceOptions(provider=connect(), retain_on_delete=True), named="%s")
"""
    desk.deploy(program % "a")
    desk.deploy(program % "a2")
    assert desk.names() == ["a", "a2"]
    desk.run("destroy", "--yes", "--skip-preview")
    assert desk.names() == ["a", "a2"]
    assert desk.resources() == {}


def test_what_is_retained_is_not_deleted_to_make_room_for_itself(embedded: Desk) -> None:
    program = """
opts = ResourceOptions(provider=connect(), retain_on_delete=True)
Thing("kubernetes:core/v1:Secret", "s", {"metadata": {"name": "s", "namespace": NAMESPACE}, "type": "a/%s"}, opts)
"""
    embedded.deploy(program % "b")
    uid = embedded.uid("secrets/s")
    run = embedded.deploy(program % "c", exit_code=4)
    assert "is to be retained and would have to be deleted and made again" in run.text
    assert embedded.uid("secrets/s") == uid


IGNORED = """
ignored = %s
opts = ResourceOptions(provider=connect(), ignore_changes=ignored)
config_map("a", {"k": "%s", "l": "%s"}, opts, annotations={"a.b/c": "%s", "plain": "p"})
"""


def test_ignored_fields_keep_what_the_cluster_has(desk: Desk) -> None:
    ignored = """['data.k', 'metadata.annotations["a.b/c"]']"""
    desk.deploy(IGNORED % (ignored, 1, 1, 1))
    desk.deploy(IGNORED % (ignored, 2, 1, 2))
    assert desk.data("a") == {"k": "1", "l": "1"}
    desk.patch("configmaps/a", {"data": {"k": "by hand"}, "metadata": {"annotations": {"a.b/c": "by hand"}}})
    desk.deploy(IGNORED % (ignored, 3, 1, 3), "--refresh")
    assert desk.data("a") == {"k": "by hand", "l": "1"}
    desk.deploy(IGNORED % (ignored, 4, 2, 4))
    found = desk.get("configmaps/a")
    assert found is not None
    assert found["data"] == {"k": "by hand", "l": "2"}
    assert found["metadata"]["annotations"]["plain"] == "p"
    # Pulumi's provider splits the path of an annotation at its dots when it applies.
    if desk.engine.name == "embedded":
        assert found["metadata"]["annotations"]["a.b/c"] == "by hand"


def test_drift_of_ignored_fields_is_none(embedded: Desk) -> None:
    embedded.deploy(IGNORED % ("['data.k', 'metadata.annotations']", 1, 1, 1))
    embedded.patch("configmaps/a", {"data": {"k": "x"}, "metadata": {"annotations": None}})
    embedded.run("refresh", "--preview-only", "--expect-no-changes")
    embedded.up("--refresh", "--expect-no-changes")
    embedded.patch("configmaps/a", {"data": {"l": "x"}})
    run = embedded.run("refresh", "--preview-only", "--expect-no-changes", exit_code=7)
    assert 'data.l: "1" → "x"' in run.text
    assert "data.k" not in run.text


def test_ignored_fields_inside_lists(desk: Desk) -> None:
    program = """
Thing("kubernetes:apps/v1:Deployment", "web", {
    "metadata": {"name": "web", "namespace": NAMESPACE, "annotations": {"pulumi.com/skipAwait": "true"}},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "main", "image": "nginx:%s", "args": ["%s"]}]},
        },
    },
}, ResourceOptions(provider=connect(), ignore_changes=["spec.template.spec.containers[0].image"]))
"""
    desk.deploy(program % (1, 1))
    desk.deploy(program % (2, 2))
    found = desk.get(f"/apis/apps/v1/namespaces/{desk.namespace}/deployments/web")
    assert found is not None
    (container,) = found["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["args"]) == ("nginx:1", ["2"])


def test_a_change_of_certain_fields_replaces(desk: Desk) -> None:
    program = """
opts = ResourceOptions(provider=connect(), replace_on_changes=["data.k"], delete_before_replace=True)
config_map("a", {"k": "%s", "l": "%s"}, opts)
"""
    desk.deploy(program % (1, 1))
    first = desk.uid("configmaps/a")
    desk.deploy(program % (1, 2))
    assert desk.uid("configmaps/a") == first
    desk.deploy(program % (2, 2))
    assert desk.uid("configmaps/a") not in (first, None)
    assert desk.data("a") == {"k": "2", "l": "2"}


def test_deleting_one_object_may_be_said_to_delete_another(embedded: Desk) -> None:
    """Unlike with Pulumi, what was said and did not happen is made true."""
    embedded.deploy("""
opts = ResourceOptions(provider=connect())
a = config_map("a", {}, opts)
config_map("b", {}, ResourceOptions.merge(opts, ResourceOptions(deleted_with=a)))
""")
    run = embedded.run("destroy", "--yes", "--skip-preview")
    deleted = [line.rpartition("/")[2] for line in run.text.splitlines() if ": deleted " in line]
    assert deleted == ["a", "b"]
    assert embedded.names() == []
    assert embedded.resources("") == {}


def test_a_deletion_that_takes_too_long_fails_and_the_object_stays_in_the_state(embedded: Desk) -> None:
    embedded.deploy("""
opts = ResourceOptions(
    provider=connect(), custom_timeouts=pulumi.CustomTimeouts(create="1m", update="90s", delete="300ms")
)
config_map("a", {}, opts, finalizers=["example.com/never"])
""")
    assert embedded.resources()["a"]["customTimeouts"] == {"create": 60, "update": 90, "delete": 0.3}
    run = embedded.run("destroy", "--yes", "--skip-preview", exit_code=4)
    assert "still there after 0.3 s" in run.text
    assert "finalizer example.com/never" in run.text
    assert list(embedded.resources()) == ["a"]
    embedded.patch("configmaps/a", {"metadata": {"finalizers": None}})
    embedded.run("destroy", "--yes", "--skip-preview")
    assert embedded.resources("") == {}


def test_additional_secret_outputs_are_encrypted_in_the_state(desk: Desk) -> None:
    program = """
opts = ResourceOptions(provider=connect(), additional_secret_outputs=[%s])
a = config_map("a", {"k": "hunter2"}, opts)
pulumi.export("data", a.data)
"""
    desk.deploy(program % "")
    assert desk.outputs() == {"data": {"k": "hunter2"}}
    desk.deploy(program % '"data"')
    assert "ciphertext" in desk.resources()["a"]["outputs"]["data"]
    assert "ciphertext" in desk.outputs()["data"]


def test_options_without_effect(embedded: Desk) -> None:
    """What they are about, plugins and Pulumi's own display, is not there."""
    plain = 'config_map("a", {"k": "1"}, ResourceOptions(provider=connect()))'
    embedded.deploy(plain)
    embedded.write("""
url = "https://example.com/plugins"
about = ResourceOptions(plugin_download_url=url, version="4.34.2", env_var_mappings={"A": "B"})
provider = Provider("hub", kubeconfig=KUBECONFIGS["hub"], opts=about)
config_map("a", {"k": "2"}, ResourceOptions(provider=provider, hide_diffs=["data"], plugin_download_url=url))
""")
    assert "data.k" in embedded.preview("--diff").text
    embedded.up()
    assert embedded.data("a") == {"k": "2"}
    assert embedded.resources("pulumi:providers:")["hub"]["inputs"]["version"] == "4.34.2"
