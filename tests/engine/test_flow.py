"""The whole program against an engine in this process and a real repository: above all, what it does not do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fleet.program.flow import main
from tests.engine.monitor import Engine, Monitor, run
from tests.engine.projects import commit, config

STACK = """
from fleet import Application, Cluster, Destination, Fleet, GitSource, SyncPolicy

dev, prod = Cluster("dev", kubeconfig="kube/dev"), Cluster("prod", kubeconfig="kube/prod", paused={paused})
stack = Fleet(
    clusters=[dev, prod],
    applications=[Application("web", source=GitSource("repo", path="manifests"), destinations=[{destinations}])],
)
"""
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings}}\ndata: {{version: '{version}'}}\n"

Declare = Callable[..., None]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLEET_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    (tmp_path / "stacks").mkdir()
    return tmp_path


@pytest.fixture
def declare(project: Path) -> Declare:
    def write(destinations: str = "dev, prod", *, paused: bool = False) -> None:
        (project / "stacks/dev.py").write_text(STACK.format(destinations=destinations, paused=paused))

    return write


def deployed(project: Path, monitor: Monitor | None = None) -> Monitor:
    monitor, engine = monitor or Monitor(), Engine()
    run(main, monitor, engine, config=config(project), project_dir=project)
    assert engine.said("error") == []
    return monitor


def refused(project: Path, monitor: Monitor | None = None) -> str:
    """Return the messages of a program that ends without having registered anything but the stack."""
    monitor, engine = monitor or Monitor(), Engine()
    with pytest.raises(SystemExit) as caught:
        run(main, monitor, engine, config=config(project), project_dir=project)
    assert caught.value.code == 32
    assert [each.request.type for each in monitor.registrations] == ["pulumi:pulumi:Stack"]
    return "\n".join(engine.said("error"))


def version(monitor: Monitor, cluster: str) -> str:
    return str(monitor.of_type("kubernetes:")[f"{cluster}/default/settings"].inputs["data"]["version"])


def test_one_definition_reaches_every_cluster(project: Path, declare: Declare) -> None:
    sha = commit(project / "repo", {"manifests/a.yaml": CONFIG_MAP.format(version=1)})
    declare()
    monitor = deployed(project)
    assert sorted(monitor.of_type("kubernetes:")) == ["dev/default/settings", "prod/default/settings"]
    assert monitor.stack_outputs == {"deployed": {"web": {"dev": {"default": sha}, "prod": {"default": sha}}}}


def test_a_paused_cluster_stays_as_it_is(project: Path, declare: Declare) -> None:
    commit(project / "repo", {"manifests/a.yaml": CONFIG_MAP.format(version=1)})
    declare()
    first = deployed(project).stack_outputs
    sha = commit(project / "repo", {"manifests/a.yaml": CONFIG_MAP.format(version=2)})
    declare(paused=True)
    second = deployed(project, Monitor(outputs=first))
    assert (version(second, "dev"), version(second, "prod")) == ("2", "1")
    assert second.stack_outputs["deployed"]["web"]["dev"] == {"default": sha}
    assert second.stack_outputs["deployed"]["web"]["prod"] == first["deployed"]["web"]["prod"]


def test_what_a_paused_cluster_holds_cannot_be_taken_out(project: Path, declare: Declare) -> None:
    commit(project / "repo", {"manifests/a.yaml": CONFIG_MAP.format(version=1)})
    declare()
    first = deployed(project).stack_outputs
    declare("dev", paused=True)
    message = refused(project, Monitor(outputs=first))
    assert "the application is deployed to namespace 'default' of this paused cluster" in message


def test_nothing_new_comes_to_a_paused_cluster(project: Path, declare: Declare) -> None:
    commit(project / "repo", {"manifests/a.yaml": CONFIG_MAP.format(version=1)})
    declare(paused=True)
    monitor = deployed(project, Monitor(outputs={}))
    assert list(monitor.of_type("kubernetes:")) == ["dev/default/settings"]
    assert list(monitor.of_type("pulumi:providers:")) == ["dev"]


def test_a_run_without_paused_clusters_asks_for_no_outputs(project: Path, declare: Declare) -> None:
    commit(project / "repo", {"manifests/a.yaml": CONFIG_MAP.format(version=1)})
    declare()
    assert deployed(project, Monitor(outputs=None)).stack_outputs


@pytest.mark.parametrize(
    ("manifests", "destinations", "expected"),
    [
        pytest.param(
            {"manifests/a.yaml": CONFIG_MAP.format(version=1)},
            "dev, 'prdo'",
            "stacks/dev.py:7, application web: no cluster is known as 'prdo'",
            id="expand",
        ),
        pytest.param(
            {"manifests/a.yaml": CONFIG_MAP.format(version=1)},
            "dev, Destination(prod, revision='v9')",
            "stacks/dev.py:7, application web, cluster prod: ",
            id="a revision",
        ),
        pytest.param(
            {"manifests/a.yaml": CONFIG_MAP.format(version=1)},
            "dev, Destination(prod, path='elsewhere')",
            "stacks/dev.py:7, application web, cluster prod: ",
            id="a path",
        ),
        pytest.param({"manifests/a.yaml": "a: ["}, "dev, prod", "manifests/a.yaml:1, application web: ", id="a file"),
        pytest.param(
            {"manifests/a.txt": ""},
            "dev",
            "stacks/dev.py:7, application web, cluster dev: 'manifests' holds no object",
            id="nothing",
        ),
    ],
)
def test_what_is_wrong_in_one_place_changes_nothing_anywhere(
    project: Path, declare: Declare, manifests: dict[str, str], destinations: str, expected: str
) -> None:
    commit(project / "repo", manifests)
    declare(destinations)
    assert refused(project).startswith(expected)


def test_a_stack_that_declares_nothing_is_refused(project: Path) -> None:
    assert refused(project).startswith("stack 'dev' declares nothing")


def test_a_destination_in_yaml_is_named_by_its_line(project: Path) -> None:
    (project / "stacks/dev").mkdir()
    (project / "stacks/dev/web.yaml").write_text(
        """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec:
  project: default
  source: {repoURL: repo, path: manifests}
  destination:
    servers:
      - https://<dev>
      - {name: nowhere}
"""
    )
    message = refused(project)
    assert "stacks/dev/web.yaml:9, application web, spec.destination.servers[0]: no cluster is known as" in message
    assert "stacks/dev/web.yaml:10, application web, spec.destination.servers[1]" in message


def test_a_hook_that_nobody_runs_here_is_told_of(project: Path, declare: Declare) -> None:
    hook = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: h, annotations: {argocd.argoproj.io/hook: SyncFail}}\n"
    commit(project / "repo", {"manifests/a.yaml": CONFIG_MAP.format(version=1), "manifests/h.yaml": hook})
    declare()
    monitor, engine = Monitor(), Engine()
    run(main, monitor, engine, config=config(project), project_dir=project)
    assert sorted(monitor.of_type("kubernetes:")) == ["dev/default/settings", "prod/default/settings"]
    assert engine.said("warning") == [
        "web: ConfigMap h is left out: it is a hook for SyncFail, and nothing runs here when a deployment fails"
    ]
