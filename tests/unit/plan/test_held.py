from __future__ import annotations

import pytest

from fleet import Destination, SyncPolicy
from fleet.errors import PlanError
from fleet.model.plan import Target
from fleet.plan.held import hold, waits
from tests.unit.plan.build import application, targets

SHA = "f" * 40


def revision(target: Target) -> str:
    (source,) = target.sources
    return source.revision.name


def test_a_paused_cluster_stays_at_its_deployed_commits() -> None:
    both = targets(application("web", "dev", "prod"))
    dev, prod = hold(both, {("web", "prod", "default"): (SHA,), ("web", "dev", "default"): ("0" * 40,)}, ["prod"])
    assert (revision(dev), revision(prod)) == ("HEAD", SHA)
    assert prod.sources[0].revision.repo == "https://example.com/repo.git"


def test_each_namespace_has_its_own() -> None:
    app = application("web", Destination("prod", namespace="a"), Destination("prod", namespace="b"))
    held = hold(targets(app), {("web", "prod", "a"): ("a" * 40,), ("web", "prod", "b"): ("b" * 40,)}, ["prod"])
    assert [revision(each) for each in held] == ["a" * 40, "b" * 40]


def test_what_was_never_deployed_there_is_not_planned() -> None:
    assert hold(targets(application("web", "prod")), {}, ["prod"]) == ()


def test_what_is_deployed_there_must_stay_declared() -> None:
    with pytest.raises(PlanError) as caught:
        hold(targets(application("web", "dev")), {("web", "prod", "default"): (SHA,)}, ["prod"])
    assert str(caught.value) == (
        "application web, cluster prod: the application is deployed to namespace 'default' of this paused cluster, "
        "and no longer declared for it\n"
        "  Its objects would be deleted, but nothing changes in a paused cluster.\n"
        "  → Declare it again, or resume the cluster."
    )


def test_what_left_other_clusters_does_not_matter() -> None:
    found = targets(application("web", "dev"))
    assert hold(found, {("gone", "dev", "default"): (SHA,)}, ["prod"]) == found


MANUAL = SyncPolicy(automated=False)
AUTOMATED = SyncPolicy(automated=True)


def test_in_a_scheduled_run_what_is_not_automated_waits() -> None:
    both = targets(application("manual", "dev", sync=MANUAL), application("web", "dev", sync=AUTOMATED))
    deployed = {("manual", "dev", "default"): (SHA,), ("web", "dev", "default"): (SHA,)}
    held = hold(both, deployed, [], scheduled=True)
    assert [(each.application.name, revision(each)) for each in held] == [("manual", SHA), ("web", "HEAD")]


def test_in_a_scheduled_run_what_was_never_deployed_stays_so() -> None:
    assert hold(targets(application("manual", "dev", sync=MANUAL)), {}, [], scheduled=True) == ()


@pytest.mark.parametrize(
    ("paused", "scheduled", "sync", "expected"),
    [
        ([], False, MANUAL, False),
        ([], True, MANUAL, True),
        ([], True, AUTOMATED, False),
        (["dev"], False, AUTOMATED, True),
    ],
)
def test_the_deployed_commits_are_asked_for_only_where_something_waits(
    paused: list[str], scheduled: bool, sync: SyncPolicy, expected: bool
) -> None:
    assert waits(targets(application("web", "dev", sync=sync)), paused, scheduled=scheduled) is expected
