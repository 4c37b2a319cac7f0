"""Programs that any user of Pulumi might have: what they mean, both engines do."""

import base64
import json

import pytest

from tests.engine.programs.desk import Desk

EVERYTHING = """
hub = connect()


class Shop(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("desk:index:Shop", name, None, opts)
        mine = ResourceOptions(parent=self)
        labels = {"app": name}
        self.service = k8s.core.v1.Service(
            "service",
            metadata={"name": name, "namespace": NAMESPACE},
            spec=k8s.core.v1.ServiceSpecArgs(selector=labels, ports=[k8s.core.v1.ServicePortArgs(port=80)]),
            opts=mine,
        )
        self.settings = k8s.core.v1.ConfigMap(
            "settings",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=f"{name}-settings", namespace=NAMESPACE, labels=labels),
            data={
                "address": Output.concat("http://", self.service.spec.cluster_ip),
                "service": self.service.metadata.name,
                "uid": self.service.metadata.apply(lambda metadata: metadata.uid.upper()),
            },
            opts=mine,
        )
        self.password = k8s.core.v1.Secret(
            "password",
            metadata={"name": name, "namespace": NAMESPACE},
            string_data={"password": "hunter2"},
            opts=mine,
        )
        self.deployment = k8s.apps.v1.Deployment(
            "deployment",
            metadata={"name": name, "namespace": NAMESPACE, "annotations": {"pulumi.com/skipAwait": "true"}},
            spec={
                "replicas": 2,
                "selector": {"match_labels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "containers": [
                            {"name": "main", "image": "nginx", "resources": {"requests": {"cpu": "500m"}}},
                        ]
                    },
                },
            },
            opts=mine,
        )
        self.register_outputs({"address": self.settings.data["address"]})


shop = Shop("shop", ResourceOptions(providers=[hub]))
pulumi.export("address", shop.settings.data["address"])
pulumi.export("nested", {"names": [shop.service.metadata.name, shop.deployment.metadata["name"]], "replicas": 2})
"""


def test_typed_classes_in_components_with_values_of_each_other(desk: Desk) -> None:
    desk.deploy(EVERYTHING)
    service = desk.get("services/shop")
    assert service is not None
    address = f"http://{service['spec']['clusterIP']}"
    expected = {"address": address, "service": "shop", "uid": service["metadata"]["uid"].upper()}
    assert desk.data("shop-settings") == expected
    assert desk.outputs() == {"address": address, "nested": {"names": ["shop", "shop"], "replicas": 2}}
    (component,) = desk.resources("desk:index:Shop").values()
    assert component["outputs"] == {"address": address}
    assert set(desk.resources()) == {"service", "settings", "password", "deployment"}
    assert all(each["parent"] == component["urn"] for each in desk.resources().values())
    desk.preview("--expect-no-changes")
    desk.run("destroy", "--yes", "--skip-preview")
    assert desk.names() == []
    assert desk.resources() == {}


def test_what_one_engine_deployed_is_unchanged_for_the_other(desk: Desk, request: pytest.FixtureRequest) -> None:
    pulumi = request.getfixturevalue("engine")
    if pulumi.name != "pulumi":
        pytest.skip("about both engines: the one of the other parameter deploys")
    desk.deploy(EVERYTHING + 'config_map("plain", {"k": "v"}, ResourceOptions(provider=hub))\n')
    from tests.engine.programs.desk import Embedded

    desk.engine = Embedded()
    desk.preview("--expect-no-changes")
    desk.up("--expect-no-changes")
    desk.run("refresh", "--preview-only", "--expect-no-changes")
    desk.engine = pulumi
    desk.preview("--expect-no-changes")


CRD = """
hub = connect()
opts = ResourceOptions(provider=hub)
GROUP = f"{NAMESPACE}.example.com"
"""
DEFINITION = """
k8s.apiextensions.v1.CustomResourceDefinition(
    "crd",
    metadata={"name": f"ropes.{GROUP}"},
    spec={
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "ropes", "singular": "rope", "kind": "Rope"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "open_apiv3_schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"length": {"type": "integer"}}},
                        },
                    }
                },
            }
        ],
    },
    opts=opts,
)
"""
OBJECTS = """
rope = k8s.apiextensions.CustomResource(
    "rope", f"{GROUP}/v1", "Rope", spec={"length": 3}, metadata={"namespace": f"{NAMESPACE}-ropes"}, opts=opts
)
pulumi.export("rope", rope.metadata["name"])
"""
PLACE = """
k8s.core.v1.Namespace("ropes", metadata={"name": f"{NAMESPACE}-ropes"}, opts=opts)
"""


def test_objects_wait_for_the_kinds_and_namespaces_that_the_program_brings(desk: Desk) -> None:
    desk.write(CRD + OBJECTS + PLACE + DEFINITION)
    desk.preview()
    desk.up()
    name = desk.outputs()["rope"]
    rope = desk.get(f"/apis/{desk.namespace}.example.com/v1/namespaces/{desk.namespace}-ropes/ropes/{name}")
    assert rope is not None
    assert rope["spec"] == {"length": 3}
    desk.preview("--expect-no-changes")
    desk.run("destroy", "--yes", "--skip-preview")
    assert desk.get(f"/api/v1/namespaces/{desk.namespace}-ropes") is None
    assert desk.get(f"/apis/{desk.namespace}.example.com") is None


@pytest.mark.parametrize("command", ["preview", "up"])
def test_a_namespace_that_nobody_brings_is_an_error(embedded: Desk, command: str) -> None:
    embedded.write(CRD + 'config_map("lost", {}, opts, namespace=f"{NAMESPACE}-nowhere")\n')
    run = embedded.preview(exit_code=4) if command == "preview" else embedded.up(exit_code=4)
    assert f"namespace {embedded.namespace}-nowhere does not exist" in run.text
    assert embedded.resources() == {}


def test_a_kind_that_nobody_brings_is_an_error(embedded: Desk) -> None:
    embedded.write(CRD + OBJECTS)
    run = embedded.preview(exit_code=4)
    assert f"the cluster does not serve Rope in {embedded.namespace}.example.com/v1" in run.text


def test_providers_by_path_by_contents_and_by_inheritance(desk: Desk) -> None:
    desk.deploy("""
from pathlib import Path

hub = connect()
dev = connect("dev", kubeconfig=Output.secret(Path(KUBECONFIGS["dev"]).read_text()))


class Pair(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("desk:index:Pair", name, None, opts)
        config_map(f"{name}-a", {}, ResourceOptions(parent=self))
        config_map(f"{name}-b", {}, ResourceOptions(parent=self, provider=dev))


Pair("one", ResourceOptions(providers={"kubernetes": hub}))
Pair("two", ResourceOptions(providers=[dev]))
config_map("alone", {}, ResourceOptions(provider=hub))
""")
    assert (desk.names(), desk.names(cluster="dev")) == (["alone", "one-a"], ["one-b", "two-a", "two-b"])
    text = desk.checkpoint_file.read_text()
    assert "client-key-data" not in text
    assert "client-certificate" not in text
    desk.run("destroy", "--yes", "--skip-preview")
    assert (desk.names(), desk.names(cluster="dev")) == ([], [])


def test_an_object_without_a_name_gets_one_and_keeps_it(desk: Desk) -> None:
    program = """
opts = ResourceOptions(provider=connect())
named = k8s.core.v1.ConfigMap("settings", metadata={"namespace": NAMESPACE}, data={"k": "%s"}, opts=opts)
pulumi.export("name", named.metadata.name)
"""
    desk.deploy(program % 1)
    (name,) = desk.names()
    assert name == desk.outputs()["name"]
    assert name.startswith("settings-")
    desk.preview("--expect-no-changes")
    desk.deploy(program % 2)
    assert desk.data(name) == {"k": "2"}
    assert desk.names() == [name]


def test_objects_that_name_no_namespace_are_in_the_providers(desk: Desk) -> None:
    desk.deploy("""
opts = ResourceOptions(provider=connect(namespace=NAMESPACE))
Thing("kubernetes:core/v1:Namespace", "other", {"metadata": {"name": f"{NAMESPACE}-other"}}, opts)
Thing("kubernetes:core/v1:ConfigMap", "here", {"metadata": {"name": "here"}}, opts)
config_map("there", {}, opts, namespace=f"{NAMESPACE}-other")
""")
    assert desk.names() == ["here"]
    ids = {name: each["id"] for name, each in desk.resources().items()}
    other = f"{desk.namespace}-other"
    assert ids == {"other": other, "here": f"{desk.namespace}/here", "there": f"{other}/there"}
    desk.preview("--expect-no-changes")


def test_what_a_preview_cannot_know_is_unknown_to_the_program(embedded: Desk) -> None:
    """The second object needs what only exists once the first one does, and the third what only the second knows."""
    embedded.write("""
opts = ResourceOptions(provider=connect())
first = Thing("kubernetes:core/v1:Namespace", "first", {"metadata": {"name": f"{NAMESPACE}-first"}}, opts)
second = config_map("second", {"name": first.metadata["name"]}, opts, namespace=first.metadata["name"])
second.metadata["uid"].apply(lambda uid: print(f"the uid is {uid}"))
second.data["name"].apply(lambda name: print(f"the name is {name}"))
third = config_map("third", {"uid": second.metadata["uid"], "id": second.id}, opts)
third.data.apply(lambda data: print(f"the data are {data}"))
third.metadata["name"].apply(lambda name: print(f"the third is {name}"))
""")
    run = embedded.preview("--diff")
    assert "the uid is" not in run.text
    assert "the data are" not in run.text
    assert f"the name is {embedded.namespace}-first" in run.text
    assert "the third is third" in run.text
    assert run.text.count("create ") == 6  # Three lines as it goes, three in the diff.
    assert f"  +   name: {embedded.namespace}-first" in run.text
    assert "[unknown]" in run.text
    assert embedded.resources() == {}


def test_a_diff_shows_what_is_in_new_objects(embedded: Desk) -> None:
    embedded.write("""
opts = ResourceOptions(provider=connect())
config_map("a", {"key": "value"}, opts, labels={"team": "shop"})
Thing("kubernetes:core/v1:Secret", "b", {
    "metadata": {"name": "b", "namespace": NAMESPACE}, "stringData": {"password": "hunter2"},
}, opts)
""")
    shown = embedded.preview("--diff").text
    assert "+ create ConfigMap" in shown
    assert all(line in shown for line in ("  +   key: value", "  +   team: shop", '  + data: "[secret]"'))
    assert not any(text in shown for text in ("apiVersion", "hunter2", base64.b64encode(b"hunter2").decode()))
    assert "key: value" not in embedded.preview().text
    assert "  +   key: value" in embedded.up("--diff").text


def test_a_preview_tries_out_what_depends_on_something_that_is_not_there_yet(embedded: Desk) -> None:
    """Unless that is a namespace, or brings a kind: without it nothing can be tried out."""
    embedded.write("""
provider = connect()
first = config_map("first", {}, ResourceOptions(provider=provider))
box = pulumi.ComponentResource("desk:index:Box", "box", None, ResourceOptions(depends_on=[first]))
config_map("second", {}, ResourceOptions(provider=provider, depends_on=[first]), labels={"l": "not valid"})
config_map("third", {}, ResourceOptions(provider=provider, depends_on=[box]), labels={"l": "not valid"})
""")
    run = embedded.preview(exit_code=4)
    assert "create ConfigMap" in run.text
    assert [f"/{name}: it is not valid" in run.text for name in ("first", "second", "third")] == [False, True, True]


def test_an_unknown_field_of_an_update_leaves_the_rest_of_the_object_known(embedded: Desk) -> None:
    program = """
opts = ResourceOptions(provider=connect())
settings = config_map("settings", {"k": %s}, opts)
pulumi.export("uid", settings.metadata["uid"])
settings.metadata["uid"].apply(lambda uid: print(f"the uid is {uid}"))
"""
    embedded.deploy(program % "'v'")
    new = 'Thing("kubernetes:core/v1:ConfigMap", "new", {"metadata": {"namespace": NAMESPACE}}, opts).id'
    embedded.write(program % new)
    run = embedded.preview("--diff")
    assert f"the uid is {embedded.outputs()['uid']}" in run.text
    assert '+ data.k: "[unknown]"' in run.text


def test_configuration_of_every_type_reaches_the_program(desk: Desk) -> None:
    desk.configure("""
desk:text: hello
desk:number: 3
desk:flag: true
desk:list: [1, two]
desk:map: {a: {b: c}}
other:text: elsewhere
""")
    desk.deploy("""
config = pulumi.Config()
pulumi.export("text", config.require("text"))
pulumi.export("number", config.require_int("number"))
pulumi.export("flag", config.require_bool("flag"))
pulumi.export("list", config.require_object("list"))
pulumi.export("map", config.require_object("map"))
pulumi.export("absent", config.get("absent") is None)
pulumi.export("other", pulumi.Config("other").require("text"))
pulumi.export("where", [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization()])
""")
    assert desk.outputs() == {
        "text": "hello",
        "number": 3,
        "flag": True,
        "list": [1, "two"],
        "map": {"a": {"b": "c"}},
        "absent": True,
        "other": "elsewhere",
        "where": ["desk", "test", "organization"],
    }


def test_a_stack_can_read_its_own_last_outputs(desk: Desk) -> None:
    desk.deploy("""
before = pulumi.StackReference("before", stack_name="organization/desk/test")
pulumi.export("count", before.get_output("count").apply(lambda count: (count or 0) + 1))
pulumi.export("kept", Output.secret({"password": "hunter2"}))
pulumi.export("again", before.get_output("kept"))
""")
    desk.up()
    assert desk.outputs()["count"] == 2
    # What was secret is secret when it is read again.
    assert "hunter2" not in desk.checkpoint_file.read_text()
    assert "plaintext" not in json.dumps(desk.outputs())


def test_what_the_program_says_is_shown(desk: Desk) -> None:
    desk.write("""
import sys

print("on the output")
print("on the error", file=sys.stderr)
print("x" * 200_000)
pulumi.info("some info")
pulumi.warn("a warning")
pulumi.log.debug("not this")
""")
    run = desk.preview()
    for words in ("on the output", "on the error", "some info", "a warning", "x" * 200_000):
        assert words in run.text
    assert "not this" not in run.text


def test_transformations_are_the_sdks_affair(desk: Desk) -> None:
    desk.deploy("""
def label(args):
    args.props["metadata"]["labels"] = {"by": "transformation"}
    return pulumi.ResourceTransformationResult(args.props, args.opts)


config_map("a", {}, ResourceOptions(provider=connect(), transformations=[label]))
""")
    found = desk.get("configmaps/a")
    assert found is not None
    assert found["metadata"]["labels"] == {"by": "transformation"}


def test_null_is_as_good_as_nothing(desk: Desk) -> None:
    program = """
opts = ResourceOptions(provider=connect())
Thing("kubernetes:core/v1:ConfigMap", "a", {
    "metadata": {"name": "a", "namespace": NAMESPACE, "labels": None, "annotations": {}},
    "data": {"k": "v"},
    "immutable": None,
}, opts)
"""
    desk.deploy(program)
    assert desk.data("a") == {"k": "v"}
    desk.preview("--expect-no-changes")
