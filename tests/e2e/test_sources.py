"""One Kustomize base with an overlay per cluster, one chart with values per cluster, on three real clusters.

The overlay of one cluster is on a base in another repository.
"""

from collections.abc import Mapping
from typing import Any

from tests.e2e.workbench import Workbench, deployment

CLUSTERS = ("hub", "dev", "prod")
REPLICAS = {"hub": 1, "dev": 2, "prod": 3}
REMOTE = "https://bases.example.com/bases.git//base?ref=v1"

CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: guestbook\nversion: 0.1.0\n",
    "chart/values.yaml": "greeting: hello\nowner: {team: web, mail: web@example.com}\n",
    "chart/templates/config.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  greeting: {{ .Values.greeting | quote }}
  owner: {{ .Values.owner.team }} {{ .Values.owner.mail }}
  namespace: {{ .Release.Namespace }}
""",
    "chart/templates/tests/test.yaml": """\
apiVersion: v1
kind: Pod
metadata: {name: test, annotations: {helm.sh/hook: test}}
""",
}
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: guestbook}
spec:
  source:
    repoURL: https://example.com/repo.git
    path: chart
    helm: {values: "greeting: good day"}
  destination:
    namespace: NAMESPACE
    servers:
      - name: hub
      - name: dev
        helm: {valuesObject: {owner: {team: dev}}}
      - name: prod
        helm: {parameters: [{name: greeting, value: "welcome, all"}]}
  syncPolicy: {automated: {prune: true}}
"""


def overlays() -> dict[str, str | Mapping[str, Any]]:
    files: dict[str, str | Mapping[str, Any]] = {
        "base/web.yaml": deployment("web"),
        "base/kustomization.yaml": {"resources": ["web.yaml"]},
    }
    for cluster, count in REPLICAS.items():
        replicas = [{"name": "web", "count": count}]
        base = REMOTE if cluster == "prod" else "../../base"
        files[f"overlays/{cluster}/kustomization.yaml"] = {"resources": [base], "replicas": replicas}
    return files


def test_an_overlay_per_cluster(equipped: Workbench) -> None:
    equipped.declare(
        """
        fleet = Fleet(
            applications=[
                Application(
                    "web",
                    source=GitSource(REPO, path="base"),
                    destinations=[
                        Destination(name, namespace=NAMESPACE, path=f"overlays/{name}", kustomize=image)
                        for name, image in (
                            ("hub", Kustomize()),
                            ("dev", Kustomize()),
                            ("prod", Kustomize(images=["nginx:1.27"])),
                        )
                    ],
                    sync=SyncPolicy(automated=True, prune=True),
                )
            ],
        )
        """
    )
    equipped.mirrored.append("https://bases.example.com/bases.git")
    equipped.configure()
    equipped.repo.create_tag("v1", equipped.commit(overlays()))
    equipped.commit({"base/web.yaml": deployment("web", args=["--new"])})
    equipped.up()
    assert {cluster: equipped.replicas(cluster, "web") for cluster in CLUSTERS} == REPLICAS
    path = f"/apis/apps/v1/namespaces/{equipped.namespace}/deployments/web"
    found = [equipped.get(cluster, path) or {} for cluster in CLUSTERS]
    containers = [each["spec"]["template"]["spec"]["containers"][0] for each in found]
    assert [each["image"] for each in containers] == ["nginx:latest", "nginx:latest", "nginx:1.27"]
    assert [each.get("args") for each in containers] == [["--new"], ["--new"], None]
    equipped.up("--expect-no-changes")


def test_values_per_cluster(equipped: Workbench) -> None:
    equipped.declare_yaml(APPLICATION.replace("NAMESPACE", equipped.namespace))
    equipped.commit(CHART)
    equipped.up()
    team = {"hub": "web", "dev": "dev", "prod": "web"}
    greeting = {"hub": "good day", "dev": "good day", "prod": "welcome, all"}
    for cluster in CLUSTERS:
        expected = {"greeting": greeting[cluster], "owner": f"{team[cluster]} web@example.com"}
        assert equipped.config_map(cluster, "guestbook") == {**expected, "namespace": equipped.namespace}
    equipped.commit({"chart/values.yaml": "greeting: hello\nowner: {team: web, mail: new@example.com}\n"})
    equipped.up()
    owners = [(equipped.config_map(cluster, "guestbook") or {})["owner"] for cluster in CLUSTERS]
    assert owners == ["web new@example.com", "dev new@example.com", "web new@example.com"]


def test_a_broken_chart_changes_nothing(equipped: Workbench) -> None:
    equipped.declare_yaml(APPLICATION.replace("NAMESPACE", equipped.namespace))
    equipped.commit(CHART)
    equipped.up()
    paths = [f"/api/v1/namespaces/{equipped.namespace}/configmaps/guestbook"]
    before = [equipped.versions(cluster, paths) for cluster in CLUSTERS]
    equipped.commit({"chart/templates/broken.yaml": "{{ required `a colour is required` .Values.colour }}\n"})
    run = equipped.up(exit_code=None)
    assert run.exit_code != 0
    assert "chart/templates/broken.yaml:1, application guestbook" in run.text
    assert "a colour is required" in run.text
    assert [equipped.versions(cluster, paths) for cluster in CLUSTERS] == before
