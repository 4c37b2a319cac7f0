"""A state with something that the embedded engine does not know: every command leaves it as it is, and names it.

The states are Pulumi's own, some of them with one thing added. No cluster is there, so none is needed for that.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fleet.cli.group import cli
from tests.engine.state.test_pulumi import CHECKPOINT, PASSPHRASE, Pulumi

UNSUPPORTED, STATE = 15, 13
PROJECT = f"name: sample\nruntime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n"
PET = "urn:pulumi:dev::sample::random:index/randomPet:RandomPet::pet"
RANDOM = "urn:pulumi:dev::sample::pulumi:providers:random::default"
Document = dict[str, Any]


def add(document: Document, *resources: Mapping[str, Any]) -> None:
    document["checkpoint"]["latest"]["resources"] += resources


def a_pet(document: Document) -> None:
    provider = {"urn": RANDOM, "custom": True, "id": "1", "type": "pulumi:providers:random"}
    pet = {"urn": PET, "custom": True, "id": "pet", "type": "random:index/randomPet:RandomPet"}
    add(document, provider, pet | {"inputs": {"length": 2}, "outputs": {"length": 2}, "provider": f"{RANDOM}::1"})


def a_pet_that_is_being_made(document: Document) -> None:
    pet = {"urn": PET, "custom": True, "type": "random:index/randomPet:RandomPet", "inputs": {"length": 2}}
    document["checkpoint"]["latest"]["pending_operations"] = [{"resource": pet, "type": "creating"}]


def a_patch(document: Document) -> None:
    objects = [each for each in document["checkpoint"]["latest"]["resources"] if each["type"].endswith(":ConfigMap")]
    found = objects[0]
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shared", "namespace": "apps"}}
    urn = found["urn"].replace(":ConfigMap::", ":ConfigMapPatch::")
    add(document, found | {"urn": urn, "type": "kubernetes:core/v1:ConfigMapPatch", "inputs": inputs})


def the_default_provider(document: Document) -> None:
    text = json.dumps(document)
    (provider, *_) = [
        each["urn"] for each in document["checkpoint"]["latest"]["resources"] if each["type"].startswith("pulumi:prov")
    ]
    document |= json.loads(text.replace(provider, f"{provider.rpartition('::')[0]}::default_4_34_2"))


def another_secrets_provider(document: Document) -> None:
    state = {"url": "https://api.pulumi.com", "owner": "a", "project": "sample", "stack": "dev"}
    document["checkpoint"]["latest"]["secrets_providers"] = {"type": "service", "state": state}


def features(document: Document) -> None:
    document |= {"version": 4, "features": ["taint", "views"]}


def the_future(document: Document) -> None:
    document |= {"version": 5}


def the_past(document: Document) -> None:
    document |= {"version": 2}


# What is done to a state of Pulumi's, the exit code, and the words that name it.
UNKNOWN: Mapping[str, tuple[Callable[[Document], None], int, str]] = {
    "a resource of another provider": (a_pet, UNSUPPORTED, PET),
    "one that is being made": (a_pet_that_is_being_made, UNSUPPORTED, PET),
    "a resource that patches": (a_patch, UNSUPPORTED, "resources that patch objects"),
    "the default provider": (the_default_provider, UNSUPPORTED, "Pulumi's default provider"),
    "another secrets provider": (another_secrets_provider, UNSUPPORTED, "encrypted by 'service'"),
    "features": (features, STATE, "format version 4 and uses taint, views"),
    "a newer format": (the_future, STATE, "format version 5"),
    "an older format": (the_past, STATE, "old format version 2"),
}
RUNS = (
    ("preview",),
    ("preview", "--refresh"),
    ("up", "--yes"),
    ("up", "--yes", "--skip-preview", "--refresh"),
    ("refresh", "--yes", "--skip-preview"),
    ("refresh", "--preview-only"),
    ("destroy", "--yes", "--skip-preview"),
    ("destroy", "--preview-only"),
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose program would want nothing of what is in the state."""
    for name, value in {
        "PULUMI_BACKEND_URL": f"file://{tmp_path}/state",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "__main__.py").write_text("")
    shutil.copy(CHECKPOINT.with_name("Pulumi.dev.yaml"), folder)
    return folder


def leave(project: Path, change: Callable[[Document], None]) -> Path:
    """Leave the state of Pulumi's with the change made to it; return its file."""
    document = json.loads(CHECKPOINT.read_bytes())
    change(document)
    file = project.parent / "state" / ".pulumi" / "stacks" / "sample" / "dev.json"
    file.parent.mkdir(parents=True)
    (file.parents[2] / "meta.yaml").write_text("version: 1\n")
    file.write_text(json.dumps(document))
    return file


def run(project: Path, *words: str, text: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(cli, [*words, "-s", "dev", "-C", str(project)], input=text)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code, done.output


def contents(project: Path) -> dict[str, bytes]:
    """Return all files of the backend but the records of runs that failed."""
    root = project.parent / "state"
    files = (path for path in root.rglob("*") if path.is_file() and not path.name.endswith(".history.json"))
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@pytest.mark.parametrize(("change", "exit_code", "words"), UNKNOWN.values(), ids=UNKNOWN)
def test_no_run_touches_it(project: Path, change: Callable[[Document], None], exit_code: int, words: str) -> None:
    leave(project, change)
    before = contents(project)
    for command in RUNS:
        ended, said = run(project, *command)
        assert (ended, words in said) == (exit_code, True), f"{command}: {said}"
        assert contents(project) == before, command


@pytest.mark.parametrize(("change", "exit_code", "words"), UNKNOWN.values(), ids=UNKNOWN)
def test_it_is_listed_exported_and_kept(
    project: Path, change: Callable[[Document], None], exit_code: int, words: str
) -> None:
    file = leave(project, change)
    before, document = contents(project), json.loads(file.read_bytes())
    listed = CliRunner().invoke(cli, ["stack", "ls", "--json", "-C", str(project)])
    (dev,) = json.loads(listed.stdout)
    assert dev["resourceCount"] == len(document["checkpoint"]["latest"]["resources"])
    ended, exported = run(project, "stack", "export")
    assert (ended, json.loads(exported)["deployment"]) == (0, document["checkpoint"]["latest"])
    assert run(project, "stack", "rm", "--yes")[0] == 1
    assert run(project, "stack", "history") == (0, "Stack has never been updated\n")
    assert contents(project) == before
    if exit_code == STATE:
        # What cannot be read is not imported either.
        ended, said = run(project, "stack", "import", text=exported)
        assert ended == STATE, said
        assert contents(project) == before


def test_outputs_are_read_whatever_else_is_there(project: Path) -> None:
    leave(project, a_pet)
    ended, said = run(project, "stack", "output", "plain", "--json")
    assert (ended, json.loads(said)) == (0, {"a": [1, 2, 0.1]})


def test_what_pulumi_writes_in_a_newer_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A component with a hook makes Pulumi write format version 4."""
    needed = ("pulumi", "pulumi-language-python")
    if missing := [name for name in needed if shutil.which(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}: https://www.pulumi.com/docs/install/")
    pulumi = Pulumi(tmp_path)
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_HOME"):
        monkeypatch.setenv(name, pulumi.environ[name])
    pulumi.folder.joinpath("__main__.py").write_text("""\
import pulumi
hook = pulumi.ResourceHook("h", lambda args: None)
hooks = pulumi.ResourceHookBinding(before_create=[hook])
pulumi.ComponentResource("a:b:C", "c", {}, pulumi.ResourceOptions(hooks=hooks))
""")
    pulumi("stack", "init")
    pulumi("up", "--yes", "--skip-preview")
    file = pulumi.store().backend.checkpoint_file(pulumi.store().ref)
    before = file.read_bytes()
    for command in RUNS:
        ended, said = run(pulumi.folder, *command)
        assert (ended, "format version 4 and uses hooks" in said) == (STATE, True), said
        assert file.read_bytes() == before
    ended, exported = run(pulumi.folder, "stack", "export")
    assert json.loads(exported) == json.loads(pulumi("stack", "export"))
