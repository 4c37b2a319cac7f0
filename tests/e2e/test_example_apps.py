"""The examples of argoproj/argocd-example-apps, rebuilt in small, on a real cluster: their Jobs run, once."""

from __future__ import annotations

import re

from tests.e2e.workbench import REPOSITORY, Workbench

EXAMPLES = REPOSITORY / "tests" / "fleets" / "example-apps"
REPO = "https://git.example.com/argocd-example-apps"
# A Rollout is a custom resource of a controller that is not there.
LEFT_OUT = "blue-green"
WORKLOADS = {
    "guestbook": ["deployments/guestbook-ui"],
    "helm-dependency": ["deployments/helm-dependency-helm-guestbook"],
    "helm-guestbook": ["deployments/helm-guestbook-helm-guestbook"],
    "jsonnet-guestbook": ["deployments/jsonnet-guestbook-ui"],
    "jsonnet-guestbook-tla": ["deployments/jsonnet-guestbook-ui"],
    "kustomize-guestbook": ["deployments/kustomize-guestbook-ui"],
    "pre-post-sync": ["deployments/pre-post-sync-kustomize-guestbook-ui"],
    "sock-shop": ["deployments/carts"],
    "sync-waves": ["replicasets/backend"],
}
JOBS = {
    "helm-hooks": ["maint-page-down", "maint-page-up", "upgrade-sql-schema"],
    "pre-post-sync": ["pre-post-sync-after", "pre-post-sync-before"],
    "sync-waves": ["maint-page-down", "maint-page-up", "upgrade-sql-schema"],
}


def declare(bench: Workbench) -> None:
    """Write the examples' Applications, as they are but for the namespace, which other tests must not share."""
    documents = (EXAMPLES / "stacks" / "dev" / "applications.yaml").read_text().split("---\n")
    text = "---\n".join(each for each in documents if f"example.{LEFT_OUT}" not in each)
    bench.declare_yaml(re.sub(r'(    namespace: ")', rf"\g<1>{bench.namespace}-", text))
    bench.mirrored.append(REPO)
    bench.configure("hub", hub={"inCluster": True})
    files = (path for path in (EXAMPLES / "repo").rglob("*") if path.is_file())
    bench.commit({str(path.relative_to(EXAMPLES / "repo")): path.read_text() for path in files})
    bench.repo.create_head("master")


def jobs(bench: Workbench, namespace: str) -> list[tuple[str, bool]]:
    """Return the Jobs by the names that their manifests have, and whether they have succeeded."""
    found = bench.get("hub", f"/apis/batch/v1/namespaces/{bench.namespace}-{namespace}/jobs") or {}
    each = ((re.sub(r"[0-9a-f]{10}$", "", job["metadata"]["name"]), job["status"]) for job in found["items"])
    return sorted((name, status.get("succeeded") == 1) for name, status in each)


def test_all_examples(equipped: Workbench) -> None:
    declare(equipped)
    equipped.up()
    spaces = {f"{equipped.namespace}-{name}" for name in WORKLOADS | JOBS}
    try:
        for name, workloads in WORKLOADS.items():
            for workload in workloads:
                assert equipped.get("hub", f"/apis/apps/v1/namespaces/{equipped.namespace}-{name}/{workload}"), workload
        waited_for = ("helm-hooks", "pre-post-sync")
        assert {name: jobs(equipped, name) for name in waited_for} == {
            name: [(job, True) for job in JOBS[name]] for name in waited_for
        }
        assert [job for job, _ in jobs(equipped, "sync-waves")] == JOBS["sync-waves"]
        # To Pulumi, an Ingress that has no address is a change.
        equipped.up("--expect-no-changes", *(["--refresh"] if equipped.engine.name == "embedded" else []))
    finally:
        for space in spaces:
            equipped.delete("hub", f"/api/v1/namespaces/{space}")
