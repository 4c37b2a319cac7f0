"""A stack's configuration, as Pulumi hands it to a program."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fleet.engine import project, stack_config
from fleet.engine.project import Project
from fleet.engine.secrets import Vault
from fleet.engine.stack_config import Configuration, StackConfig
from fleet.errors import DeclarationError, StackNotFoundError, StateError, UnsupportedError
from tests.unit.engine_state.strategies import PASSPHRASE

REAL = Path(__file__).with_name("data") / "Pulumi.dev.yaml"
PROJECT = """\
name: sample
runtime: python
stackConfigDir: stacks
config:
  size: {type: integer, default: 3}
  token: {type: string, secret: true}
"""
UPPER: Callable[[str], str] = str.upper


@pytest.fixture
def sample(tmp_path: Path) -> Project:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "stacks").mkdir()
    return project.load(tmp_path)


def with_schema(sample: Project, schema: str) -> Project:
    sample.file.write_text(f"name: sample\nstackConfigDir: stacks\nconfig: {schema}\n", encoding="utf-8")
    return project.load(sample.folder)


def load(sample: Project, text: str) -> StackConfig:
    stack_config.file_of(sample, "dev").write_text(text, encoding="utf-8")
    return stack_config.load(sample, "dev")


def resolve(sample: Project, text: str) -> Configuration:
    return stack_config.resolve(sample, load(sample, text), UPPER)


def test_what_pulumi_wrote(sample: Project) -> None:
    config = load(sample, REAL.read_text(encoding="utf-8"))
    vault = Vault("dev", config.salt, environ={"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE})
    resolved = stack_config.resolve(sample, config, vault.decrypt)
    assert resolved.values == {"sample:size": "3", "sample:token": 's3cr"et<>&é'}
    assert resolved.secret_keys == ("sample:token",)
    assert resolved.recorded["sample:token"] == config.values["sample:token"]


@pytest.mark.parametrize(
    ("written", "key", "text"),
    [
        pytest.param("x: a", "sample:x", "a", id="text"),
        pytest.param("sample:x: a", "sample:x", "a", id="with the project's namespace"),
        pytest.param("sample:config:x: a", "sample:x", "a", id="with a namespace as it was once written"),
        pytest.param("aws:region: eu", "aws:region", "eu", id="another namespace"),
        pytest.param("x: 5", "sample:x", "5", id="integer"),
        pytest.param("x: 1.5", "sample:x", "1.5", id="number"),
        pytest.param("x: true", "sample:x", "true", id="boolean"),
        pytest.param("x: '5'", "sample:x", "5", id="text that looks like a number"),
        pytest.param("x:", "sample:x", "", id="nothing"),
        pytest.param("x: {b: [1, true, null], a: é}", "sample:x", '{"a":"é","b":[1,true,null]}', id="object"),
        pytest.param("x: {secure: hunter2}", "sample:x", "HUNTER2", id="secret"),
        pytest.param("x: {a: [{secure: b}], c: d}", "sample:x", '{"a":["B"],"c":"d"}', id="secret inside an object"),
        pytest.param("x: {secure: b, c: d}", "sample:x", '{"c":"d","secure":"b"}', id="only looks like a secret"),
        pytest.param("x: 2026-11-22", "sample:x", "2026-11-22", id="a date is text"),
    ],
)
def test_values(sample: Project, written: str, key: str, text: str) -> None:
    resolved = resolve(with_schema(sample, "{}"), f"config:\n  {written}\n")
    assert resolved.values == {key: text}
    assert resolved.secret_keys == ((key,) if "hunter2" in written or "[{secure" in written else ())


def test_the_values_of_the_project_fill_in(sample: Project) -> None:
    schema = "{size: {type: integer, default: 3}, l: [1, 2], other:region: eu, t: {type: boolean, default: false}}"
    resolved = resolve(with_schema(sample, schema), "config: {size: 5}\n")
    assert resolved.values == {"sample:size": "5", "sample:l": "[1,2]", "other:region": "eu", "sample:t": "false"}
    assert json.dumps(dict(resolved.recorded), sort_keys=True) == (
        '{"other:region": "eu", "sample:l": [1, 2], "sample:size": "5", "sample:t": "false"}'
    )


def test_a_stack_without_a_file_is_fine(sample: Project) -> None:
    config = stack_config.load(with_schema(sample, "{size: 3}"), "new")
    assert stack_config.resolve(with_schema(sample, "{size: 3}"), config, UPPER).values == {"sample:size": "3"}
    assert not config.file.exists()


def test_an_empty_file_is_fine(sample: Project) -> None:
    assert load(sample, "# nothing yet\n").values == {}


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        pytest.param("{type: string}", ["a", "'5'", "5", "{secure: a}"], ["[a]", "{a: b}"], id="string"),
        pytest.param("{type: integer}", ["5", "'-5'", "+5"], ["a", "1.5", "true", "[5]", ""], id="integer"),
        pytest.param("{type: boolean}", ["true", "'false'"], ["1", "a", "[true]"], id="boolean"),
        pytest.param("{type: object}", ["{a: 1}"], ["a", "[1]"], id="object"),
        pytest.param("{type: array, items: {type: string}}", ["[a]", "[]"], ["a", "[1]", "[[a]]"], id="array"),
        pytest.param(
            "{type: array, items: {type: array, items: {type: integer}}}", ["[[1]]", "[['1']]"], ["[1]"], id="arrays"
        ),
    ],
)
def test_types(sample: Project, type_: str, good: list[str], bad: list[str]) -> None:
    typed = with_schema(sample, f"{{x: {type_}}}")
    for value in good:
        assert resolve(typed, f"config:\n  x: {value}\n").values
    for value in bad:
        with pytest.raises(DeclarationError, match="must be of type"):
            resolve(typed, f"config:\n  x: {value}\n")


def test_everything_that_is_wrong_is_said_with_its_place(sample: Project) -> None:
    typed = with_schema(sample, "{a: {type: integer}, b: {type: string, secret: true}, c: {type: string}}")
    with pytest.raises(DeclarationError) as caught:
        resolve(typed, "config:\n  a: hunter2\n  sample:b: x\n")
    text = str(caught.value)
    assert "stacks/Pulumi.dev.yaml:2, config.a: configuration key 'a' must be of type integer" in text
    assert "stacks/Pulumi.dev.yaml:3, config.sample:b: configuration key 'b' must be a secret" in text
    assert "stacks/Pulumi.dev.yaml, config.c: configuration key 'c' has no value" in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("config: [a]\n", "stacks/Pulumi.dev.yaml:1, config: config must be a mapping", id="a list"),
        pytest.param("config:\n  a:b:c: 1\n", "stacks/Pulumi.dev.yaml:2, config.a:b:c", id="a key"),
        pytest.param("encryptionsalt: 5\n", "encryptionsalt must be a text", id="salt"),
        pytest.param("config: {a: 1\n", "Pulumi.dev.yaml:1: not valid YAML", id="no YAML"),
    ],
)
def test_a_file_that_is_wrong(sample: Project, text: str, message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        load(sample, text)
    assert message in str(caught.value)


def test_environments_are_for_pulumi(sample: Project) -> None:
    with pytest.raises(UnsupportedError, match="ESC"):
        load(sample, "environment: [prod]\n")


def test_the_stacks_that_are_there(sample: Project) -> None:
    load(sample, "")
    stack_config.file_of(sample, "prod.eu").touch()
    assert stack_config.configured_stacks(sample) == ("dev", "prod.eu")
    stack_config.require("dev", ["dev"])
    with pytest.raises(StackNotFoundError, match=r"(?s)no stack 'de'.*There are: dev, prod\.eu\."):
        stack_config.require("de", ["prod.eu", "dev", "dev"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "encryptionsalt: v1:a\n", id="an empty file"),
        pytest.param(
            "# mine\nconfig:\n  x:   1 # one\n", "# mine\nconfig:\n  x:   1 # one\nencryptionsalt: v1:a\n", id="a"
        ),
        pytest.param("config: {x: 1}", "config: {x: 1}\nencryptionsalt: v1:a\n", id="no newline at its end"),
        pytest.param("encryptionsalt:\nconfig: {x: 1}\n", "config: {x: 1}\nencryptionsalt: v1:a\n", id="an empty key"),
        pytest.param("config: {x: 1}\r\n", "config: {x: 1}\r\nencryptionsalt: v1:a\n", id="lines of Windows"),
    ],
)
def test_the_salt_is_added_and_nothing_else_changes(sample: Project, before: str, after: str) -> None:
    file = stack_config.file_of(sample, "dev")
    file.write_bytes(before.encode())
    stack_config.write_salt(stack_config.load(sample, "dev"), "v1:a")
    assert file.read_bytes().decode() == after
    assert stack_config.load(sample, "dev").salt == "v1:a"


def test_the_salt_makes_the_file(sample: Project) -> None:
    stack_config.write_salt(stack_config.load(sample, "dev"), "v1:a")
    assert stack_config.load(sample, "dev").salt == "v1:a"


def test_where_no_line_can_be_added_nothing_is_written(sample: Project) -> None:
    config = load(sample, "{config: {x: 1}}\n")
    with pytest.raises(StateError, match="Add this line to it"):
        stack_config.write_salt(config, "v1:a")
    assert config.file.read_text(encoding="utf-8") == "{config: {x: 1}}\n"
