"""`fleet stack`: states listed, selected, exported, imported, looked back on and removed."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fleet.cli import words as in_words
from fleet.cli.group import cli
from fleet.cli.terminal import Terminal
from fleet.engine import lock, project, selected
from fleet.engine.ledger import Outcome
from fleet.engine.stack_config import StackConfig
from fleet.engine.state import Operation, Resource, Secret
from fleet.engine.store import Store
from fleet.engine.workspace import open_store

PASSPHRASE = "correct horse"
ROOT_URN = "urn:pulumi:demo::fleet::pulumi:pulumi:Stack::fleet-demo"
OUTPUTS = {"plain": {"a": [1, 2]}, "text": "it's"}


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", PASSPHRASE)


def run(project: Path, *words: str, text: str = "", exit_code: int = 0) -> Result:
    done = CliRunner().invoke(cli, ["stack", *words, "-C", str(project)], input=text)
    assert done.exit_code == exit_code, done.output
    assert "Traceback" not in done.output
    return done


def opened(folder: Path, stack: str = "demo") -> tuple[Store, StackConfig]:
    return open_store(project.load(folder), stack, os.environ)


def deploy(
    folder: Path, stack: str = "demo", *, objects: int = 1, config: dict[str, Any] | None = None, token: str = ""
) -> None:
    """Leave a state as a run does that has made objects. token: a secret output; deriving its key takes time."""
    store, _ = opened(folder, stack)
    with store.update("update", config=config) as ledger:
        outputs = OUTPUTS | ({"token": Secret(token)} if token else {})
        root = ROOT_URN.replace("demo", stack)
        ledger.put(Resource(urn=root, type="pulumi:pulumi:Stack", outputs=outputs))
        for number in range(objects):
            urn = f"urn:pulumi:{stack}::fleet::kubernetes:core/v1:ConfigMap::{number}"
            ledger.put(Resource(urn=urn, type="kubernetes:core/v1:ConfigMap", custom=True, parent=root))
        ledger.outcome = Outcome(succeeded=True, changes={"create": objects})


def lines(result: Result) -> list[str]:
    return [line.rstrip() for line in result.stdout.splitlines()]


def test_ls(project: Path) -> None:
    (project / "stacks" / "prod.py").write_text("")
    deploy(project)
    assert lines(run(project, "ls")) == [
        "NAME  LAST UPDATE  RESOURCE COUNT",
        "demo  now          2",
        "prod  n/a          n/a",
    ]
    demo, prod = json.loads(run(project, "ls", "--json").stdout)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", demo.pop("lastUpdate"))
    assert demo == {"name": "demo", "current": False, "resourceCount": 2}
    assert prod == {"name": "prod", "current": False}


def test_ls_all(project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path_factory.mktemp('state')}")
    other = tmp_path_factory.mktemp("other")
    (other / "Pulumi.yaml").write_text("name: other\nruntime: python\n")
    (other / "Pulumi.test.yaml").write_text("config: {}\n")
    deploy(project)
    deploy(other, "test")
    assert [each["name"] for each in json.loads(run(project, "ls", "--json").stdout)] == ["demo"]
    named = [each["name"] for each in json.loads(run(project, "ls", "--all", "--json").stdout)]
    assert named == ["demo", "organization/other/test"]


def test_ls_while_a_run_works(project: Path) -> None:
    deploy(project)
    store, _ = opened(project)
    with lock.held(store.backend, store.ref):
        assert "in progress" in run(project, "ls").stdout
        (demo,) = json.loads(run(project, "ls", "--json").stdout)
        assert demo["updateInProgress"] is True


def test_ls_with_a_damaged_state(project: Path) -> None:
    deploy(project)
    deploy(project, "prod")
    store, _ = opened(project)
    store.backend.checkpoint_file(store.ref).write_text("{")
    done = run(project, "ls")
    assert lines(done)[1:] == ["demo  n/a          n/a", "prod  now          2"]
    assert "error: " in done.stderr
    assert "The state is damaged" in done.stderr


def test_no_stacks(project: Path) -> None:
    (project / "stacks" / "Pulumi.demo.yaml").unlink()
    assert lines(run(project, "ls")) == ["NAME  LAST UPDATE  RESOURCE COUNT"]
    assert json.loads(run(project, "ls", "--json").stdout) == []


def test_select(project: Path) -> None:
    (project / "stacks" / "prod.py").write_text("")
    run(project, "select", "prod")
    assert "prod*" in run(project, "ls").stdout
    assert [each["current"] for each in json.loads(run(project, "ls", "--json").stdout)] == [False, True]
    deploy(project, "prod")
    assert json.loads(run(project, "output", "--json").stdout)["text"] == "it's"
    run(project, "select", "-s", "organization/fleet/demo")
    assert "demo*" in run(project, "ls").stdout


def test_select_what_is_not_there(project: Path) -> None:
    done = run(project, "select", "nope", exit_code=6)
    assert done.stderr == "error: There is no stack 'nope'\n  There are: demo.\n"
    assert "no stack is named" in run(project, "select", exit_code=6).stderr
    assert "only one of" in run(project, "select", "demo", "-s", "demo", exit_code=2).stderr


def test_select_a_stack_that_only_has_a_state(project: Path) -> None:
    deploy(project, "gone")
    run(project, "select", "gone")
    assert lines(run(project, "output", "text")) == ["it's"]


def test_output(project: Path) -> None:
    deploy(project, token="hunter2")
    assert lines(run(project, "output")) == [
        "Current stack outputs (3):",
        "    OUTPUT  VALUE",
        '    plain   {"a":[1,2]}',
        "    text    it's",
        "    token   [secret]",
    ]
    assert json.loads(run(project, "output", "--json").stdout) == {
        "plain": {"a": [1, 2]},
        "text": "it's",
        "token": "[secret]",
    }
    assert json.loads(run(project, "output", "--json", "--show-secrets").stdout)["token"] == "hunter2"
    assert lines(run(project, "output", "plain")) == ['{"a":[1,2]}']
    assert json.loads(run(project, "output", "plain", "--json").stdout) == {"a": [1, 2]}
    assert lines(run(project, "output", "--shell", "--show-secrets")) == [
        """plain='{"a":[1,2]}'""",
        """text='it'"'"'s'""",
        "token=hunter2",
    ]


def test_an_output_that_is_not_there(project: Path) -> None:
    deploy(project)
    done = run(project, "output", "nope", exit_code=1)
    assert done.stderr == "error: stack 'demo' has no output 'nope'\n  It has plain, text.\n"
    assert "only one of --json and --shell" in run(project, "output", "--json", "--shell", exit_code=2).stderr


@pytest.mark.parametrize("words", [["output"], ["export"], ["rm", "--yes"]], ids=lambda words: words[0])
def test_a_stack_that_was_never_deployed(project: Path, words: list[str]) -> None:
    assert "was never deployed" in run(project, *words, "-s", "demo", exit_code=6).stderr
    assert "There is no stack 'nope'" in run(project, *words, "-s", "nope", exit_code=6).stderr
    assert not (project / ".fleet").exists()


def test_export_and_import(project: Path, tmp_path: Path) -> None:
    deploy(project, token="hunter2")
    store, _ = opened(project)
    exported = run(project, "export").stdout
    assert "hunter2" not in exported
    assert "hunter2" in run(project, "export", "--show-secrets").stdout
    deploy(project, objects=3)
    done = run(project, "import", text=exported)
    assert done.stdout == "Import complete.\n"
    assert "The state before is in" in done.stderr
    assert len(opened(project)[0].read().resources) == 2
    file = tmp_path / "x.json"
    run(project, "export", "--file", str(file))
    assert json.loads(file.read_text())["deployment"] == json.loads(exported)["deployment"]
    run(project, "import", "--file", str(file))
    assert len(store.backend.updates(store.ref)) == 4
    assert len(json.loads(run(project, "export", "--version", "2").stdout)["deployment"]["resources"]) == 4


def test_a_stack_that_is_new_is_imported_into(project: Path) -> None:
    deploy(project, token="hunter2")
    document = json.loads(run(project, "export", "--show-secrets").stdout)
    del document["deployment"]["secrets_providers"]
    exported = json.dumps(document).replace(":demo::", ":new::").replace("-demo", "-new")
    assert "There is no stack 'new'" in run(project, "import", "-s", "new", text=exported, exit_code=6).stderr
    (project / "stacks" / "new.py").write_text("")
    run(project, "import", "-s", "new", text=exported)
    assert lines(run(project, "output", "text", "-s", "new")) == ["it's"]
    assert "encryptionsalt" in (project / "stacks" / "Pulumi.new.yaml").read_text()


def test_an_import_that_could_be_dangerous(project: Path) -> None:
    deploy(project)
    before = run(project, "export").stdout
    stranger = before.replace("urn:pulumi:demo::", "urn:pulumi:prod::")
    done = run(project, "import", text=stranger, exit_code=13)
    assert "is from a different stack (prod != demo)" in done.stderr
    assert "--force does it anyway" in done.stderr
    assert run(project, "export").stdout == before
    done = run(project, "import", "--force", text=stranger)
    assert "warning: <standard input>: Not a deployment of stack" in done.stderr
    assert "warning: fleet will not work with this state" in done.stderr
    assert "The state is that of another stack" in run(project, "output", exit_code=13).stderr
    run(project, "import", text=before)
    assert run(project, "export").stdout == before


def test_operations_under_way_are_named(project: Path) -> None:
    deploy(project)
    document = json.loads(run(project, "export").stdout)
    planned = document["deployment"]["resources"][1]
    document["deployment"]["pending_operations"] = [{"resource": planned, "type": "creating"}]
    done = run(project, "import", text=json.dumps(document))
    assert f"removing pending operation 'creating' on '{planned['urn']}' from snapshot" in done.stderr
    assert opened(project)[0].read().pending_operations == ()


def test_the_journal_of_an_interrupted_run_is_set_aside(project: Path) -> None:
    deploy(project)
    exported = run(project, "export").stdout
    store, _ = opened(project)
    with store.update("update") as ledger:
        planned = Resource(urn=f"{ROOT_URN}x", type="kubernetes:core/v1:ConfigMap", custom=True)
        ledger.begin(Operation("creating", planned)).result()
        left = store.backend.journal_file(store.ref).read_bytes()
    store.backend.journal_file(store.ref).write_bytes(left)
    done = run(project, "import", text=exported)
    assert "what an interrupted run had done is no longer part of the state" in done.stderr
    assert opened(project)[0].read().pending_operations == ()


@pytest.mark.parametrize("words", [["import"], ["rm", "--yes", "--force"]], ids=lambda words: words[0])
def test_while_a_run_works_it_is_refused(project: Path, words: list[str]) -> None:
    deploy(project)
    exported = run(project, "export").stdout
    store, _ = opened(project)
    with lock.held(store.backend, store.ref):
        assert "Another run holds stack 'demo'" in run(project, *words, text=exported, exit_code=14).stderr
        assert run(project, "export").stdout == exported


def test_files_that_cannot_be_had(project: Path) -> None:
    deploy(project)
    nowhere = str(project / "nowhere" / "x.json")
    assert "could not be read" in run(project, "import", "--file", nowhere, exit_code=1).stderr
    assert "could not be written" in run(project, "export", "--file", nowhere, exit_code=1).stderr
    (project / "x.json").write_bytes(b"\xff\xfe\x00")
    assert "This is no deployment" in run(project, "import", "--file", str(project / "x.json"), exit_code=13).stderr


def test_history(project: Path) -> None:
    deploy(project, config={"fleet:size": "3"})
    deploy(project, objects=2)
    assert re.fullmatch(
        r"Version: 2\nUpdateKind: update\nStatus: succeeded\nMessage: ?\n\+2-0~0 0 Updated .* took \ds\n"
        r"    exec\.agent: fleet\n    exec\.kind: cli\n\nVersion: 1\n(?s:.*)",
        "\n".join(lines(run(project, "history"))) + "\n",
    )
    second, first = json.loads(run(project, "history", "--json").stdout)
    assert (second["version"], first["version"]) == (2, 1)
    assert first["config"] == {"fleet:size": {"value": "3", "secret": False}}
    assert (first["result"], first["resourceChanges"]) == ("succeeded", {"create": 1})


def test_pages_of_history(project: Path) -> None:
    for _ in range(5):
        deploy(project)

    def versions(*words: str) -> list[int]:
        return [each["version"] for each in json.loads(run(project, "history", "--json", *words).stdout)]

    assert versions() == versions("--page-size", "0") == versions("--page-size", "-1") == [5, 4, 3, 2, 1]
    assert versions("--page-size", "2") == versions("--page-size", "2", "--page", "0") == [5, 4]
    assert versions("--page-size", "2", "--page", "3") == [1]
    assert versions("--page-size", "2", "--page", "4") == []
    assert lines(run(project, "history", "--page", "9")) == ["No stack updates found on page '9'"]


def test_no_history(project: Path) -> None:
    assert lines(run(project, "history")) == ["Stack has never been updated"]
    assert json.loads(run(project, "history", "--json").stdout) == []


def test_secrets_of_the_configuration_in_the_history(project: Path) -> None:
    vault = opened(project)[0].vault
    sealed = {"secure": vault.encrypt("hunter2")}
    deploy(project, config={"fleet:a": sealed, "fleet:b": {"c": [sealed], "d": 1}, "fleet:e": {"secure": "v1:x:y"}})

    def config(*words: str) -> Any:
        return json.loads(run(project, "history", "--json", "--page-size", "1", *words).stdout)[0]["config"]

    assert config() == {"fleet:a": {"secret": True}, "fleet:b": {"secret": True}, "fleet:e": {"secret": True}}
    assert config("--show-secrets") == {
        "fleet:a": {"value": "hunter2", "secret": True},
        "fleet:b": {"value": '{"c":["hunter2"],"d":1}', "objectValue": {"c": ["hunter2"], "d": 1}, "secret": True},
        "fleet:e": {"value": "ERROR_UNABLE_TO_DECRYPT", "secret": True},
    }


def test_a_broken_record_is_named(project: Path) -> None:
    deploy(project)
    store, _ = opened(project)
    (record,) = store.backend.updates(store.ref)
    record.write_text("{")
    assert f"{record}: This is no record of an update" in run(project, "history", exit_code=13).stderr


def test_rm(project: Path) -> None:
    deploy(project, objects=0)
    run(project, "select", "demo")
    assert lines(run(project, "rm", "demo", "--yes")) == ["Stack 'demo' has been removed!"]
    assert selected.read(opened_project(project), os.environ) == ""
    assert (project / "stacks" / "Pulumi.demo.yaml").is_file()
    assert "was never deployed" in run(project, "rm", "demo", "--yes", exit_code=6).stderr


def opened_project(folder: Path) -> project.Project:
    return project.load(folder)


def test_rm_leaves_another_stack_selected(project: Path) -> None:
    deploy(project, "prod", objects=0)
    run(project, "select", "demo")
    run(project, "rm", "prod", "--yes")
    assert selected.read(opened_project(project), os.environ) == "demo"


def test_rm_of_a_stack_in_use(project: Path) -> None:
    deploy(project)
    done = run(project, "rm", "--yes", exit_code=1)
    assert "'demo' still has resources; removal rejected" in done.stderr
    run(project, "rm", "--yes", "--force", "--remove-backups")
    assert [path for path in (project / ".fleet").rglob("*demo*") if path.is_file()] == []


def test_rm_without_a_terminal_needs_a_yes(project: Path) -> None:
    deploy(project)
    done = run(project, "rm", exit_code=2)
    assert "there is no terminal to ask for confirmation on" in done.stderr
    assert opened(project)[0].exists()


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Terminal, "interactive", lambda _: True)


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize(
    ("answer", "exit_code"),
    [pytest.param("demo\n", 0, id="its name"), pytest.param("yes\n", 8, id="yes"), pytest.param("", 8, id="nothing")],
)
def test_rm_asks_for_the_name(project: Path, answer: str, exit_code: int) -> None:
    deploy(project, objects=0)
    done = run(project, "rm", text=answer, exit_code=exit_code)
    assert "This will permanently remove the 'demo' stack!" in done.stdout
    assert opened(project)[0].exists() is bool(exit_code)


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize(
    ("answer", "exit_code", "chosen"),
    [
        pytest.param("nope\nprod\n", 0, "prod", id="a stack"),
        pytest.param("\n", 0, "demo", id="the one there was"),
        pytest.param("", 8, "demo", id="nothing"),
    ],
)
def test_select_asks(project: Path, answer: str, exit_code: int, chosen: str) -> None:
    (project / "stacks" / "prod.py").write_text("")
    run(project, "select", "demo")
    run(project, "select", text=answer, exit_code=exit_code)
    assert selected.read(opened_project(project), os.environ) == chosen


def test_how_long_ago() -> None:
    day = 86_400
    spans = (0.4, 1, 59, 60, 3600 * 5, day, day * 13, day * 20, day * 59, day * 60, day * 400, day * 800)
    assert [in_words.ago(seconds) for seconds in spans] == [
        "now",
        "1 second ago",
        "59 seconds ago",
        "1 minute ago",
        "5 hours ago",
        "1 day ago",
        "1 week ago",
        "2 weeks ago",
        "1 month ago",
        "2 months ago",
        "1 year ago",
        "2 years ago",
    ]
    assert in_words.ago(time.time()) == f"{int(time.time() // 31_104_000)} years ago"
