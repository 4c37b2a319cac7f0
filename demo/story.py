"""What the demonstration does, as data: texts, and the command lines that follow them."""

from __future__ import annotations

from dataclasses import dataclass

MANIFESTS = "examples/first-application/manifests"
REPO = ".fleet/demo/repo"
STATE = ".fleet/demo/state"
KUBECONFIG = ".localclusters/kubeconfig"
CLUSTERS_UP = "python -m localclusters up 3"
CLUSTERS_DOWN = "python -m localclusters down"
DESTROY = "fleet destroy -s demo --yes --skip-preview"


@dataclass(frozen=True, slots=True)
class Line:
    """A command line for `sh`, run in the project's directory. exit_code: the only one that is right."""

    text: str
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What happens next, and why; then the lines that make it happen."""

    title: str
    why: str
    lines: tuple[Line, ...]


def everywhere(kubectl: str) -> Line:
    """Return a line that runs a kubectl command in each cluster."""
    return Line(f"for cluster in hub dev prod; do echo $cluster:; kubectl --context $cluster {kubectl}; done")


READY = everywhere("rollout status deployment my-app --timeout 2m")
WHAT_RUNS = everywhere("get deployment my-app")
UP = Line("fleet up -s demo --yes")

STEPS = (
    Step(
        "Three clusters: hub, dev and prod",
        "Each is a kube-apiserver with controllers, a scheduler and a simulated node, on this machine. The very first"
        " time they are compiled, which takes several minutes; after that it takes seconds.",
        (Line(CLUSTERS_UP),),
    ),
    Step(
        "A Git repository with the manifests of an application",
        "It stands in for your own. There is one Deployment in it, with 2 replicas.",
        (
            Line(f"git init --quiet --initial-branch=main {REPO}"),
            Line(f"cp -R {MANIFESTS} {REPO}/"),
            Line(f"git -C {REPO} add --all"),
            Line(f"git -C {REPO} commit --quiet --message 'My application'"),
            Line(f"cat {REPO}/manifests/app.yaml"),
        ),
    ),
    Step(
        "One Application, three destinations",
        "An Argo CD Application as it is. The stack's configuration says which clusters its servers are, and that its"
        " repository is the one just made.",
        (Line("cat stacks/demo/application.yaml"), Line("cat stacks/Pulumi.demo.yaml")),
    ),
    Step(
        "Deploy it",
        "First the preview, then the update. Without --yes you would be asked in between.",
        (UP, READY, WHAT_RUNS),
    ),
    Step(
        "Change it in Git: 3 replicas",
        "One commit, three clusters. The diff shows the change once, and where it goes.",
        (
            Line(f"sed 's/replicas: 2/replicas: 3/' {MANIFESTS}/app.yaml > {REPO}/manifests/app.yaml"),
            Line(f"git -C {REPO} commit --quiet --all --message 'Three replicas'"),
            Line("fleet preview -s demo --diff"),
            UP,
            READY,
            WHAT_RUNS,
        ),
    ),
    Step(
        "Somebody scales by hand: drift",
        "kubectl takes the field over in dev. The drift check sees it and says so with exit code 7, for CI.",
        (
            Line("kubectl --context dev scale deployment my-app --replicas 5"),
            Line("fleet refresh -s demo --preview-only --expect-no-changes", exit_code=7),
        ),
    ),
    Step(
        "Heal it",
        "--refresh looks at the clusters first. The Application has selfHeal: true, so what Git says is put back.",
        (
            Line("fleet up -s demo --refresh --yes"),
            READY,
            Line("kubectl --context dev get deployment my-app"),
            Line("fleet refresh -s demo --preview-only --expect-no-changes"),
        ),
    ),
    Step(
        "Add a manifest",
        "A ConfigMap this time.",
        (
            Line(
                "kubectl create configmap notes --from-literal=colour=blue --dry-run=client --output yaml"
                f" > {REPO}/manifests/notes.yaml"
            ),
            Line(f"git -C {REPO} add manifests/notes.yaml"),
            Line(f"git -C {REPO} commit --quiet --message 'Add notes'"),
            UP,
            everywhere("get configmap notes"),
        ),
    ),
    Step(
        "Remove it from Git: it is pruned",
        "The Application has prune: true. The Deployment is not touched.",
        (
            Line(f"git -C {REPO} rm --quiet manifests/notes.yaml"),
            Line(f"git -C {REPO} commit --quiet --message 'Remove notes'"),
            UP,
            everywhere("get deployments,configmaps --field-selector metadata.name!=kube-root-ca.crt"),
        ),
    ),
)

NEXT_STEPS = f"""\
What to try next, with the clusters left up (KEEP=1 make demo), in a shell of your own:
  . .venv/bin/activate
  export KUBECONFIG=$PWD/{KUBECONFIG} PULUMI_BACKEND_URL=file://$PWD/{STATE}
  kubectl --context prod delete deployment my-app
  fleet refresh -s demo --preview-only --diff
  fleet up -s demo --refresh
  fleet destroy -s demo

Your own clusters: write stacks/mine.py, ten lines; the README has them. A cluster there is a kubeconfig and a context:
  Cluster("prod", kubeconfig="~/.kube/config", context="my-prod-context")
and then:
  fleet preview -s mine
"""
