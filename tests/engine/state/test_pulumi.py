"""Pulumi and this engine on the same states: what one wrote the other goes on with."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fleet.engine import project, stack_config, store
from fleet.engine.backend import StackRef
from fleet.engine.ledger import Outcome
from fleet.engine.secrets import Vault
from fleet.engine.state import Resource, Secret
from fleet.engine.store import Store
from fleet.errors import LockedError
from tests.engine.state.test_crash import spoken, worker

pytestmark = pytest.mark.skipif(
    shutil.which("pulumi") is None, reason="needs Pulumi's CLI: https://www.pulumi.com/docs/install/"
)

CHECKPOINT = Path(__file__).parents[2] / "unit" / "engine_state" / "data" / "checkpoint.json"
# The program's interpreter is the one that runs the tests, because it has Pulumi's SDK.
PROJECT = f"""\
name: sample
runtime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}
config: {{size: {{type: integer, default: 3}}}}
"""
PASSPHRASE = "correct horse"


class Pulumi:
    """Pulumi's CLI in a project of its own, whose states are in `root`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "state"
        self.root.mkdir()
        folder.joinpath("Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
        self.environ = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.root}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def __call__(self, *arguments: str, fails: bool = False) -> str:
        command = ["pulumi", *arguments, "--non-interactive", "--stack", "dev"]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False, timeout=120
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def store(self) -> Store:
        loaded = project.load(self.folder)
        config = stack_config.load(loaded, "dev")

        def keep(salt: str) -> None:
            stack_config.write_salt(config, salt)

        vault = Vault("dev", config.salt, environ=self.environ, provider=config.secrets_provider, keep_salt=keep)
        return Store(store.backend(loaded, self.environ), StackRef("sample", "dev"), vault)


@pytest.fixture
def pulumi(tmp_path: Path) -> Pulumi:
    return Pulumi(tmp_path)


def root(**outputs: object) -> Resource:
    urn = "urn:pulumi:dev::sample::pulumi:pulumi:Stack::sample-dev"
    return Resource(urn=urn, type="pulumi:pulumi:Stack", outputs=outputs)


def test_what_we_made_pulumi_reads(pulumi: Pulumi) -> None:
    with pulumi.store().update("update", config={"sample:size": "3"}) as ledger:
        ledger.put(root(plain={"a": [1, 0.5, None, "é"]}, token=Secret("hunter2")))
        ledger.outcome = Outcome(succeeded=True, changes={"create": 1})
    shown = json.loads(pulumi("stack", "output", "--json", "--show-secrets"))
    assert shown == {"plain": {"a": [1, 0.5, None, "é"]}, "token": "hunter2"}
    (update,) = json.loads(pulumi("stack", "history", "--json"))
    assert (update["kind"], update["result"], update["resourceChanges"]) == ("update", "succeeded", {"create": 1})
    assert update["config"] == {"sample:size": {"value": "3", "secret": False}}
    assert "hunter2" in pulumi("stack", "export", "--show-secrets")


def test_what_pulumi_made_we_read(pulumi: Pulumi) -> None:
    pulumi("stack", "init")
    pulumi("config", "set", "--secret", "token", "hunter2")
    loaded = project.load(pulumi.folder)
    config = stack_config.load(loaded, "dev")
    values = stack_config.resolve(loaded, config, pulumi.store().vault.decrypt)
    assert values.values == {"sample:size": "3", "sample:token": "hunter2"}
    assert values.secret_keys == ("sample:token",)
    assert pulumi.store().read().resources == ()


def test_a_state_goes_back_and_forth(pulumi: Pulumi) -> None:
    """A state of Pulumi's own, with secrets, providers and objects, through both engines."""
    shutil.copy(CHECKPOINT.with_name("Pulumi.dev.yaml"), pulumi.folder)
    pulumi("stack", "init")
    exported = {"version": 3, "deployment": json.loads(CHECKPOINT.read_bytes())["checkpoint"]["latest"]}
    file = pulumi.folder / "export.json"
    file.write_text(json.dumps(exported), encoding="utf-8")
    pulumi("stack", "import", "--file", str(file))
    theirs = json.loads(pulumi("stack", "export"))["deployment"]["resources"]
    before = pulumi.store().read()
    assert [each.urn for each in before.resources] == [each["urn"] for each in theirs]
    with pulumi.store().update("update") as ledger:
        ledger.put(replace(before.resources[0], outputs={"token": Secret("changed")}))
    assert json.loads(pulumi("stack", "output", "--json", "--show-secrets")) == {"token": "changed"}
    ours = json.loads(pulumi("stack", "export"))["deployment"]["resources"]
    # All but the one resource that was put is, to the ciphertext, what Pulumi had written.
    assert ours[1:] == theirs[1:]
    pulumi("state", "unprotect", "--all", "--yes")
    assert not any(each.protect for each in pulumi.store().read().resources)


def test_while_we_hold_the_stack_pulumi_does_not_touch_it(pulumi: Pulumi) -> None:
    pulumi("stack", "init")
    with pulumi.store().update("update"):
        assert "currently locked by 1 lock(s)" in pulumi("stack", "rm", "--yes", fails=True)
    pulumi("stack", "rm", "--yes")


def test_pulumi_releases_the_lock_of_a_run_that_died(pulumi: Pulumi) -> None:
    pulumi("stack", "init")
    with worker("hold", pulumi.root) as process:
        assert spoken(process) == "held"
    assert "currently locked by 1 lock(s)" in pulumi("stack", "rm", "--yes", fails=True)
    pulumi("cancel", "--yes")
    pulumi("stack", "rm", "--yes")


def test_our_next_run_releases_it_too(pulumi: Pulumi) -> None:
    pulumi("stack", "init")
    with worker("hold", pulumi.root) as process:
        assert spoken(process) == "held"
    with pulumi.store().update("update"):
        pass
    pulumi("stack", "rm", "--yes")


def test_while_pulumi_holds_the_stack_we_do_not_touch_it(pulumi: Pulumi) -> None:
    """An update of Pulumi's waits for its program, which waits for a file."""
    if shutil.which("pulumi-language-python") is None:
        pytest.skip("needs Pulumi's language host for Python: https://www.pulumi.com/docs/install/")
    go = pulumi.folder / "go"
    program = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.05)\n"
    pulumi.folder.joinpath("__main__.py").write_text(program, encoding="utf-8")
    pulumi("stack", "init")
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=pulumi.folder, env=pulumi.environ, stdout=pipe, stderr=pipe, text=True) as up:
        try:
            held = pulumi.store().backend.folder("locks", "organization", "sample", "dev")
            while not list(held.glob("*.json")):
                assert up.poll() is None, up.communicate()
                time.sleep(0.05)
            with pytest.raises(LockedError, match=f"process {up.pid}"), pulumi.store().update("update"):
                pytest.fail("it was not refused")
        finally:
            go.touch()
        said = "".join(up.communicate(timeout=120))
    assert up.returncode == 0, said
    with pulumi.store().update("update") as ledger:
        assert [each.type for each in ledger.before.resources] == ["pulumi:pulumi:Stack"]
