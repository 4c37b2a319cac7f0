"""The selected stack, in Pulumi's own file."""

import hashlib
import json
from pathlib import Path

import pytest

from fleet.engine import project, selected
from fleet.engine.project import Project

HERE, ELSEWHERE = "file:///here", "file:///elsewhere"


@pytest.fixture
def sample(tmp_path: Path) -> Project:
    folder = tmp_path / "sample"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
    return project.load(folder)


def environ(tmp_path: Path, backend: str = HERE) -> dict[str, str]:
    return {"PULUMI_HOME": str(tmp_path / "home"), "PULUMI_BACKEND_URL": backend}


def settings_file(found: Project, tmp_path: Path) -> Path:
    digest = hashlib.sha1(str(found.file).encode()).hexdigest()
    return tmp_path / "home" / "workspaces" / f"sample-{digest}-workspace.json"


def test_each_backend_has_its_own(sample: Project, tmp_path: Path) -> None:
    here, elsewhere = environ(tmp_path), environ(tmp_path, ELSEWHERE)
    assert selected.read(sample, here) == ""
    selected.write(sample, here, "organization/sample/dev")
    selected.write(sample, elsewhere, "organization/sample/prod")
    assert (selected.read(sample, here), selected.read(sample, elsewhere)) == ("dev", "prod")
    assert json.loads(settings_file(sample, tmp_path).read_text()) == {
        "stacks": {HERE: "organization/sample/dev", ELSEWHERE: "organization/sample/prod"}
    }


def test_no_selection_leaves_no_file(sample: Project, tmp_path: Path) -> None:
    here = environ(tmp_path)
    selected.write(sample, here, "organization/sample/dev")
    selected.write(sample, here, "")
    assert selected.read(sample, here) == ""
    assert not settings_file(sample, tmp_path).exists()
    selected.write(sample, here, "")


def test_what_else_is_in_the_file_stays(sample: Project, tmp_path: Path) -> None:
    file = settings_file(sample, tmp_path)
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"stack": "old", "more": 1, "stacks": {ELSEWHERE: "prod"}}))
    assert selected.read(sample, environ(tmp_path)) == "old"
    selected.write(sample, environ(tmp_path), "organization/sample/dev")
    assert json.loads(file.read_text()) == {
        "stack": "old",
        "more": 1,
        "stacks": {ELSEWHERE: "prod", HERE: "organization/sample/dev"},
    }
    selected.write(sample, environ(tmp_path), "")
    assert json.loads(file.read_text()) == {"more": 1, "stacks": {ELSEWHERE: "prod"}}


@pytest.mark.parametrize("text", ["", "[]", "3", '{"stacks": 3}', '{"stacks": {"file:///here": null}}'])
def test_a_broken_file_says_nothing(sample: Project, tmp_path: Path, text: str) -> None:
    file = settings_file(sample, tmp_path)
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert selected.read(sample, environ(tmp_path)) == ""
    selected.write(sample, environ(tmp_path), "organization/sample/dev")
    assert selected.read(sample, environ(tmp_path)) == "dev"


def test_the_state_beside_the_project_is_a_backend_too(sample: Project, tmp_path: Path) -> None:
    """What the documentation tells to give Pulumi as the URL of that state."""
    home = {"PULUMI_HOME": str(tmp_path / "home")}
    selected.write(sample, home, "organization/sample/dev")
    url = f"file://{sample.folder}/.fleet/state"
    assert selected.read(sample, environ(tmp_path, url)) == "dev"
    assert selected.read(sample, environ(tmp_path)) == ""
