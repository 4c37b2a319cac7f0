"""Applications that leave a stack by mistake are not deleted by a run that nobody looks at."""

from __future__ import annotations

import json

import pytest

from fleet import yamlio
from tests.e2e.workbench import STACK, Workbench, config_map

EXCEEDED = 17
APPLICATION = """
Application(
    "{name}",
    source=GitSource(REPO, path="{name}"),
    destinations=[Destination(name, namespace=NAMESPACE) for name in ("hub", "dev")],
    sync=SyncPolicy(automated=True, prune=True, self_heal=True),
),
"""
SCHEDULED = ("--refresh", "--scheduled")


def declare(bench: Workbench, *names: str) -> None:
    bench.declare(f"fleet = Fleet(applications=[{''.join(APPLICATION.format(name=name) for name in names)}])")


def allow(bench: Workbench, **deletions: int) -> None:
    path = bench.project / "stacks" / f"Pulumi.{STACK}.yaml"
    (document,) = yamlio.load_documents(path.read_text(), file=path.name)
    config = document.data["config"] | {"fleet:deletions": deletions}
    path.write_text(yamlio.dump(document.data | {"config": config}))


def set_up(bench: Workbench) -> None:
    names = ("shop", "blog")
    bench.commit({f"{name}/{number}.yaml": config_map(f"{name}-{number}") for name in names for number in range(4)})
    allow(bench, limit=5, percent=60)
    declare(bench, *names)
    bench.up()


def there(bench: Workbench, cluster: str) -> int:
    return len([each for each in bench.holdings() if each.startswith(f"{cluster}/") and "configmaps/" in each]) - 1


def test_a_program_with_a_budget_is_deployed_by_both_engines(bench: Workbench) -> None:
    set_up(bench)
    assert (there(bench, "hub"), there(bench, "dev")) == (8, 8)
    bench.run("preview", "--expect-no-changes")
    bench.run("destroy", "--yes", "--skip-preview")


@pytest.mark.parametrize("flags", [(), SCHEDULED], ids=["by hand", "scheduled"])
def test_an_application_that_is_gone_is_not_deleted_at_once(embedded: Workbench, flags: tuple[str, ...]) -> None:
    set_up(embedded)
    declare(embedded, "shop")
    run = embedded.up(*flags, exit_code=EXCEEDED)
    assert "This run would delete 8 objects, and may delete 5" in run.text
    assert "dev: 4 of 8 objects of blog" in run.text
    assert (there(embedded, "hub"), there(embedded, "dev")) == (8, 8)
    # What is deployed says the state; nothing of it is lost, and the next run knows it all the same.
    assert len(embedded.objects_in_state()) == 16
    embedded.run("preview", exit_code=EXCEEDED)
    embedded.up("--allow-deletions", "8", *flags)
    assert (there(embedded, "hub"), there(embedded, "dev")) == (4, 4)
    embedded.run("destroy", "--yes", "--skip-preview")


def test_a_selected_application_counts_alone(embedded: Workbench) -> None:
    set_up(embedded)
    embedded.commit({f"shop/{number}.yaml": None for number in range(2)})
    embedded.commit({f"blog/{number}.yaml": None for number in range(2)})
    assert "would delete 8 objects" in embedded.up(exit_code=EXCEEDED).text
    embedded.up("--app", "shop")
    embedded.up("--app", "blog")
    assert (there(embedded, "hub"), there(embedded, "dev")) == (4, 4)
    embedded.run("destroy", "--yes", "--skip-preview")


def test_events_tell_what_is_kept(embedded: Workbench) -> None:
    set_up(embedded)
    declare(embedded, "shop")
    summary = json.loads(embedded.up("--json", exit_code=EXCEEDED).text.splitlines()[-1])
    kept = {
        (each["cluster"], each["application"]): each["objects"]
        for each in summary["counts"]
        if each["operation"] == "skip"
    }
    assert kept == {("dev", "blog"): 4, ("hub", "blog"): 4}
    assert summary["exitCode"] == EXCEEDED
    embedded.run("destroy", "--yes", "--skip-preview")
