"""One run at a time per stack, whichever engine it is; different stacks, and those who only look, do not mind."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.workbench import STACK, Embedded, Pulumi, Workbench, config_map

LOCKED = 14

APPLICATION = """
fleet = Fleet(
    applications=[
        Application(
            "web",
            source=GitSource(REPO, path="manifests"),
            destinations=[Destination("dev", namespace=NAMESPACE)],
            sync=SyncPolicy(automated=True, prune=True, self_heal=True),
        )
    ],
)
"""


def held_path(bench: Workbench) -> str:
    return f"/api/v1/namespaces/{bench.namespace}/configmaps/held"


@contextmanager
def a_run_at_work(bench: Workbench) -> Iterator[subprocess.Popen[str]]:
    """Yield an `up` that has created `new` and waits for `held` to go; let it end afterwards."""
    held = config_map("held", key="1")
    held["metadata"] |= {"finalizers": ["example.com/not-yet"]}
    bench.declare(APPLICATION)
    bench.commit({"manifests/held.yaml": held})
    bench.up()
    bench.commit({"manifests/held.yaml": None, "manifests/new.yaml": config_map("new", key="1")})
    with bench.start("up", "--yes", "--skip-preview") as command:
        try:
            wait_until_it_waits(bench, command)
            yield command
        finally:
            bench.patch("dev", held_path(bench), {"metadata": {"finalizers": None}})
            command.communicate(timeout=60)


def wait_until_it_waits(bench: Workbench, command: subprocess.Popen[str]) -> None:
    while command.poll() is None:
        found = bench.get("dev", held_path(bench))
        if found is not None and "deletionTimestamp" in found["metadata"]:
            return
        time.sleep(0.1)
    pytest.fail(f"it ended by itself: {command.communicate()[0]}")


def test_a_second_run_is_refused_and_a_preview_is_not(bench: Workbench) -> None:
    with a_run_at_work(bench) as running:
        refused = bench.execute(Embedded().command("up", "--yes", "--skip-preview"), exit_code=LOCKED)
        assert f"Another run holds stack '{STACK}': " in refused.text
        assert f", process {running.pid}, since 20" in refused.text
        assert "`fleet cancel`" in refused.text
        assert "Traceback" not in refused.text
        if not Pulumi.missing():
            command = Pulumi().command("up", "--yes", "--skip-preview")
            assert "currently locked" in bench.execute(command, exit_code=1).text
        bench.execute(Embedded().command("preview"))
        bench.execute(Embedded().command("refresh", "--preview-only"))
    assert running.returncode == 0
    assert bench.get("dev", held_path(bench)) is None
    bench.run("preview", "--expect-no-changes")


def test_what_a_killed_run_did_is_not_lost(embedded: Workbench) -> None:
    with a_run_at_work(embedded) as running:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        if not Pulumi.missing():
            # It does not know the journal.
            command = Pulumi().command("up", "--yes", "--skip-preview")
            assert "currently locked" in embedded.execute(command, exit_code=1).text
    again = embedded.up()
    assert "Another run was cut off (" in again.text
    assert f"process {running.pid}, since 20" in again.text
    assert embedded.objects_in_state() == [f"dev/{embedded.namespace}/new"]
    assert embedded.config_map("dev", "new") == {"key": "1"}
    embedded.run("refresh", "--preview-only", "--expect-no-changes")


def test_two_stacks_share_a_cache_of_repositories(embedded: Workbench) -> None:
    """The cache is empty: both need the same repository at the same moment."""
    embedded.declare(APPLICATION)
    stacks = embedded.project / "stacks"
    other = (stacks / f"{STACK}.py").read_text().replace('Destination("dev"', 'Destination("hub"')
    (stacks / "other.py").write_text(other)
    (stacks / "Pulumi.other.yaml").write_text((stacks / f"Pulumi.{STACK}.yaml").read_text())
    embedded.commit({f"manifests/{number}.yaml": config_map(f"config-{number}") for number in range(50)})
    with (
        embedded.start("up", "--yes", "--skip-preview") as one,
        embedded.start("up", "--yes", "--skip-preview", "--stack", "other") as two,
    ):
        texts = [command.communicate(timeout=120)[0] for command in (one, two)]
    assert (one.returncode, two.returncode) == (0, 0), "\n".join(texts)
    assert [embedded.config_map(cluster, "config-49") for cluster in ("dev", "hub")] == [{}, {}]
