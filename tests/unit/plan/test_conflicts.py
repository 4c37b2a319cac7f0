from __future__ import annotations

import pytest

from fleet import Destination, SyncPolicy
from fleet.errors import PlanError
from fleet.model.plan import Rendered
from fleet.plan.finish import finish
from tests.unit.plan.build import application, by_name, manifest, plan, rendered, targets


def failing(*each: tuple[Rendered, ...]) -> str:
    with pytest.raises(PlanError) as caught:
        finish([one for group in each for one in group])
    return str(caught.value)


def test_an_object_belongs_to_one_application_of_a_cluster() -> None:
    text = failing(
        rendered(application("shop"), manifest("ConfigMap", "settings", file="shop.yaml")),
        rendered(application("blog"), manifest("ConfigMap", "settings", namespace="default", file="blog.yaml")),
    )
    assert text == (
        "cluster dev: ConfigMap default/settings is wanted by blog and shop\n"
        "  blog: blog.yaml:1 of https://example.com/repo.git at HEAD\n"
        "  shop: shop.yaml:1 of https://example.com/repo.git at HEAD\n"
        "  → An object belongs to one application of a cluster. Leave it out of the others."
    )


def test_the_api_version_does_not_make_it_another_object() -> None:
    beta = manifest("CronJob", "a", api_version="batch/v1beta1")
    text = failing(
        rendered(application("one"), beta),
        rendered(application("two"), manifest("CronJob", "a", api_version="batch/v1")),
    )
    assert "CronJob.batch default/a is wanted by one and two" in text


def test_the_same_object_in_two_clusters_is_two_objects() -> None:
    one = rendered(application("one", "dev"), manifest("ConfigMap", "a"))
    two = rendered(application("two", "prod"), manifest("ConfigMap", "a"))
    assert len(finish([*one, *two])) == 2


def test_two_destinations_of_an_application_may_want_an_object_alike() -> None:
    app = application("web", Destination("dev", namespace="a"), Destination("dev", namespace="b"))
    role = manifest("ClusterRole", "reader", api_version="rbac.authorization.k8s.io/v1")
    cluster = plan(rendered(app, role, manifest("ConfigMap", "c")))
    assert list(by_name(cluster)) == ["ConfigMap a/c", "ConfigMap b/c", "ClusterRole.rbac.authorization.k8s.io reader"]
    assert len(cluster.applications) == 1


def test_but_not_differently() -> None:
    app = application("web", Destination("dev", namespace="a"), Destination("dev", namespace="b", revision="v2"))
    first, second = targets(app)
    text = failing(
        (
            Rendered(first, ("1" * 40,), (manifest("Namespace", "n"),)),
            Rendered(second, ("2" * 40,), (manifest("Namespace", "n", labels={"v": "2"}),)),
        )
    )
    assert text == (
        "application web, cluster dev: Namespace n is there more than once, and not the same\n"
        "  web: app.yaml:1 of https://example.com/repo.git at HEAD\n"
        "  web: app.yaml:1 of https://example.com/repo.git at v2\n"
        "  → Leave one of them out."
    )


def test_nothing_at_all_is_an_error() -> None:
    assert failing(rendered(application())) == (
        "application web, cluster dev: 'manifests' holds no object at HEAD (0123456789ab)\n"
        "  What the application has deployed would no longer be wanted there.\n"
        "  → Check the path. If it is meant to be empty: allow_empty=True, in YAML `allowEmpty: true`."
    )


def test_unless_it_is_allowed() -> None:
    cluster = plan(rendered(application(sync=SyncPolicy(allow_empty=True))))
    assert cluster.objects == ()
    assert [each.name for each in cluster.applications] == ["dev/web"]


def test_the_problems_of_all_clusters_come_together() -> None:
    empty = application("empty", "dev", "prod")
    with pytest.raises(PlanError) as caught:
        finish(rendered(empty))
    assert [problem.where.cluster for problem in caught.value.problems] == ["dev", "prod"]
