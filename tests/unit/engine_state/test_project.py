"""Pulumi.yaml, and where a project's states are."""

from pathlib import Path

import pytest

from fleet.engine import project, store
from fleet.engine.project import Project
from fleet.errors import DeclarationError, UnsupportedError

FULL = """\
name: sample
runtime:
  name: python
  options: {virtualenv: .venv}
main: program
stackConfigDir: stacks
backend: {url: "file://state"}
options: {refresh: always}
config:
  size: {type: integer, default: 3}
  names: {type: array, items: {type: string}, default: [a]}
  short: 5
  sample:full: {type: string}
  other:region: eu
  other:list: [1]
  note: {description: needs a value}
"""


def load(folder: Path, text: str, name: str = "Pulumi.yaml") -> Project:
    (folder / name).write_text(text, encoding="utf-8")
    return project.load(folder)


def test_all_that_a_project_says(tmp_path: Path) -> None:
    loaded = load(tmp_path, FULL)
    assert (loaded.name, loaded.runtime_options) == ("sample", {"virtualenv": ".venv"})
    assert (loaded.program, loaded.stack_config_dir) == (tmp_path / "program", tmp_path / "stacks")
    assert (loaded.backend_url, loaded.refresh) == ("file://state", True)
    assert {key: each.given for key, each in loaded.config.items()} == {
        "sample:size": 3,
        "sample:names": ["a"],
        "sample:short": 5,
        "sample:full": None,
        "other:region": "eu",
        "other:list": [1],
        "sample:note": None,
    }
    assert loaded.config["sample:names"].type_name == "array of string"


def test_the_least_that_a_project_says(tmp_path: Path) -> None:
    loaded = load(tmp_path, "name: sample\nruntime: python\n", "Pulumi.yml")
    assert (loaded.program, loaded.stack_config_dir, loaded.config) == (tmp_path, tmp_path, {})
    assert not loaded.refresh


def test_a_folder_for_the_configuration_as_it_was_once_written(tmp_path: Path) -> None:
    loaded = load(tmp_path, "name: sample\nruntime: python\nconfig: stacks\n")
    assert (loaded.stack_config_dir, loaded.config) == (tmp_path / "stacks", {})


def test_finding_a_project(tmp_path: Path) -> None:
    load(tmp_path, "name: sample\n")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert project.find(deep) == tmp_path
    with pytest.raises(DeclarationError, match=r"no Pulumi\.yaml"):
        project.find(Path("/proc"))


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        pytest.param("runtime: python\n", ["Pulumi.yaml:1, name: the project must have a name"], id="no name"),
        pytest.param("name: 5\n", ["Pulumi.yaml:1, name: the project must have a name"], id="a number for a name"),
        pytest.param("name: a/b\n", ["Pulumi.yaml:1, name: a project's name has"], id="a name with a slash"),
        pytest.param("name: a\nmain: [x]\n", ["Pulumi.yaml:2, main:"], id="main"),
        pytest.param("name: a\nruntime: [x]\n", ["Pulumi.yaml:2, runtime:"], id="runtime"),
        pytest.param("name: a\nbackend: x\n", ["Pulumi.yaml:2, backend: backend must be a mapping"], id="backend"),
        pytest.param("name: a\nconfig: [x]\n", ["Pulumi.yaml:2, config: config must be a mapping"], id="config"),
        pytest.param("[1]\n", ["Pulumi.yaml: it must hold one mapping"], id="a list"),
        pytest.param("name: a\nname: b\n", ["Pulumi.yaml:2"], id="a key twice"),
        pytest.param(
            "name: a\nconfig:\n  x: {type: integer, default: b}\n  w: {typ: string}\n  z: {type: number}\n",
            [
                "Pulumi.yaml:3, config.x.default: the default must be of type integer",
                "Pulumi.yaml:4, config.w.typ: there is no 'typ' here",
                "Pulumi.yaml:5, config.z.type: 'number' is no type",
            ],
            id="several at once",
        ),
        pytest.param(
            "name: a\nconfig:\n  x: {type: array}\n  w: {default: 1, value: 2}\n  z: {secret: maybe}\n",
            ["config.x: an array must say what it holds", "config.w: there can be a default or", "config.z.secret:"],
            id="declarations",
        ),
        pytest.param(
            "name: a\nconfig:\n  b:x: {type: string, value: c}\n  b:y: {default: c}\n  b:c:d: 1\n",
            ["config.b:x.type: a key of another", "config.b:y: a key of another", "config.b:y.default", "config.b:c:d"],
            id="keys of another namespace",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, problems: list[str]) -> None:
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path, text)
    for problem in problems:
        assert problem in str(caught.value)


def test_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="cannot be read"):
        project.load(tmp_path)


def test_other_languages_are_for_pulumi(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="nodejs"):
        load(tmp_path, "name: sample\nruntime: nodejs\n")


@pytest.mark.parametrize(
    ("environ", "written", "expected"),
    [
        pytest.param({}, "", ".fleet/state", id="by default"),
        pytest.param({}, 'backend: {url: "file://here"}\n', "here", id="as the project says"),
        pytest.param({"PULUMI_BACKEND_URL": "file:///there"}, 'backend: {url: "s3://x"}\n', "/there", id="as told"),
    ],
)
def test_where_the_states_are(tmp_path: Path, environ: dict[str, str], written: str, expected: str) -> None:
    assert store.folder(load(tmp_path, f"name: sample\n{written}"), environ) == tmp_path / expected


def test_other_backends_are_for_pulumi(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="s3"):
        store.folder(load(tmp_path, 'name: sample\nbackend: {url: "s3://x"}\n'), {})


@pytest.mark.parametrize(("value", "kept"), [("true", False), ("1", False), ("", True), ("false", True)])
def test_backups_can_be_switched_off(tmp_path: Path, value: str, kept: bool) -> None:
    environ = {"PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": value}
    assert store.backend(load(tmp_path, "name: sample\n"), environ).retain_backups is kept
