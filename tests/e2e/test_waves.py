"""Applications in waves: what comes after what, what stops whom, and what goes first; on real clusters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from tests.e2e.workbench import Embedded, Pulumi, Workbench, config_map, deployment

WAVE, HOOK = "argocd.argoproj.io/sync-wave", "argocd.argoproj.io/hook"
BARRIER = "fleet:index:Wave"
CLUSTER_FAILED = 4

DECLARATION = """
def application(name, *clusters, **fields):
    here = [Destination(cluster, namespace=NAMESPACE) for cluster in clusters]
    source = GitSource(REPO, path=name)
    return Application(name, source=source, destinations=here, retain=(), sync=SyncPolicy(prune=True), **fields)

"""
WEB = 'fleet = Fleet(applications=[application("web", "dev"{fields})])\n'
BOTH = 'fleet = Fleet(applications=[application("web", "dev", wait_timeout_s=5), application("other", "dev", "hub")])\n'


def web(fields: str = "") -> str:
    return DECLARATION + WEB.format(fields=fields)


def in_wave(wave: int, made: Mapping[str, Any], **annotations: str) -> dict[str, Any]:
    metadata = made["metadata"]
    given = {WAVE: str(wave), **metadata.get("annotations", {}), **annotations}
    return {**made, "metadata": {**metadata, "annotations": given}}


def stuck(name: str) -> dict[str, Any]:
    """Return a Deployment whose pods no node takes."""
    made = deployment(name)
    made["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such-node"}
    return made


def held(wave: int, name: str) -> dict[str, Any]:
    """Return a ConfigMap that nobody can delete, of which a run notices that soon."""
    made = in_wave(wave, config_map(name, key="1"), **{"pulumi.com/timeoutSeconds": "3"})
    made["metadata"]["finalizers"] = ["example.com/hold"]
    return made


def release(bench: Workbench, *names: str) -> None:
    for name in names:
        path = f"/api/v1/namespaces/{bench.namespace}/configmaps/{name}"
        bench.patch("dev", path, {"metadata": {"finalizers": None}})


def files(objects: Iterable[Mapping[str, Any]], path: str = "web") -> dict[str, Mapping[str, Any]]:
    return {f"{path}/{each['kind'].lower()}-{each['metadata']['name']}.yaml": each for each in objects}


def get(bench: Workbench, group: str, plural: str, name: str) -> Mapping[str, Any]:
    there = bench.get("dev", f"/{group}/namespaces/{bench.namespace}/{plural}/{name}")
    assert there is not None, name
    return there


def made(there: Mapping[str, Any]) -> str:
    return str(there["metadata"]["creationTimestamp"])


def available(there: Mapping[str, Any]) -> str:
    """Return since when a Deployment has all its pods."""
    since = {
        each["type"]: each["lastTransitionTime"] for each in there["status"]["conditions"] if each["status"] == "True"
    }
    return str(since["Available"])


def service(name: str) -> dict[str, Any]:
    spec = {"selector": {"app": name}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def job(name: str) -> dict[str, Any]:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox"}]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template}}


def there(bench: Workbench, names: Iterable[str]) -> list[str]:
    return [name for name in names if bench.config_map("dev", name) is not None]


def test_each_wave_is_ready_before_the_next(bench: Workbench) -> None:
    """A Service is of the wave before its pods: nobody waits for them there."""
    bench.declare(web())
    bench.commit(
        files(
            [
                in_wave(9, job("first"), **{HOOK: "PreSync"}),
                in_wave(-2, service("api")),
                in_wave(-1, deployment("db")),
                in_wave(0, job("migrate"), **{HOOK: "Sync"}),
                in_wave(1, deployment("api")),
                in_wave(-5, config_map("done", key="1"), **{HOOK: "PostSync"}),
            ]
        )
    )
    bench.run("preview")
    bench.up()
    jobs, apps, core = "apis/batch/v1", "apis/apps/v1", "api/v1"
    first, migrate = (get(bench, jobs, "jobs", name) for name in ("first", "migrate"))
    front, done = get(bench, core, "services", "api"), get(bench, core, "configmaps", "done")
    db, api = (get(bench, apps, "deployments", name) for name in ("db", "api"))
    moments = [
        *(made(first), first["status"]["completionTime"], made(front)),
        *(made(db), available(db), made(migrate), migrate["status"]["completionTime"]),
        *(made(api), available(api), made(done)),
    ]
    assert moments == sorted(moments)
    assert not [each for each in resources(bench) if each["type"] == BARRIER]
    bench.run("preview", "--expect-no-changes")
    bench.run("destroy", "--yes")


def resources(bench: Workbench) -> list[Mapping[str, Any]]:
    return list(bench.checkpoint()["latest"]["resources"])


def test_a_wave_that_does_not_become_ready_stops_its_application_and_nothing_else(bench: Workbench) -> None:
    bench.declare(DECLARATION + BOTH)
    bench.commit(
        {
            **files([in_wave(0, stuck("db")), in_wave(0, config_map("beside", key="1")), in_wave(1, config_map("a"))]),
            **files([in_wave(2, config_map("b")), config_map("c") | {"metadata": hooked("c")}]),
            **files([in_wave(0, deployment("x")), in_wave(1, config_map("y", key="1"))], "other"),
        }
    )
    run = bench.up("--continue-on-error", exit_code=None)
    assert run.exit_code != 0, str(run)
    assert there(bench, ["beside", "a", "b", "c", "y"]) == ["beside", "y"]
    assert bench.config_map("hub", "y") == {"key": "1"}
    if bench.engine.name == "embedded":
        assert run.exit_code == CLUSTER_FAILED
        assert "Sync wave 1 waits for it, and is left alone." in run.text
    bench.commit(files([in_wave(0, deployment("db"))]))
    bench.up()
    assert there(bench, ["a", "b", "c"]) == ["a", "b", "c"]
    bench.run("preview", "--expect-no-changes")


def hooked(name: str) -> dict[str, Any]:
    return {"name": name, "annotations": {HOOK: "PostSync"}}


@pytest.mark.parametrize("fields", [", wait=False", ""])
def test_what_says_so_itself_is_not_waited_for(embedded: Workbench, fields: str) -> None:
    """By the application, or by the object."""
    own = {} if fields else {"pulumi.com/skipAwait": "true"}
    embedded.declare(web(fields))
    embedded.commit(files([in_wave(0, stuck("db"), **own), in_wave(1, config_map("a", key="1"))]))
    embedded.up()
    assert embedded.config_map("dev", "a") == {"key": "1"}
    embedded.run("preview", "--expect-no-changes")


def test_a_custom_resource_is_waited_for_by_its_condition(embedded: Workbench) -> None:
    """Its definition has no subresource for the status, so Git can say that too."""
    group = f"{embedded.namespace}.example.com"
    embedded.declare(web(", wait_timeout_s=3"))
    embedded.commit(files([definition(group), in_wave(0, gadget(group, "False")), in_wave(1, config_map("a"))]))
    run = embedded.up(exit_code=CLUSTER_FAILED)
    assert "Sync wave 1 waits for it, and is left alone." in run.text
    assert there(embedded, "a") == []
    embedded.commit(files([in_wave(0, gadget(group, "True"))]))
    embedded.up()
    assert there(embedded, "a") == ["a"]
    embedded.run("destroy", "--yes")


def definition(group: str) -> dict[str, Any]:
    anything = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"plural": "gadgets", "singular": "gadget", "kind": "Gadget"}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": anything}]
    spec = {"group": group, "names": names, "scope": "Namespaced", "versions": versions}
    metadata = {"name": f"gadgets.{group}"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }


def gadget(group: str, ready: str) -> dict[str, Any]:
    # In the foreground its deletion would wait until the garbage collector knows of the kind.
    metadata = {"name": "one", "annotations": {"pulumi.com/deletionPropagationPolicy": "background"}}
    status = {"conditions": [{"type": "Ready", "status": ready}]}
    return {"apiVersion": f"{group}/v1", "kind": "Gadget", "metadata": metadata, "status": status}


def test_what_comes_last_goes_first(bench: Workbench) -> None:
    bench.declare(web())
    bench.commit(files([in_wave(0, config_map("a")), in_wave(1, config_map("b")), held(2, "c")]))
    bench.up()
    run = bench.run("destroy", "--yes", exit_code=None)
    assert run.exit_code != 0, str(run)
    assert there(bench, "abc") == ["a", "b", "c"]
    release(bench, "c")
    bench.run("destroy", "--yes")
    assert there(bench, "abc") == []


def test_what_leaves_git_goes_in_reverse(bench: Workbench) -> None:
    bench.declare(web())
    bench.commit(files([in_wave(0, config_map("a")), held(1, "b"), in_wave(2, config_map("stays"))]))
    bench.up()
    bench.commit({"web/configmap-a.yaml": None, "web/configmap-b.yaml": None})
    run = bench.up(exit_code=None)
    assert run.exit_code != 0, str(run)
    assert there(bench, ["a", "b", "stays"]) == ["a", "b", "stays"]
    release(bench, "b")
    bench.up()
    assert there(bench, ["a", "b", "stays"]) == ["stays"]
    bench.run("preview", "--expect-no-changes")


def test_what_leaves_git_goes_in_reverse_over_a_wave_that_stays(embedded: Workbench) -> None:
    embedded.declare(web())
    embedded.commit(files([in_wave(0, config_map("a")), in_wave(1, config_map("stays")), held(2, "c")]))
    embedded.up()
    embedded.commit({"web/configmap-a.yaml": None, "web/configmap-c.yaml": None})
    embedded.up(exit_code=CLUSTER_FAILED)
    assert there(embedded, ["a", "stays", "c"]) == ["a", "stays", "c"]
    release(embedded, "c")
    embedded.up()
    assert there(embedded, ["a", "stays", "c"]) == ["stays"]


def many(wave: int, number: int = 20) -> list[dict[str, Any]]:
    return [in_wave(wave, config_map(f"w{wave}-{position:02}", key="1")) for position in range(number)]


def test_large_waves_with_something_in_between(bench: Workbench) -> None:
    """One of the first wave is refused, so nothing of the second comes; then all of it, for both engines."""
    bench.declare(web())
    refused = in_wave(0, config_map("w0-07", **{"no key": "1"}))
    bench.commit({**files([*many(0), *many(1), *many(2, 1)]), **files([refused])})
    run = bench.up("--continue-on-error", exit_code=None)
    assert run.exit_code != 0, str(run)
    names = [each["metadata"]["name"] for wave in (0, 1, 2) for each in many(wave)]
    assert there(bench, names) == [name for name in names if name.startswith("w0") and name != "w0-07"]
    bench.commit(files([many(0)[7]]))
    bench.up()
    assert len(there(bench, names)) == 41
    barriers = [each for each in resources(bench) if each["type"] == BARRIER]
    assert [each["urn"].rpartition("::")[2] for each in barriers] == ["dev/web/Sync/0"]
    ours = [each for each in resources(bench) if each["urn"].startswith("urn:pulumi:test::fleet::fleet:index:")]
    assert sum(len(each.get("dependencies") or ()) for each in ours) == 20 + 20 + 20
    bench.run("preview", "--expect-no-changes")
    if not Pulumi.missing():
        first, bench.engine = bench.engine, Pulumi() if bench.engine.name == "embedded" else Embedded()
        bench.run("preview", "--expect-no-changes")
        bench.up("--expect-no-changes")
        bench.engine = first
        bench.run("preview", "--expect-no-changes")
    bench.run("destroy", "--yes")
    assert there(bench, names) == []


def test_what_is_in_large_waves_goes_in_reverse(embedded: Workbench) -> None:
    embedded.declare(web())
    embedded.commit(files([*many(0), *many(1)[1:], held(1, "w1-00")]))
    embedded.up()
    embedded.commit({"web/configmap-w0-00.yaml": None, "web/configmap-w1-00.yaml": None})
    embedded.up(exit_code=CLUSTER_FAILED)
    assert there(embedded, ["w0-00", "w0-01", "w1-00"]) == ["w0-00", "w0-01", "w1-00"]
    release(embedded, "w1-00")
    embedded.up()
    assert there(embedded, ["w0-00", "w0-01", "w1-00"]) == ["w0-01"]
