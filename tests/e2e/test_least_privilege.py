"""docs/how-to/least-privilege.md: the roles as the page has them do for what they are for, and for no more."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fleet import yamlio
from localclusters import Cluster, LocalClusters
from tests.e2e.workbench import STACK, Workbench, config_map, deployment
from tests.unit.docs.pages import PAGES

PAGE = PAGES["docs/how-to/least-privilege.md"]
CLUSTER_FAILED, CHANGES = 4, 7
RBAC, ADMISSION = "rbac.authorization.k8s.io/v1", "admissionregistration.k8s.io/v1"
PLURALS = {
    "ClusterRole": f"{RBAC}/clusterroles",
    "ClusterRoleBinding": f"{RBAC}/clusterrolebindings",
    "Role": f"{RBAC}/namespaces/{{}}/roles",
    "RoleBinding": f"{RBAC}/namespaces/{{}}/rolebindings",
    "ValidatingAdmissionPolicy": f"{ADMISSION}/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": f"{ADMISSION}/validatingadmissionpolicybindings",
}
# Rights without which everything works all the same: the page says what is lost.
HELPFUL = frozenset({"watch"})
USERS_FILE = "users.kubeconfig"
ABOUT_PODS = frozenset({"pods", "events", "pods/log"})

Document = Mapping[str, Any]
Users = Mapping[str, tuple[str, Sequence[str]]]


@dataclass(frozen=True, order=True, slots=True)
class Right:
    """One thing that a role allows."""

    group: str
    resource: str
    verb: str

    def __str__(self) -> str:
        group = self.group or '""'
        return f"{{apiGroups: [{group}], resources: [{self.resource}], verbs: [{self.verb}]}}"

    def as_rule(self) -> Document:
        return {"apiGroups": [self.group], "resources": [self.resource], "verbs": [self.verb]}


def on_page() -> list[Document]:
    documents = [each for text in PAGE.marked("yaml") for each in yamlio.load_documents(text, file=PAGE.path)]
    return [each.data for each in documents]


def named(kind: str, name: str) -> Document:
    (found,) = (each for each in on_page() if each["kind"] == kind and each["metadata"]["name"] == name)
    return found


def rights_of(role: Document) -> tuple[Right, ...]:
    return tuple(
        Right(group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


def path_of(document: Document) -> str:
    collection = PLURALS[document["kind"]].format(document["metadata"].get("namespace"))
    return f"/apis/{collection}/{document['metadata']['name']}"


def grant(cluster: Cluster, document: Document) -> None:
    answer = cluster.request(
        "PATCH",
        f"{path_of(document)}?fieldManager=test&force=true",
        document,
        content_type="application/apply-patch+yaml",
    )
    assert answer.ok, answer


def until_allowed(cluster: Cluster, user: str, groups: Sequence[str], right: Right, namespace: str) -> None:
    """Wait until the API server has taken note of what was granted."""
    attributes = {"group": right.group, "resource": right.resource, "verb": right.verb, "namespace": namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "groups": list(groups), "resourceAttributes": attributes},
    }
    for _ in range(300):
        answer = cluster.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        assert answer.ok, answer
        if answer.body["status"]["allowed"]:
            return
        time.sleep(0.1)
    raise AssertionError(f"{user} {groups} may not {right} in {namespace}")


def until_held_back(bench: Workbench) -> None:
    """Wait until the policy for previewers is in force; one of them has the project's credentials."""
    kubectl = [str(Path(sys.executable).parent / "kubectl"), "--kubeconfig", str(bench.root / USERS_FILE)]
    for number in range(300):
        command = [*kubectl, "create", "configmap", f"probe-{number}", "--namespace", bench.namespace]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "previewers may only try changes out" in done.stderr:
            return
        time.sleep(0.1)
    raise AssertionError("the policy does not hold anybody back")


def impersonating(bench: Workbench, cluster: Cluster, users: Users) -> Path:
    """Write a kubeconfig with a context for each of the users, by the administrator's credentials."""
    (found,) = yamlio.load_documents(cluster.kubeconfig.read_text(), file="")
    context = next(each["context"] for each in found.data["contexts"] if each["name"] == cluster.context)
    admin = next(each["user"] for each in found.data["users"] if each["name"] == context["user"])
    entries = {name: {**admin, "as": user, "as-groups": list(groups)} for name, (user, groups) in users.items()}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": next(iter(entries)),
        "clusters": [each for each in found.data["clusters"] if each["name"] == context["cluster"]],
        "contexts": [{"name": name, "context": {"cluster": context["cluster"], "user": name}} for name in entries],
        "users": [{"name": name, "user": user} for name, user in entries.items()],
    }
    path = bench.root / USERS_FILE
    path.write_text(yamlio.dump(document))
    path.chmod(0o600)
    return path


def secret(name: str, value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"key": value}}


def service(name: str, port: int) -> dict[str, Any]:
    spec = {"selector": {"app": "web"}, "ports": [{"port": port}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def ingress(name: str, host: str) -> dict[str, Any]:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    head = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name}}
    return {**head, "spec": {"rules": [rule]}}


def of_each_kind(*, number: int = 1) -> dict[str, Any]:
    """Return one object of each kind that the page is about. number: what they hold."""
    return {
        "manifests/config.yaml": config_map("config", key=str(number)),
        "manifests/secret.yaml": secret("secret", f"hunter{number}"),
        "manifests/service.yaml": service("web", 80 + number),
        "manifests/web.yaml": deployment("web", replicas=number),
        "manifests/ingress.yaml": ingress("web", f"{number}.example.com"),
    }


APPLICATION = """
fleet = Fleet(
    applications=[
        Application(
            "web",
            source=GitSource(REPO, path="manifests"),
            destinations=[Destination(name, namespace=namespace) for name, namespace in DESTINATIONS],
            sync=SyncPolicy(automated=True, prune=True, self_heal=True),
        )
    ],
)
"""


def declare(
    bench: Workbench, kubeconfig: Path, destinations: Mapping[str, str], application: str = APPLICATION
) -> None:
    """Declare an application. destinations: context of the kubeconfig, also the cluster's name → namespace."""
    bench.declare(f"DESTINATIONS = {list(destinations.items())!r}\n{application}")
    clusters = {name: {"kubeconfig": str(kubeconfig), "context": name} for name in destinations}
    become(bench, clusters)


def become(bench: Workbench, clusters: Mapping[str, Mapping[str, str]]) -> None:
    path = bench.project / "stacks" / f"Pulumi.{STACK}.yaml"
    kept = [line for line in path.read_text().splitlines() if line.startswith("encryptionsalt")]
    mirrors = {url: str(bench.root / "repo") for url in bench.mirrored}
    config = {"fleet:clusters": dict(clusters), "fleet:repositories": mirrors}
    path.write_text("\n".join([*kept, yamlio.dump({"config": config})]))


def complaints(bench: Workbench, *words: str) -> dict[str, list[str]]:
    """Run a command, and return what it has to complain of each cluster."""
    command = bench.engine.command(*words, "--json")
    run = bench.execute(command, exit_code=None, stderr=subprocess.DEVNULL)
    found: dict[str, list[str]] = defaultdict(list)
    for event in map(json.loads, run.text.splitlines()):
        cluster = str(event.get("cluster") or (event.get("subject") or {}).get("cluster") or "")
        problem = event.get("problem") or {}
        if event["type"] in ("stepFailed", "clusterFailed"):
            found[cluster].append(f"{problem['summary']}\n{problem['detail']}\n{problem['hint']}")
        elif event["type"] == "message" and event["severity"] != "info":
            found[cluster].append(event["text"])
    return found


# --- every right is needed, and no other -------------------------------------------------------------------------


@pytest.fixture
def namespaces(embedded: Workbench) -> Iterator[Sequence[str]]:
    """Return a namespace for each right that somebody lacks, and one for who lacks none."""
    cluster, names = embedded.cluster("dev"), [f"{embedded.namespace}-{number}" for number in range(len(EACH) + 1)]
    for name in names:
        embedded.create(
            "dev", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        )
    yield names
    for name in names:
        cluster.request("DELETE", f"/api/v1/namespaces/{name}")


ROLE, BINDING = named("Role", "fleet-deployer"), named("RoleBinding", "fleet-deployer")
# Reading namespaces and what is said of pods have tests of their own.
EACH = tuple(each for each in rights_of(ROLE) if each.resource not in {"namespaces", *ABOUT_PODS})


def hand_out(cluster: Cluster, namespaces: Sequence[str]) -> dict[str, Right | None]:
    """Give each namespace's user the page's Role without one right; the last one has it all."""
    lacking: dict[str, Right | None] = {}
    for namespace, lacked in zip(namespaces, (*EACH, None), strict=True):
        metadata = {**ROLE["metadata"], "namespace": namespace}
        rules = [each.as_rule() for each in rights_of(ROLE) if each != lacked]
        grant(cluster, {**ROLE, "metadata": metadata, "rules": rules})
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": namespace}
        grant(cluster, {**BINDING, "metadata": metadata, "subjects": [subject]})
        lacking[namespace] = lacked
    for namespace, lacked in lacking.items():
        until_allowed(cluster, namespace, (), next(each for each in EACH if each != lacked), namespace)
    return lacking


def test_each_right_of_the_role_is_needed_and_named_where_it_is_missing(
    embedded: Workbench, namespaces: Sequence[str]
) -> None:
    """One stack, one cluster per right: everything is done once, by users of whom each lacks another right."""
    cluster = embedded.cluster("dev")
    lacking = hand_out(cluster, namespaces)
    kubeconfig = impersonating(embedded, cluster, {name: (name, ()) for name in lacking})
    declare(embedded, kubeconfig, {name: name for name in lacking})
    embedded.commit(of_each_kind(number=1))
    told = [complaints(embedded, "up", "--yes", "--skip-preview")]
    embedded.commit(of_each_kind(number=2))
    told.append(complaints(embedded, "up", "--yes", "--skip-preview"))
    for name in lacking:
        drift(embedded, name)
    told.append(complaints(embedded, "refresh", "--preview-only"))
    told.append(complaints(embedded, "up", "--refresh", "--yes", "--skip-preview"))
    told.append(complaints(embedded, "destroy", "--yes", "--skip-preview"))
    for name, lacked in lacking.items():
        text = "\n".join(line for run in told for line in run.get(name, ()))
        if lacked is None or lacked.verb in HELPFUL:
            assert text == ""
        else:
            assert str(lacked) in text, (lacked, text)


def drift(bench: Workbench, namespace: str, cluster: str = "dev") -> None:
    """Change something of ours in every object of a namespace that is there."""
    core, apps = f"/api/v1/namespaces/{namespace}", f"/apis/apps/v1/namespaces/{namespace}"
    changes: Iterable[tuple[str, Document]] = (
        (f"{core}/configmaps/config", {"data": {"key": "drifted"}}),
        (f"{core}/secrets/secret", {"stringData": {"key": "drifted"}}),
        (f"{core}/services/web", {"spec": {"selector": {"app": "other"}}}),
        (f"{apps}/deployments/web", {"spec": {"replicas": 3}}),
        (
            f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/web",
            {"spec": {"rules": [{"host": "other.example.com"}]}},
        ),
    )
    for path, change in changes:
        if bench.get(cluster, path) is not None:
            bench.patch(cluster, path, change)


# --- the roles for a whole cluster -------------------------------------------------------------------------------

USERS: Users = {
    "reader": ("jane", ["fleet:readers"]),
    "previewer": ("ci", ["fleet:previewers"]),
    "deployer": ("cd", ["fleet:deployers"]),
    "eve": ("eve", []),
    "admin": ("root", ["system:masters"]),
}


@pytest.fixture(scope="module")
def granted(clusters: LocalClusters) -> Iterator[Cluster]:
    """Return a cluster that has all of the page that is for whole clusters."""
    cluster = clusters["dev"]
    documents = [each for each in on_page() if "namespace" not in each["metadata"]]
    assert {each["kind"] for each in documents} == set(PLURALS) - {"Role", "RoleBinding"}
    for document in documents:
        grant(cluster, document)
    for name in ("reader", "previewer", "deployer"):
        until_allowed(cluster, *USERS[name], Right("", "configmaps", "get"), "default")
    yield cluster
    for document in documents:
        assert cluster.request("DELETE", path_of(document)).ok


@dataclass(frozen=True, slots=True)
class Desk:
    """A project with an application in one cluster, where one may be anybody."""

    bench: Workbench
    cluster: Cluster

    def be(self, user: str) -> None:
        """Put other credentials where the last ones were: what the state knows of the cluster stays true."""
        impersonating(self.bench, self.cluster, {"dev": USERS[user]})

    def held(self) -> list[str | None]:
        """Return what tells whether anything was written."""
        core, name = f"/api/v1/namespaces/{self.bench.namespace}", self.bench.namespace
        paths = [
            f"{core}/configmaps/config",
            f"{core}/secrets/secret",
            f"{core}/services/web",
            f"{core}/configmaps/new",
        ]
        ingress_path = f"/apis/networking.k8s.io/v1/namespaces/{name}/ingresses/web"
        return self.bench.versions("dev", [*paths, ingress_path])


def desk(bench: Workbench, cluster: Cluster) -> Desk:
    declare(bench, impersonating(bench, cluster, {"dev": USERS["admin"]}), {"dev": bench.namespace})
    bench.commit(of_each_kind(number=1))
    return Desk(bench, cluster)


def test_a_reader_previews_by_the_state_and_is_told_so(embedded: Workbench, granted: Cluster) -> None:
    at = desk(embedded, granted)
    at.be("deployer")
    embedded.up()
    at.be("reader")
    embedded.run("refresh", "--preview-only", "--expect-no-changes")
    embedded.run("preview", "--refresh", "--expect-no-changes")
    embedded.commit({**of_each_kind(number=2), "manifests/new.yaml": config_map("new"), "manifests/ingress.yaml": None})
    shown = embedded.run("preview", "--diff")
    for text in (
        "update ConfigMap",
        "create ConfigMap",
        "delete Ingress",
        '+ data.key: "2"',
        "previewed from Git and the state alone, because this user may not try changes out",
        'User "jane" cannot patch resource "',
    ):
        assert text in shown.text, str(shown)
    drift(embedded, embedded.namespace)
    shown = embedded.run("refresh", "--preview-only", "--expect-no-changes", exit_code=CHANGES)
    assert "compared field by field, because the dry run failed" in shown.text
    before = at.held()
    assert "verbs: [patch]}" in embedded.up(exit_code=CLUSTER_FAILED).text
    assert at.held() == before


def test_a_reader_who_may_not_read_secrets_previews_them_all_the_same(embedded: Workbench) -> None:
    """Also: a ClusterRole of the page, limited to a namespace."""
    cluster, namespace = embedded.cluster("dev"), embedded.namespace
    role = named("ClusterRole", "fleet-reader")
    rules = [each.as_rule() for each in rights_of(role) if each.resource != "secrets"]
    metadata = {"name": "fleet-reader", "namespace": namespace}
    grant(cluster, {**role, "kind": "Role", "metadata": metadata, "rules": rules})
    grant(cluster, in_namespace("fleet-reader", "Role", "eve", namespace))
    until_allowed(cluster, "eve", (), Right("", "configmaps", "list"), namespace)
    at = desk(embedded, cluster)
    embedded.up()
    at.be("eve")
    embedded.commit({**of_each_kind(number=2), "manifests/new.yaml": secret("new", "hunter")})
    shown = embedded.run("preview").text
    assert f"update Secret {namespace}/secret" in shown
    assert f"create Secret {namespace}/new" in shown
    run = embedded.run("refresh", "--preview-only", exit_code=CLUSTER_FAILED)
    assert str(Right("", "secrets", "list")) in run.text


def test_a_previewer_has_dry_runs_and_changes_nothing(embedded: Workbench, granted: Cluster) -> None:
    at = desk(embedded, granted)
    at.be("deployer")
    embedded.up()
    at.be("previewer")
    until_held_back(embedded)
    assert complaints(embedded, "preview", "--refresh") == {}
    embedded.commit({**of_each_kind(number=2), "manifests/new.yaml": config_map("new")})
    assert complaints(embedded, "preview") == {}
    drift(embedded, embedded.namespace)
    assert complaints(embedded, "refresh", "--preview-only") == {}
    before = at.held()
    run = embedded.up(exit_code=CLUSTER_FAILED)
    assert "a policy of the cluster refuses it" in run.text
    assert "previewers may only try changes out" in run.text
    assert at.held() == before
    wrong = of_each_kind(number=2) | {"manifests/web.yaml": deployment("web", replicas=-1)}
    embedded.commit(wrong)
    assert "spec.replicas: Invalid value: -1" in embedded.run("preview", exit_code=CLUSTER_FAILED).text


def test_a_deployer_deploys_heals_prunes_and_destroys(bench: Workbench, granted: Cluster) -> None:
    at = desk(bench, granted)
    at.be("deployer")
    bench.run("preview")
    bench.up()
    bench.run("refresh", "--preview-only", "--expect-no-changes")
    drift(bench, bench.namespace)
    bench.up("--refresh")
    assert bench.config_map("dev", "config") == {"key": "1"}
    bench.commit({**of_each_kind(number=2), "manifests/ingress.yaml": None})
    bench.up()
    assert at.held()[-1] is None
    bench.run("destroy", "--yes", "--skip-preview")
    assert at.held() == [None] * 5


def test_who_may_look_at_namespaces_is_told_of_missing_ones_before_anything_is_written(
    embedded: Workbench, granted: Cluster
) -> None:
    at = desk(embedded, granted)
    missing = f"{embedded.namespace}-missing"
    elsewhere = config_map("elsewhere") | {"metadata": {"name": "elsewhere", "namespace": missing}}
    embedded.commit({"manifests/elsewhere.yaml": elsewhere})
    at.be("deployer")
    run = embedded.up(exit_code=CLUSTER_FAILED)
    assert "Namespaces do not exist; nothing was written to this cluster" in run.text
    assert at.held() == [None] * 5


@pytest.mark.parametrize(
    ("lacked", "told"),
    [
        pytest.param("", {"pods", "events"}, id="nothing"),
        pytest.param("pods", {"events"}, id="pods"),
        pytest.param("events", {"pods"}, id="events"),
    ],
)
def test_who_waits_is_told_what_pods_and_events_say(
    embedded: Workbench, granted: Cluster, lacked: str, told: set[str]
) -> None:
    user, namespace = f"waiter-{embedded.namespace}", embedded.namespace
    for role in ("fleet-reader", "fleet-deployer"):
        grant(granted, in_namespace(role, "ClusterRole", user, namespace))
    rules = [each.as_rule() for each in rights_of(named("ClusterRole", "fleet-waiter")) if each.resource != lacked]
    metadata = {"name": "fleet-waiter", "namespace": namespace}
    grant(granted, {"apiVersion": RBAC, "kind": "Role", "metadata": metadata, "rules": rules})
    grant(granted, in_namespace("fleet-waiter", "Role", user, namespace))
    until_allowed(granted, user, (), Right("apps", "deployments", "watch"), namespace)
    kubeconfig = impersonating(embedded, granted, {"dev": (user, ())})
    declare(
        embedded, kubeconfig, {"dev": namespace}, APPLICATION.replace("sync=", "wait=True, wait_timeout_s=3, sync=")
    )
    stuck = deployment("web", replicas=1)
    stuck["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such-node"}
    embedded.commit({"manifests/web.yaml": stuck})
    embedded.up(exit_code=CLUSTER_FAILED)
    warn_of(embedded, "web", "its neighbours are noisy")
    text = embedded.up(exit_code=CLUSTER_FAILED).text
    assert "it is not ready" in text
    assert ("Pod web-" in text) is ("pods" in told), text
    assert ("its neighbours are noisy" in text) is ("events" in told), text


def warn_of(bench: Workbench, name: str, message: str) -> None:
    """Say something about a Deployment, as a controller does."""
    found = bench.get("dev", f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/{name}")
    assert found is not None
    about = {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": bench.namespace, "name": name}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "noisy", "namespace": bench.namespace},
        "involvedObject": {**about, "uid": found["metadata"]["uid"]},
        "type": "Warning",
        "reason": "Noise",
        "message": message,
    }
    bench.create("dev", f"/api/v1/namespaces/{bench.namespace}/events", event)


def in_namespace(role: str, kind: str, user: str, namespace: str) -> Document:
    """Return the binding that gives a role to a user in one namespace. kind: of the role."""
    head = {"apiVersion": RBAC, "kind": "RoleBinding", "metadata": {"name": role, "namespace": namespace}}
    group = "rbac.authorization.k8s.io"
    reference, subject = {"apiGroup": group, "kind": kind, "name": role}, {"kind": "User", "name": user}
    return {**head, "roleRef": reference, "subjects": [{"apiGroup": group, **subject}]}


def test_what_is_served_may_be_known_by_all_who_can_log_in(embedded: Workbench, granted: Cluster) -> None:
    at = desk(embedded, granted)
    at.be("reader")
    for words in (("clusters",), ("clusters", "discover")):
        run = embedded.execute([sys.executable, "-m", "fleet", *words, "-s", STACK])
        assert "dev" in run.text
