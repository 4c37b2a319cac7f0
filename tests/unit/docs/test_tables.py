"""Tables in the documentation name everything that the code has, and nothing else."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterable
from typing import Any

import pytest
from pulumi.runtime.proto import engine_pb2, resource_pb2

import fleet
from fleet.engine.kubernetes import inputs
from fleet.errors import Where
from tests.unit.docs.pages import PAGES, ROOT

DSL = PAGES["docs/reference/dsl.md"]
STATE = PAGES["docs/reference/state.md"]
ENGINE = PAGES["docs/reference/embedded-engine.md"]
DEPENDENCIES = PAGES["docs/explanation/dependencies.md"]
ARCHITECTURE = PAGES["docs/explanation/architecture.md"]


def test_the_dsl_has_a_section_for_each_name() -> None:
    assert re.findall(r"^## (.+)$", DSL.text, re.MULTILINE) == sorted(fleet.__all__)


@pytest.mark.parametrize("name", fleet.__all__)
def test_the_dsl_has_each_field_with_its_type_and_default(name: str) -> None:
    fields = dataclasses.fields(getattr(fleet, name))
    expected = [(f"`{each.name}`", f"`{each.type}`", default(each)) for each in fields]
    rows = DSL.rows(name)
    assert [row[:3] for row in rows] == expected
    assert all(row[3] for row in rows)


def default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return f"`{field.default!r}`"
    if field.default_factory is dataclasses.MISSING:
        return "required"
    value = field.default_factory()
    return f"`{type(value).__name__}()`" if dataclasses.is_dataclass(value) else f"`{value!r}`"


def test_the_dsl_says_which_fields_go_by_position() -> None:
    first = {name: dataclasses.fields(getattr(fleet, name))[0] for name in fleet.__all__}
    positional = [f"`{name}`" for name, field in sorted(first.items()) if not field.kw_only]
    rest = [each for name in fleet.__all__ for each in dataclasses.fields(getattr(fleet, name))[1:]]
    assert f"The first field of {', '.join(positional[:-1])} and {positional[-1]} may be given by position" in DSL.text
    assert all(each.kw_only for each in rest)


def test_what_is_only_for_messages_says_so() -> None:
    rows = [row for name in fleet.__all__ for row in DSL.rows(name) if row[1] == f"`{Where.__name__}`"]
    assert {row[3] for row in rows} == {"For messages only."}


def environment_variables() -> set[str]:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "fleet").rglob("*.py")]
    return {name for text in sources for name in re.findall(r"\"((?:PULUMI|FLEET)_[A-Z_]+)\"", text)}


def test_the_state_page_has_every_environment_variable() -> None:
    rows = STATE.rows("Environment variables")
    named = {name for row in rows for name in re.findall(r"`((?:PULUMI|FLEET)_[A-Z_]+)`", row[0])}
    assert named == environment_variables()


def test_the_engine_page_has_every_method_of_the_protocol() -> None:
    services = (resource_pb2.DESCRIPTOR.services_by_name, engine_pb2.DESCRIPTOR.services_by_name)
    served = {method.name for each in services for service in each.values() for method in service.methods}
    assert first_cells("Services") == served


def test_the_engine_page_has_every_argument_of_the_provider() -> None:
    known = {*inputs._READ, *inputs._WITHOUT_EFFECT, *inputs._UNSUPPORTED}
    assert first_cells("Arguments of the Kubernetes provider") == known


def test_the_engine_page_refuses_what_the_engine_refuses() -> None:
    rows = ENGINE.rows("Arguments of the Kubernetes provider")
    refused = {name for row in rows if row[1].startswith("refused") for name in re.findall(r"`(\w+)`", row[0])}
    assert refused == set(inputs._UNSUPPORTED)


def first_cells(heading: str) -> set[str]:
    return {name for row in ENGINE.rows(heading) for name in re.findall(r"`(\w+)`", row[0])}


def requirements(file: str) -> set[str]:
    lines = (line for line in (ROOT / file).read_text().splitlines() if line and line[0] not in "#-")
    return {re.split(r"[=<>!~\[;]", line)[0].strip() for line in lines}


def listed(heading: str) -> set[str]:
    return {name.strip() for row in DEPENDENCIES.rows(heading) for name in row[0].split(",")}


@pytest.mark.parametrize(
    ("heading", "file"),
    [
        ("To run (`requirements.txt`)", "requirements.txt"),
        ("To work on it (`requirements-dev.txt`)", "requirements-dev.txt"),
    ],
)
def test_each_requirement_has_its_line(heading: str, file: str) -> None:
    assert listed(heading) == requirements(file)


@pytest.mark.parametrize(
    ("heading", "file"),
    [
        ("The local clusters (`localclusters/go.mod`)", "localclusters/go.mod"),
        ("Tools of the tests (`testtools/go.mod`)", "testtools/go.mod"),
    ],
)
def test_each_tool_built_with_go_has_its_line(heading: str, file: str) -> None:
    tools = (ROOT / file).read_text().partition("tool (")[2].partition(")")[0].split()
    assert listed(heading) == set(tools)


def contracts() -> Iterable[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def test_the_layers_are_those_of_the_contract() -> None:
    (layers,) = (each["layers"] for each in contracts() if each["type"] == "layers")
    assert "\n".join(layers) + "\n" in [block.text for block in ARCHITECTURE.blocks]


def test_every_contract_is_named() -> None:
    others = [each["name"] for each in contracts() if each["type"] != "layers"]
    assert [name for name in others if f"- {name}.\n" not in ARCHITECTURE.text] == []
