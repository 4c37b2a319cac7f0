"""What the embedded engine cannot do is one error that names it, says to use Pulumi, and changes nothing."""

import pytest

from tests.engine.programs.desk import Desk

UNSUPPORTED = 15
FEATURES = {
    "another provider": (
        'class Other(pulumi.ProviderResource):\n    pass\n\n\nOther("aws", "other", {})',
        "'other' is a provider of aws",
    ),
    "a resource of another provider": (
        'Thing("aws:s3/bucket:Bucket", "bucket", {})',
        "'bucket' is a aws:s3/bucket:Bucket",
    ),
    "the default provider": ('config_map("b", {})', "'b' has no explicit provider"),
    "a function": (
        'pulumi.runtime.invoke("aws:index/getRegion:getRegion", {})',
        "the function 'aws:index/getRegion:getRegion'",
    ),
    "a Helm release": (
        'k8s.helm.v3.Release("r", chart="nginx", opts=opts)',
        "resources of type kubernetes:helm.sh/v3:Release",
    ),
    "a Helm chart": (
        'k8s.helm.v3.Chart("c", k8s.helm.v3.LocalChartOpts(path="./chart"), opts)',
        "Helm charts",
    ),
    "a Helm chart of version 4": (
        'k8s.helm.v4.Chart("c", chart="nginx", opts=opts)',
        "kubernetes:helm.sh/v4:Chart 'c': the embedded engine does not support remote components",
    ),
    "a yaml ConfigFile": (
        'open("x.yaml", "w").close()\nk8s.yaml.ConfigFile("f", file="x.yaml", opts=opts)',
        "kubernetes:yaml",
    ),
    "a yaml ConfigGroup": ('k8s.yaml.ConfigGroup("g", yaml=["a: b"], opts=opts)', "kubernetes:yaml"),
    "a yaml ConfigGroup of version 2": (
        'k8s.yaml.v2.ConfigGroup("g", yaml="a: b", opts=opts)',
        "kubernetes:yaml/v2:ConfigGroup 'g': the embedded engine does not support remote components",
    ),
    "a kustomize Directory": ('k8s.kustomize.Directory("d", "dir", opts=opts)', "kubernetes:kustomize"),
    "a Patch": (
        'k8s.core.v1.ConfigMapPatch("p", metadata={"name": "a"}, opts=opts)',
        "'p' is a kubernetes:core/v1:ConfigMapPatch: the embedded engine does not support resources that patch objects",
    ),
    "a List": (
        'k8s.core.v1.ConfigMapList("l", items=[], opts=opts)',
        "resources of type kubernetes:core/v1:ConfigMapList",
    ),
    "transforms": (
        'config_map("b", {}, ResourceOptions(provider=hub, transforms=[lambda args: None]))',
        "does not support transforms",
    ),
    "stack transforms": ("pulumi.runtime.register_resource_transform(lambda args: None)", "stack transforms"),
    "hooks": (
        """
hook = pulumi.ResourceHook("h", lambda args: None)
config_map("b", {}, ResourceOptions(provider=hub, hooks=pulumi.ResourceHookBinding(before_create=[hook])))
""",
        "hooks",
    ),
    "import": ('config_map("b", {}, ResourceOptions(provider=hub, import_="x/b"))', "the import option"),
    "replace_with": ('config_map("b", {}, ResourceOptions(provider=hub, replace_with=[a]))', "replace_with"),
    "replacement_trigger": (
        'config_map("b", {}, ResourceOptions(provider=hub, replacement_trigger="x"))',
        "replacement_trigger",
    ),
    "a resource by its URN": (
        'Thing("kubernetes:core/v1:ConfigMap", "b", {}, ResourceOptions(urn="urn:pulumi:x::y::z::b"))',
        "the function 'pulumi:pulumi:getResource'",
    ),
    "another stack": (
        'pulumi.StackReference("other", stack_name="organization/desk/other")',
        "'other' reads another stack, organization/desk/other",
    ),
    "a stack of this name in another project": (
        'pulumi.StackReference("other", stack_name="organization/elsewhere/test")',
        "'other' reads another stack, organization/elsewhere/test",
    ),
    "reading what is no object": (
        'Thing("aws:s3/bucket:Bucket", "bucket", {}, ResourceOptions(id="x"))',
        "'bucket' reads a aws:s3/bucket:Bucket",
    ),
    "an asset": ('config_map("b", {"k": pulumi.StringAsset("x")}, opts)', "assets"),
    "an archive in an output": ('pulumi.export("x", pulumi.FileArchive("."))', "archives"),
    "a dynamic provider": (
        """
from pulumi.dynamic import Resource, ResourceProvider

class Mine(ResourceProvider):
    pass

class Kind(Resource):
    pass

Kind(Mine(), "mine", {})
""",
        "'mine': the embedded engine does not support dynamic providers",
    ),
    "a remote component": (
        'pulumi.ComponentResource("x:y:Z", "z", {}, None, remote=True)',
        "x:y:Z 'z': the embedded engine does not support remote components",
    ),
    "client-side apply": (
        'connect(name="old", enable_server_side_apply=False)',
        "Kubernetes provider old: the embedded engine cannot do enableServerSideApply=false",
    ),
    "a provider that is not known yet": (
        """
found = Thing("kubernetes:core/v1:ConfigMap", "found", {"metadata": {"namespace": NAMESPACE}}, opts)
connect(name="late", kubeconfig=found.id)
""",
        "'late': what the provider connects to is only known once something else is deployed",
    ),
}


@pytest.mark.parametrize(("feature", "words"), FEATURES.values(), ids=FEATURES)
def test_it_is_named_once_and_nothing_changes(embedded: Desk, feature: str, words: str) -> None:
    embedded.write(f"""
hub = connect()
opts = ResourceOptions(provider=hub)
a = config_map("a", {{}}, opts)
{feature}
""")
    run = embedded.run("up", "--yes", exit_code=UNSUPPORTED)
    # Once as it happens, once in the summary.
    assert 1 <= run.text.count(words) <= 2
    assert "ulumi" in run.text.partition(words)[2]
    assert "Traceback" not in run.text
    assert "warning" not in run.text
    assert embedded.names() == []
    assert embedded.resources("") == {}


def test_a_program_that_goes_on_after_it_has_failed_all_the_same(embedded: Desk) -> None:
    embedded.write("""
opts = ResourceOptions(provider=connect())
try:
    pulumi.runtime.invoke("aws:index/getRegion:getRegion", {})
except Exception as error:
    print(f"caught: {error}")
config_map("a", {}, opts)
""")
    run = embedded.up(exit_code=UNSUPPORTED)
    assert "does not support the function 'aws:index/getRegion:getRegion'" in run.text
    assert embedded.names() == []


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        ("aws:s3/bucket:Bucket", "The state holds a aws:s3/bucket:Bucket"),
        ("kubernetes:helm.sh/v3:Release", "resources of type kubernetes:helm.sh/v3:Release"),
    ],
)
@pytest.mark.parametrize("command", ["preview", "destroy", "refresh"])
def test_a_state_that_only_pulumi_can_work_with_is_left_to_it(
    embedded: Desk, type_: str, words: str, command: str
) -> None:
    """Taking what is not in the program for something to forget would lose it."""
    embedded.deploy('config_map("a", {}, ResourceOptions(provider=connect()))')
    text = embedded.checkpoint_file.read_text().replace("kubernetes:core/v1:ConfigMap", type_)
    embedded.overwrite_state(text)
    embedded.write("connect()")
    flags = [] if command == "preview" else ["--yes", "--skip-preview"]
    run = embedded.run(command, *flags, exit_code=UNSUPPORTED)
    assert words in run.text
    assert embedded.checkpoint_file.read_text() == text


def test_require_pulumi_version_is_about_a_program_that_is_not_there(embedded: Desk) -> None:
    embedded.write('pulumi.require_pulumi_version(">=3.0.0")')
    assert "require_pulumi_version" in embedded.preview(exit_code=UNSUPPORTED).text
