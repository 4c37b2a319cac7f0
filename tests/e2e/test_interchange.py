"""Either engine takes the next run: the state of one is the state of the other."""

import pytest

from tests.e2e.workbench import Embedded, Engine, Pulumi, Workbench, config_map, deployment

CLUSTERS = ("hub", "dev", "prod")

APPLICATION = """
fleet = Fleet(
    applications=[
        Application(
            "web",
            source=GitSource(REPO, path="manifests"),
            destinations=[Destination(name, namespace=NAMESPACE) for name in ("hub", "dev", "prod")],
            sync=SyncPolicy(automated=True, prune=True, self_heal=True),
        )
    ],
)
"""


def group(bench: Workbench) -> str:
    return f"{bench.namespace}.example.com"


def manifests(bench: Workbench) -> dict[str, object]:
    """One of each sort: mutable, secret, workload, networked, cluster-scoped, custom, retained."""
    names = {"plural": "gadgets", "singular": "gadget", "kind": "Gadget"}
    anything = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"gadgets.{group(bench)}"},
        "spec": {
            "group": group(bench),
            "names": names,
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": anything}],
        },
    }
    service = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]
    role = f"{bench.namespace}-role"
    kept = config_map("kept", key="1")
    kept["metadata"] |= {"annotations": {"argocd.argoproj.io/sync-options": "Prune=false"}}
    return {
        "config": config_map("config", one="1", two="2"),
        "secret": {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "secret"},
            "stringData": {"password": "hunter2"},
        },
        "web": deployment("web", args=["--one"]),
        "service": {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": service},
        "role": {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": role},
            "rules": rules,
        },
        "definition": definition,
        "gadget": {
            "apiVersion": f"{group(bench)}/v1",
            "kind": "Gadget",
            "metadata": {"name": "one"},
            "spec": {"size": 3},
        },
        "kept": kept,
    }


@pytest.fixture
def both(bench: Workbench) -> Workbench:
    if missing := Pulumi.missing():
        pytest.skip(missing)
    bench.declare(APPLICATION)
    bench.commit({f"manifests/{name}.yaml": body for name, body in manifests(bench).items()})  # type: ignore[misc]
    return bench


def use(bench: Workbench, engine: Engine) -> Workbench:
    bench.engine = engine
    return bench


def others(bench: Workbench) -> Engine:
    return Pulumi() if bench.engine.name == "embedded" else Embedded()


def finds_nothing(bench: Workbench) -> None:
    bench.run("preview", "--expect-no-changes")
    bench.run("refresh", "--preview-only", "--expect-no-changes")
    bench.up("--refresh", "--expect-no-changes")
    bench.run("preview", "--expect-no-changes")


def test_the_other_engine_finds_nothing_to_do(both: Workbench) -> None:
    first, second = both.engine, others(both)
    both.up()
    for engine in (second, first):
        finds_nothing(use(both, engine))
    use(both, second).run("destroy", "--yes", "--skip-preview")
    assert both.objects_in_state() == []
    assert [both.config_map(cluster, "config") for cluster in CLUSTERS] == [None, None, None]


def test_engines_alternate(both: Workbench) -> None:
    first, second = both.engine, others(both)
    both.up()
    both.commit(
        {"manifests/config.yaml": config_map("config", one="changed", three="3"), "manifests/service.yaml": None}
    )
    use(both, second).up()
    assert [both.config_map(cluster, "config") for cluster in CLUSTERS] == [{"one": "changed", "three": "3"}] * 3
    assert both.get("dev", f"/api/v1/namespaces/{both.namespace}/services/web") is None
    both.commit(
        {"manifests/config.yaml": config_map("config", three="3"), "manifests/web.yaml": deployment("web", replicas=3)}
    )
    use(both, first).up()
    assert [both.config_map(cluster, "config") for cluster in CLUSTERS] == [{"three": "3"}] * 3
    assert [both.replicas(cluster, "web") for cluster in CLUSTERS] == [3, 3, 3]
    finds_nothing(use(both, second))
    both.run("destroy", "--yes", "--skip-preview")


def test_the_secret_is_in_no_file(both: Workbench) -> None:
    both.up()
    encoded = b"aHVudGVyMg=="
    for path in both.state.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"hunter2" not in content, path
            assert encoded not in content, path
    both.run("destroy", "--yes", "--skip-preview")
