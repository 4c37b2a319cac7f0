"""`fleet stack` and `pulumi stack` on the same files: what one command does the other engine's sees."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fleet.engine.ledger import Outcome
from fleet.engine.state import Resource, Secret
from tests.engine.state.test_pulumi import CHECKPOINT, Pulumi, root

pytestmark = pytest.mark.skipif(
    shutil.which("pulumi") is None, reason="needs Pulumi's CLI: https://www.pulumi.com/docs/install/"
)

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def pulumi(tmp_path: Path) -> Pulumi:
    """A stack of Pulumi's, with a state of its own."""
    made = Pulumi(tmp_path)
    shutil.copy(CHECKPOINT.with_name("Pulumi.dev.yaml"), made.folder)
    made("stack", "init")
    exported = {"version": 3, "deployment": json.loads(CHECKPOINT.read_bytes())["checkpoint"]["latest"]}
    run(made, ["pulumi", "stack", "import", "--stack", "dev"], json.dumps(exported))
    return made


def run(pulumi: Pulumi, command: list[str], text: str = "", exit_code: int = 0) -> str:
    """Run a command in the project and return what it prints; what it says besides is not looked at."""
    environ = {**pulumi.environ, "PYTHONPATH": str(REPOSITORY), "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=pulumi.folder, env=environ, input=text, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == exit_code, done.stdout + done.stderr
    return done.stdout


def fleet(pulumi: Pulumi, *words: str, text: str = "", exit_code: int = 0) -> str:
    return run(pulumi, [sys.executable, "-m", "fleet", "stack", *words], text, exit_code)


def theirs(pulumi: Pulumi, *words: str, text: str = "", exit_code: int = 0) -> str:
    return run(pulumi, ["pulumi", "stack", *words, "--non-interactive"], text, exit_code)


def test_both_export_the_same(pulumi: Pulumi) -> None:
    assert json.loads(fleet(pulumi, "export")) == json.loads(theirs(pulumi, "export"))
    shown = ("export", "--show-secrets")
    assert json.loads(fleet(pulumi, *shown)) == json.loads(theirs(pulumi, *shown))


@pytest.mark.parametrize("flags", [(), ("--show-secrets",)], ids=["encrypted", "in plain text"])
def test_what_one_exports_the_other_imports(pulumi: Pulumi, flags: tuple[str, ...]) -> None:
    def resources() -> Any:
        return json.loads(theirs(pulumi, "export", "--show-secrets"))["deployment"]["resources"]

    before = resources()
    theirs(pulumi, "import", text=fleet(pulumi, "export", *flags))
    assert resources() == before
    fleet(pulumi, "import", text=theirs(pulumi, "export", *flags))
    assert resources() == before
    assert json.loads(fleet(pulumi, "output", "--json", "--show-secrets")) == json.loads(
        theirs(pulumi, "output", "--json", "--show-secrets")
    )
    assert "secret>&" not in pulumi.store().backend.checkpoint_file(pulumi.store().ref).read_text()


def test_a_stranger_is_refused_by_both(pulumi: Pulumi) -> None:
    stranger = fleet(pulumi, "export").replace("urn:pulumi:dev::", "urn:pulumi:prod::")
    fleet(pulumi, "import", text=stranger, exit_code=13)
    theirs(pulumi, "import", text=stranger, exit_code=1)


def test_both_list_the_same(pulumi: Pulumi) -> None:
    run(pulumi, ["pulumi", "stack", "init", "prod"])
    for flags in (("--json",), ("--json", "--all")):
        assert json.loads(fleet(pulumi, "ls", *flags)) == json.loads(theirs(pulumi, "ls", *flags))


def test_both_select_the_same(pulumi: Pulumi) -> None:
    run(pulumi, ["pulumi", "stack", "init", "prod"])
    fleet(pulumi, "select", "dev")
    assert theirs(pulumi, "--show-name").strip() == "dev"
    theirs(pulumi, "select", "prod")
    (chosen,) = [each["name"] for each in json.loads(fleet(pulumi, "ls", "--json")) if each["current"]]
    assert chosen == "prod"


def test_both_show_the_same_outputs(pulumi: Pulumi) -> None:
    with pulumi.store().update("update") as ledger:
        ledger.put(root(plain={"a": [1, 0.5, None, "é"]}, text="it's", token=Secret({"a": "hunter2"})))
    for flags in ((), ("--show-secrets",), ("--json",), ("--json", "--show-secrets"), ("--shell", "--show-secrets")):
        words = ("output", *flags)
        ours, other = fleet(pulumi, *words), theirs(pulumi, *words)
        if "--json" in flags:
            assert json.loads(ours) == json.loads(other)
        elif "--shell" in flags:
            assert shlex.split(ours) == shlex.split(other)
        else:
            assert [line.split() for line in ours.splitlines()] == [line.split() for line in other.splitlines()]
        assert ("hunter2" in ours) is ("--show-secrets" in flags)
    for name in ("plain", "text"):
        assert fleet(pulumi, "output", name) == theirs(pulumi, "output", name)


def test_both_show_the_same_history(pulumi: Pulumi) -> None:
    pulumi("config", "set", "--secret", "token", "hunter2")
    sealed = {"secure": pulumi.store().vault.encrypt("hunter2")}
    config = {"sample:size": "3", "sample:token": sealed, "sample:list": ["a", {"b": sealed}]}
    with pulumi.store().update("update", config=config) as ledger:
        ledger.put(root(a=1))
        ledger.outcome = Outcome(succeeded=True, changes={"create": 1, "same": 3})
    with pulumi.store().update("refresh"):
        pass
    for flags in (("--json",), ("--json", "--show-secrets"), ("--json", "--page-size", "1", "--page", "2")):
        ours, other = (
            json.loads(shown) for shown in (fleet(pulumi, "history", *flags), theirs(pulumi, "history", *flags))
        )
        # Pulumi's file backend numbers no updates.
        assert [{**each, "version": 0} for each in ours] == other
    ours, other = (shown.splitlines() for shown in (fleet(pulumi, "history"), theirs(pulumi, "history")))
    assert [each.split(" Updated ")[0] for each in ours if "Version" not in each] == [
        each.split(" Updated ")[0] for each in other if "Version" not in each
    ]


def test_an_import_is_in_the_history_that_pulumi_shows(pulumi: Pulumi) -> None:
    fleet(pulumi, "import", text=fleet(pulumi, "export"))
    (update,) = json.loads(theirs(pulumi, "history", "--json"))
    assert (update["kind"], update["result"]) == ("import", "succeeded")


def test_what_pulumi_did_can_be_exported_again(pulumi: Pulumi) -> None:
    """Pulumi's runs keep their outcome under the same names."""
    if shutil.which("pulumi-language-python") is None:
        pytest.skip("needs Pulumi's language host for Python: https://www.pulumi.com/docs/install/")
    theirs(pulumi, "rm", "dev", "--yes", "--force", "--preserve-config")
    pulumi("stack", "init")
    for number in (1, 2):
        pulumi.folder.joinpath("__main__.py").write_text(f"import pulumi\npulumi.export('n', {number})\n")
        pulumi("up", "--yes", "--skip-preview")
    both = [json.loads(fleet(pulumi, "export", "--version", str(number))) for number in (1, 2)]
    assert [each["deployment"]["resources"][0]["outputs"] for each in both] == [{"n": 1}, {"n": 2}]
    assert [each["kind"] for each in json.loads(fleet(pulumi, "history", "--json"))] == ["update", "update"]
    assert both[1] == json.loads(theirs(pulumi, "export"))


def test_a_stack_in_use_is_removed_by_none(pulumi: Pulumi) -> None:
    fleet(pulumi, "rm", "dev", "--yes", exit_code=1)
    theirs(pulumi, "rm", "dev", "--yes", exit_code=1)
    fleet(pulumi, "rm", "dev", "--yes", "--force")
    assert json.loads(theirs(pulumi, "ls", "--json")) == []
    assert sorted(path.name for path in pulumi.root.rglob("dev*") if path.is_file()) == [
        "dev.json.bak",
        "dev.json.bak.attrs",
    ]


def test_what_pulumi_removes_leaves_the_same_files(pulumi: Pulumi) -> None:
    with pulumi.store().update("update") as ledger:
        ledger.put(root(a=1))
    copy = pulumi.folder / "copy"
    shutil.copytree(pulumi.root, copy)
    for flags in ((), ("--remove-backups",)):
        left = []
        for remove in (fleet, theirs):
            shutil.rmtree(pulumi.root)
            shutil.copytree(copy, pulumi.root)
            remove(pulumi, "rm", "dev", "--yes", "--force", "--preserve-config", *flags)
            found = (str(path.relative_to(pulumi.root)) for path in pulumi.root.rglob("*") if path.is_file())
            left.append(sorted(each for each in found if not each.endswith(".attrs")))
        assert left[0] == left[1]


def test_a_resource_that_pulumi_alone_knows_survives(pulumi: Pulumi) -> None:
    """Import and export go by what is in the file, not by what this engine could do with it."""
    document = json.loads(fleet(pulumi, "export"))
    urn = "urn:pulumi:dev::sample::random:index/randomPet:RandomPet::pet"
    provider = "urn:pulumi:dev::sample::pulumi:providers:random::default"
    document["deployment"]["resources"] += [
        {"urn": provider, "custom": True, "id": "1", "type": "pulumi:providers:random"},
        {
            "urn": urn,
            "custom": True,
            "id": "pet",
            "type": "random:index/randomPet:RandomPet",
            "inputs": {"length": 2},
            "outputs": {"id": "pet", "length": 2},
            "provider": f"{provider}::1",
        },
    ]
    fleet(pulumi, "import", text=json.dumps(document))
    assert json.loads(theirs(pulumi, "export"))["deployment"]["resources"] == document["deployment"]["resources"]
    assert isinstance(pulumi.store().read().live()[urn], Resource)
