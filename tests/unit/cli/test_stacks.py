from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from fleet.cli import stacks
from fleet.errors import DeclarationError, FleetError, StackNotFoundError


def declare(project: Path, *names: str) -> None:
    for name in names:
        file = project / "stacks" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")


def test_the_project_is_found_from_below(project: Path) -> None:
    below = project / "a" / "b"
    below.mkdir(parents=True)
    found = stacks.open_project(below)
    assert (found.folder, found.name, found.refresh) == (project, "fleet", False)


def test_options_refresh_of_the_project(project: Path) -> None:
    (project / "Pulumi.yaml").write_text("name: fleet\nruntime: python\noptions: {refresh: always}\n")
    assert stacks.open_project(project).refresh


def test_stacks_are_what_is_configured_or_declared(project: Path) -> None:
    declare(project, "one.py", "two/app.yaml", "two/more.yml", "__init__.py", "_shared/x.yaml", "empty/readme.md")
    assert stacks.names(stacks.open_project(project)) == ("demo", "one", "two")


@pytest.mark.parametrize(
    ("asked", "environment", "chosen"),
    [
        pytest.param("prod", {"PULUMI_STACK": "dev"}, "prod", id="asked"),
        pytest.param(None, {"PULUMI_STACK": "dev"}, "dev", id="environment"),
        pytest.param(None, {}, "demo", id="the only one"),
        pytest.param("organization/fleet/dev", {}, "dev", id="full name"),
        pytest.param("organization/dev", {}, "dev", id="name with organization"),
    ],
)
def test_choose_stack(
    project: Path, tmp_path: Path, asked: str | None, environment: dict[str, str], chosen: str
) -> None:
    environment = {"PULUMI_HOME": str(tmp_path), **environment}
    assert stacks.choose(stacks.open_project(project), asked, environment) == chosen


@pytest.mark.parametrize(
    ("settings", "backend", "chosen"),
    [
        pytest.param({"stack": "organization/fleet/prod"}, "", "prod", id="one selection"),
        pytest.param({"stacks": {"file://~": "dev", "file://x": "prod"}}, "file://x", "prod", id="per backend"),
        pytest.param({"stacks": {"file://~": "dev"}, "stack": "prod"}, "file://x", "prod", id="other backend"),
    ],
)
def test_what_pulumi_stack_select_chose(
    project: Path, tmp_path: Path, settings: dict[str, object], backend: str, chosen: str
) -> None:
    declare(project, "dev.py", "prod.py")
    digest = hashlib.sha1(str(project / "Pulumi.yaml").encode()).hexdigest()
    workspaces = tmp_path / "home" / "workspaces"
    workspaces.mkdir(parents=True)
    (workspaces / f"fleet-{digest}-workspace.json").write_text(json.dumps(settings))
    environment = {"PULUMI_HOME": str(tmp_path / "home"), "PULUMI_BACKEND_URL": backend}
    assert stacks.choose(stacks.open_project(project), None, environment) == chosen


def test_a_selection_that_is_gone_or_broken_does_not_count(project: Path, tmp_path: Path) -> None:
    digest = hashlib.sha1(str(project / "Pulumi.yaml").encode()).hexdigest()
    (tmp_path / "workspaces").mkdir()
    file = tmp_path / "workspaces" / f"fleet-{digest}-workspace.json"
    for text in ('{"stack": "gone"}', "[]", "{", '{"stacks": 3}'):
        file.write_text(text)
        assert stacks.choose(stacks.open_project(project), None, {"PULUMI_HOME": str(tmp_path)}) == "demo"


def message(project: Path, asked: str | None, expected: type[FleetError]) -> str:
    with pytest.raises(expected) as caught:
        stacks.choose(stacks.open_project(project), asked, {"PULUMI_HOME": str(project)})
    return str(caught.value)


def test_several_stacks_need_a_choice(project: Path) -> None:
    declare(project, "prod.py")
    assert message(project, None, StackNotFoundError) == (
        "no stack is chosen, and the project fleet has several: demo, prod\n  → Name one with -s/--stack."
    )


def test_no_stack(project: Path) -> None:
    (project / "stacks" / "Pulumi.demo.yaml").unlink()
    assert message(project, None, StackNotFoundError) == (
        "the project fleet has no stack\n  → Declare one in stacks/<stack>.py, or in stacks/<stack>/*.yaml."
    )


def test_a_stack_of_another_project(project: Path) -> None:
    assert message(project, "organization/other/dev", StackNotFoundError) == (
        "the stack organization/other/dev is one of project other, not of fleet"
    )


def test_a_project_file_that_is_wrong_is_an_error_that_names_it(project: Path) -> None:
    (project / "Pulumi.yaml").write_text("name: fleet\nruntime: [python\n")
    with pytest.raises(DeclarationError, match=r"^Pulumi\.yaml:\d"):
        stacks.open_project(project)


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"no Pulumi\.yaml in .*, nor in any folder above it"):
        stacks.open_project(tmp_path)


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"there is no directory .*/nowhere\n  → Check the option -C/--cwd"):
        stacks.open_project(tmp_path / "nowhere")
