"""What the engine is told, and when."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from pulumi.runtime.proto import resource_pb2

from fleet import Application, Cluster, Destination, SyncPolicy
from fleet.errors import DeclarationError, FleetError, Problem, StateError, Where
from fleet.model.manifest import Manifest
from fleet.model.plan import ClusterPlan, Rendered
from fleet.plan.finish import finish
from fleet.register.outputs import parse_deployed, read_deployed
from fleet.register.providers import profiles
from fleet.register.registration import register
from fleet.register.report import fail, progress, warnings
from tests.engine.monitor import Engine, Monitor, Registration, run
from tests.unit.plan.build import COMMIT, application, crd, manifest, targets

DEV = Cluster("dev", kubeconfig="~/kube/dev", context="dev-admin", identifier="the-first")
PROD = Cluster("prod", kubeconfig="prod.yaml")
CREATE = SyncPolicy(prune=True, self_heal=True, create_namespace=True)


def planned(*applications: Application, manifests: tuple[Manifest, ...] = ()) -> tuple[ClusterPlan, ...]:
    found = targets(*applications, clusters=[DEV, PROD])
    held = manifests or (manifest("ConfigMap", "settings", data={"a": "1"}),)
    return finish([Rendered(target, (COMMIT,), held) for target in found])


def registered(*plans: ClusterPlan) -> Monitor:
    monitor = Monitor()
    run(lambda: register(plans, profiles(plan.cluster for plan in plans)), monitor)
    return monitor


def test_a_cluster_is_a_provider() -> None:
    (provider,) = registered(*planned(application("web", "dev"))).of_type("pulumi:providers:").values()
    assert provider.request.type == "pulumi:providers:kubernetes"
    assert provider.request.name == "dev"
    assert provider.inputs == {
        "kubeconfig": "~/kube/dev",
        "context": "dev-admin",
        "clusterIdentifier": "the-first",
        "enablePatchForce": "true",
        "enableConfigMapMutable": "true",
        "enableSecretMutable": "true",
        "skipUpdateUnreachable": "true",
        "kubeClientSettings": '{"qps": 50, "burst": 100, "timeout": 30}',
        "suppressDeprecationWarnings": "true",
        "upsertExistingObjects": "false",
    }


def test_what_a_cluster_leaves_open() -> None:
    (provider,) = registered(*planned(application("web", "prod"))).of_type("pulumi:providers:").values()
    assert provider.inputs["clusterIdentifier"] == "prod"
    assert "context" not in provider.inputs


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({}, "~/.kube/config", id="nothing"),
        pytest.param({"KUBECONFIG": ""}, "~/.kube/config", id="an empty variable"),
        pytest.param({"KUBECONFIG": "/etc/kube"}, "/etc/kube", id="the variable"),
        pytest.param({"KUBECONFIG": ":/etc/kube:"}, "/etc/kube", id="the variable with empty entries"),
    ],
)
def test_the_kubeconfig_is_always_a_path(environment: dict[str, str], expected: str) -> None:
    assert profiles([Cluster("dev")], environment)["dev"]["kubeconfig"] == expected


def test_several_kubeconfigs_are_no_path() -> None:
    with pytest.raises(DeclarationError) as caught:
        profiles([Cluster("dev"), PROD], {"KUBECONFIG": "a:b"})
    assert str(caught.value) == (
        "cluster dev: the cluster names no kubeconfig, and $KUBECONFIG names more than one\n"
        "  $KUBECONFIG is a:b\n"
        "  → Set the cluster's `kubeconfig` to one of them."
    )


def test_two_clusters_are_two_connections() -> None:
    clusters = [Cluster("a"), Cluster("b", kubeconfig="kube"), Cluster("c", kubeconfig="kube", context="c")]
    more = [Cluster("x", kubeconfig="kube", context="x"), Cluster("y", kubeconfig="kube", context="x")]
    assert len(profiles([*clusters, *more[:1]], {"KUBECONFIG": "default"})) == 4
    with pytest.raises(DeclarationError) as caught:
        profiles([*clusters, *more], {"KUBECONFIG": "kube"})
    hint = "  → Give each its own `context`. To deploy twice to a cluster, give the application two destinations there."
    overwritten = "What goes to one of them would overwrite the others'."
    assert str(caught.value) == (
        "clusters are one and the same connection: a, b\n"
        f"  It is the current context of kubeconfig kube. {overwritten}\n{hint}\n"
        "clusters are one and the same connection: x, y\n"
        f"  It is the context x of kubeconfig kube. {overwritten}\n{hint}"
    )


def test_an_application_that_waits_says_so_and_how_long() -> None:
    deployment = manifest("Deployment", "a", api_version="apps/v1")
    monitor = registered(*planned(application("web", "dev", wait=True, wait_timeout_s=90), manifests=(deployment,)))
    (component,) = monitor.of_type("fleet:index:Application").values()
    assert component.inputs["wait"] is True
    (found,) = monitor.of_type("kubernetes:").values()
    assert (found.request.customTimeouts.create, found.request.customTimeouts.update) == ("90s", "90s")
    assert "pulumi.com/waitFor" not in found.inputs["metadata"]["annotations"]


def in_waves(*sizes: int) -> tuple[Manifest, ...]:
    """Return ConfigMaps: so many in wave 0, so many in wave 1, and so on."""
    return tuple(
        manifest("ConfigMap", f"{wave}-{number:02}", annotations={"argocd.argoproj.io/sync-wave": str(wave)})
        for wave, size in enumerate(sizes)
        for number in range(size)
    )


def test_a_wave_is_registered_when_the_engine_has_answered_for_the_one_before() -> None:
    monitor = registered(*planned(application("web", "dev"), manifests=in_waves(2, 3)))
    first, second = (
        [each for each in named(monitor) if each.request.name.startswith(f"dev/default/{n}-")] for n in "01"
    )
    assert max(each.position for each in first) < min(each.position for each in second)
    assert all(list(each.request.dependencies) == [before.urn for before in first] for each in second)
    assert monitor.of_type("fleet:index:Wave") == {}


def named(monitor: Monitor) -> list[Registration]:
    return sorted(monitor.of_type("kubernetes:").values(), key=lambda each: each.request.name)


def test_between_large_waves_is_a_component() -> None:
    monitor = registered(*planned(application("web", "dev"), manifests=in_waves(200, 300)))
    ((name, barrier),) = monitor.of_type("fleet:index:Wave").items()
    assert (name, barrier.request.custom, barrier.inputs) == ("dev/web/Sync/0", False, {})
    assert barrier.request.parent == monitor.of_type("fleet:index:Application")["dev/web"].urn
    first, second = named(monitor)[:200], named(monitor)[200:]
    assert sorted(barrier.request.dependencies) == sorted(each.urn for each in first)
    assert max(each.position for each in first) < barrier.position < min(each.position for each in second)
    assert all(list(each.request.dependencies) == [barrier.urn] for each in second)


class StuckMonitor(Monitor):
    """Answers for one object when so many others, whose names start so, have been registered; never before."""

    def __init__(self, stuck: str, others: str, number: int) -> None:
        super().__init__()
        self.in_time = False
        self._stuck = stuck
        self._others = others
        self._left = threading.Semaphore(0)
        self._number = number

    def _register(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        if request.name.startswith(self._others):
            self._left.release()
        if request.name == self._stuck:
            self.in_time = all(self._left.acquire(timeout=30) for _ in range(self._number))
        return super()._register(request)


@pytest.mark.parametrize("sizes", [(2, 2), (20, 20)], ids=["small", "large"])
def test_a_wave_waits_for_no_other_application(sizes: tuple[int, int]) -> None:
    """Two applications of which one is stuck in its first wave: the other comes to its end."""
    plans = planned(application("one", "dev"), application("two", "prod"), manifests=in_waves(*sizes))
    monitor = StuckMonitor("dev/default/0-00", "prod/default/", sum(sizes))
    run(lambda: register(plans, profiles(plan.cluster for plan in plans)), monitor)
    assert monitor.in_time
    assert len(monitor.of_type("kubernetes:")) == 2 * sum(sizes)


def test_what_something_comes_after_is_said_by_the_application() -> None:
    early = manifest("Deployment", "a", api_version="apps/v1")
    monitor = registered(*planned(application("web", "dev"), manifests=(early, *in_waves(1, 1))))
    (component,) = monitor.of_type("fleet:index:Application").values()
    assert component.inputs["awaitedBy"] == {"dev/default/a": "Sync wave 1"}
    assert "wait" not in component.inputs
    found = monitor.of_type("kubernetes:")["dev/default/a"]
    assert found.request.customTimeouts.create == "600s"


def test_an_application_in_a_cluster_is_a_component() -> None:
    app = application("web", Destination("dev", namespace="shop"), sync=SyncPolicy(self_heal=True))
    monitor = registered(*planned(app))
    (component,) = monitor.of_type("fleet:index:Application").values()
    assert component.request.name == "dev/web"
    assert not component.request.custom
    assert component.request.parent == "urn:pulumi:dev::fleet::pulumi:pulumi:Stack::fleet-dev"
    assert component.inputs == {
        "application": "web",
        "cluster": "dev",
        "project": "default",
        "labels": {},
        "selfHeal": True,
        "requiredNamespaces": ["shop"],
        "requiredKinds": ["v1/ConfigMap"],
        "commits": {"shop": COMMIT},
        "keeps": [],
    }
    assert monitor.registered_outputs[component.urn] == {}


def test_an_object_is_its_manifest() -> None:
    monitor = registered(*planned(application("web", "dev")))
    found = monitor.of_type("kubernetes:")["dev/default/settings"]
    component = monitor.of_type("fleet:index:Application")["dev/web"]
    provider = monitor.of_type("pulumi:providers:")["dev"]
    assert found.request.type == "kubernetes:core/v1:ConfigMap"
    assert found.request.parent == component.urn
    assert found.request.provider == f"{provider.urn}::dev"
    assert found.request.custom
    assert not found.request.retainOnDelete
    assert found.inputs == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "settings",
            "namespace": "default",
            "annotations": {"pulumi.com/patchFieldManager": "fleet"},
        },
        "data": {"a": "1"},
    }


def test_keys_and_numbers_stay_as_they_are() -> None:
    spec = {"replicas": 2, "paused": False, "some_key": {"anotherKey": [1.5, "1", None]}, "empty": {}, "none": []}
    widget = manifest("Widget", "w", api_version="example.com/v1", spec=spec)
    found = registered(*planned(application("web", "dev"), manifests=(widget,))).of_type("kubernetes:")
    assert found["dev/default/w"].inputs["spec"] == spec


def test_options_are_the_plans() -> None:
    manifests = (
        manifest("Widget", "w", api_version="example.com/v1"),
        crd("example.com", "Widget", versions=("v1", "v1beta1")),
    )
    monitor = registered(
        *planned(application("web", Destination("dev", namespace="shop"), sync=CREATE), manifests=manifests)
    )
    found = monitor.of_type("kubernetes:")
    widget = found["dev/shop/w"].request
    assert set(widget.dependencies) == {found["dev/-/shop"].urn, found["dev/-/widgets.example.com"].urn}
    assert [alias.spec.type for alias in widget.aliases] == ["kubernetes:example.com/v1beta1:Widget"]
    assert found["dev/-/widgets.example.com"].request.retainOnDelete


def test_a_hook_that_runs_once_is_made_anew_when_anything_changes() -> None:
    hook = manifest("Job", "h", api_version="batch/v1", annotations={"helm.sh/hook": "pre-install"})
    found = registered(*planned(application("web", "dev"), manifests=(hook, manifest("ConfigMap", "c"))))
    requests = {name: each.request for name, each in found.of_type("kubernetes:").items()}
    job, other = requests["dev/default/h"], requests["dev/default/c"]
    assert (list(job.replaceOnChanges), job.deleteBeforeReplace, job.retainOnDelete) == (["*"], True, False)
    assert (list(other.replaceOnChanges), other.deleteBeforeReplaceDefined) == ([], False)
    assert list(other.dependencies) == [found.of_type("kubernetes:")["dev/default/h"].urn]


def test_what_may_exist_already_has_a_provider_of_its_own() -> None:
    monitor = registered(*planned(application("web", Destination("dev", namespace="shop"), "prod", sync=CREATE)))
    providers = monitor.of_type("pulumi:providers:")
    assert sorted(providers) == ["dev", "dev-adopt", "prod"]
    plain, adopting = providers["dev"].inputs, providers["dev-adopt"].inputs
    assert adopting == plain | {"upsertExistingObjects": "true"}
    objects = monitor.of_type("kubernetes:")
    assert objects["dev/-/shop"].request.provider == f"{providers['dev-adopt'].urn}::dev-adopt"
    assert objects["dev/shop/settings"].request.provider == f"{providers['dev'].urn}::dev"


def hidden(value: Any) -> bool:
    return (
        isinstance(value, dict) and value.get("4dabf18193072939515e22adb298388d") == "1b47061264138c4ac30d75fd1eb44270"
    )


def test_what_a_secret_holds_is_secret() -> None:
    secret = manifest("Secret", "s", data={"a": "c2VjcmV0"}, stringData={"b": "secret"}, type="Opaque")
    found = registered(*planned(application("web", "dev"), manifests=(secret,))).of_type("kubernetes:")
    request = found["dev/default/s"]
    assert hidden(request.inputs["data"])
    assert hidden(request.inputs["stringData"])
    assert request.inputs["type"] == "Opaque"
    assert list(request.request.additionalSecretOutputs) == ["data", "stringData"]


def test_no_object_comes_before_the_last_application_of_any_cluster() -> None:
    monitor = registered(
        *planned(application("a", "dev", "prod"), application("b", Destination("prod", namespace="b")))
    )
    first_object = min(each.position for each in monitor.of_type("kubernetes:").values())
    others = {**monitor.of_type("pulumi:providers:"), **monitor.of_type("fleet:index:Application")}
    assert max(each.position for each in others.values()) < first_object


def test_clusters_go_on_side_by_side() -> None:
    many = tuple(manifest("ConfigMap", f"c{number:03}") for number in range(300))
    monitor = registered(*planned(application("web", "dev", "prod"), manifests=many))
    positions = {
        cluster: sorted(
            each.position for name, each in monitor.of_type("kubernetes:").items() if name.startswith(cluster)
        )
        for cluster in ("dev", "prod")
    }
    assert positions["prod"][0] < positions["dev"][-1]
    assert positions["dev"][0] < positions["prod"][-1]
    assert len(positions["dev"]) == len(positions["prod"]) == 300


class SlowHook(Monitor):
    """Answers for a hook when an object of another application has been registered; never before."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.others = threading.Event()
        self.in_time = False

    def _register(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        if request.name == "dev/default/zz":
            self.others.set()
        if request.name == "dev/default/hook":
            self.in_time = self.others.wait(timeout=30)
        return super()._register(request)


def test_a_hook_that_takes_long_holds_up_no_other_application() -> None:
    hook = manifest("Job", "hook", api_version="batch/v1", annotations={"helm.sh/hook": "pre-install"})
    many = tuple(manifest("ConfigMap", f"a{number:03}") for number in range(200))
    with_hook, without = targets(application("a", "dev"), application("z", "dev"))
    plans = finish(
        [Rendered(with_hook, (COMMIT,), (hook, *many)), Rendered(without, (COMMIT,), (manifest("ConfigMap", "zz"),))]
    )
    monitor = SlowHook()
    run(lambda: register(plans, profiles(plan.cluster for plan in plans)), monitor)
    assert monitor.in_time
    assert len(monitor.of_type("kubernetes:")) == 202


def test_the_outputs_say_which_commit_is_where() -> None:
    web = application("web", Destination("dev", namespace="shop"), "prod")
    monitor = registered(*planned(web, application("blog", "dev")))
    assert monitor.stack_outputs == {
        "deployed": {
            "blog": {"dev": {"default": COMMIT}},
            "web": {"dev": {"shop": COMMIT}, "prod": {"default": COMMIT}},
        }
    }


def test_a_refused_provider_ends_the_program_before_any_object() -> None:
    monitor = Monitor(refuses=frozenset({"pulumi:providers:kubernetes"}))
    plans = planned(application("web", "dev"))
    with pytest.raises(Exception, match="no pulumi:providers:kubernetes here"):
        run(lambda: register(plans, profiles(plan.cluster for plan in plans)), monitor)
    assert monitor.of_type("kubernetes:") == {}


def test_each_problem_is_said_once_and_ends_the_program() -> None:
    error = DeclarationError(Problem("this is wrong", Where("stacks/dev.py", 3)), Problem("https://me:pass@host/r"))
    monitor, engine = Monitor(), Engine()

    async def program() -> None:
        fail(error)

    with pytest.raises(SystemExit) as caught:
        run(program, monitor, engine)
    assert caught.value.code == 32
    assert caught.value.__cause__ is error
    assert engine.messages == [("error", "https://***@host/r"), ("error", "stacks/dev.py:3: this is wrong")]
    assert [each.request.type for each in monitor.registrations] == ["pulumi:pulumi:Stack"]


def test_progress_and_warnings_come_from_any_thread() -> None:
    engine = Engine()

    async def program() -> None:
        show, warn = progress(), warnings()
        await asyncio.gather(*(asyncio.to_thread(show, f"fetching {number}") for number in range(20)))
        await asyncio.to_thread(warn, "https://me:pass@host/r is slow")

    run(program, Monitor(), engine)
    assert sorted(engine.said("info")) == sorted(f"fetching {number}" for number in range(20))
    assert engine.said("warning") == ["https://***@host/r is slow"]


def deployed(monitor: Monitor) -> dict[tuple[str, str, str], tuple[str, ...]]:
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}

    async def program() -> None:
        found.update(await read_deployed())

    run(program, monitor)
    return found


def test_what_is_deployed_is_read_from_the_last_outputs() -> None:
    outputs = {"deployed": {"web": {"dev": {"shop": COMMIT}, "prod": {"default": ["f" * 40, "1.2.3"]}}}, "other": 1}
    assert deployed(Monitor(outputs=outputs)) == {
        ("web", "dev", "shop"): (COMMIT,),
        ("web", "prod", "default"): ("f" * 40, "1.2.3"),
    }


def test_a_stack_that_never_ran_has_deployed_nothing() -> None:
    assert deployed(Monitor(outputs={})) == {}


@pytest.mark.parametrize("value", ["text", {"web": ["dev"]}, {"web": {"dev": COMMIT}}, {"web": {"dev": {"a": 1}}}])
def test_an_output_that_is_not_ours_is_refused(value: object) -> None:
    with pytest.raises(StateError, match="is not as this project writes it"):
        parse_deployed(value)


def test_a_state_that_cannot_be_read_is_a_clear_error() -> None:
    caught: list[FleetError] = []

    async def program() -> None:
        try:
            await read_deployed()
        except StateError as error:
            caught.append(error)
            raise

    with pytest.raises(Exception, match="the state is out of reach"):
        run(program, Monitor(outputs=None))
    assert str(caught[0]) == (
        "what is deployed to the paused clusters cannot be read from the stack's outputs\n"
        "  the state is out of reach\n"
        "  → Resume the clusters, or make the stack's state readable."
    )
