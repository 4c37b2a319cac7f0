"""A state goes through `stack export` and `stack import` of both engines, and neither finds anything to do."""

import json
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.e2e.workbench import STACK, Pulumi, Workbench, config_map

APPLICATION = """
fleet = Fleet(
    applications=[
        Application(
            "web",
            source=GitSource(REPO, path="manifests"),
            destinations=[Destination(name, namespace=NAMESPACE) for name in ("hub", "dev")],
            sync=SyncPolicy(automated=True, prune=True, self_heal=True),
        )
    ],
)
"""
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "secret"}, "stringData": {"password": "hunter2"}}
FLEET = (sys.executable, "-m", "fleet", "stack")
PULUMI = ("pulumi", "stack", "--non-interactive")


@pytest.fixture
def deployed(embedded: Workbench) -> Workbench:
    embedded.declare(APPLICATION)
    embedded.commit({"manifests/config.yaml": config_map("config", one="1"), "manifests/secret.yaml": SECRET})
    embedded.up()
    return embedded


def stack(bench: Workbench, engine: Sequence[str], *words: str, exit_code: int = 0) -> str:
    flag = "-s" if engine is FLEET else "--stack"
    return bench.execute([*engine, *words, flag, STACK], exit_code=exit_code, stderr=subprocess.DEVNULL).text


@pytest.mark.parametrize("flags", [(), ("--show-secrets",)], ids=["encrypted", "in plain text"])
def test_a_state_goes_round(deployed: Workbench, flags: tuple[str, ...]) -> None:
    if missing := Pulumi.missing():
        pytest.skip(missing)
    file = str(deployed.root / "state.json")
    for giver, taker in ((FLEET, PULUMI), (PULUMI, FLEET)):
        stack(deployed, giver, "export", "--file", file, *flags)
        stack(deployed, taker, "import", "--file", file)
        for engine in (deployed.engine, Pulumi()):
            deployed.execute(engine.command("preview", "--expect-no-changes"))
            deployed.execute(engine.command("refresh", "--preview-only", "--expect-no-changes"))
    assert "hunter2" not in json.dumps(deployed.checkpoint())
    deployed.run("destroy", "--yes", "--skip-preview")


def test_an_older_state_is_put_back(deployed: Workbench) -> None:
    deployed.commit({"manifests/more.yaml": config_map("more", two="2")})
    deployed.up()
    before = stack(deployed, FLEET, "export", "--version", "1")
    (deployed.root / "before.json").write_text(before)
    stack(deployed, FLEET, "import", "--file", str(deployed.root / "before.json"))
    # What that state knows nothing of is in the clusters all the same, so it is not made a second time.
    assert "it exists already" in deployed.up(exit_code=4).text
    stack(deployed, FLEET, "import", "--file", str(newest_backup(deployed)))
    deployed.run("preview", "--expect-no-changes")
    kinds = [each["kind"] for each in json.loads(stack(deployed, FLEET, "history", "--json"))]
    assert kinds == ["import", "update", "import", "update", "update"]
    deployed.run("destroy", "--yes", "--skip-preview")
    stack(deployed, FLEET, "rm", "--yes")
    assert stack(deployed, FLEET, "output", exit_code=6) == ""


def newest_backup(bench: Workbench) -> str:
    """Return the state that the second update left, as a file to import."""
    path = bench.root / "second.json"
    path.write_text(stack(bench, FLEET, "export", "--version", "2"))
    return str(path)
