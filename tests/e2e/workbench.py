"""A user's desk for a test: a project folder, a Git repository, real clusters, and an engine to run commands with."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import git
import pytest

from fleet import yamlio
from localclusters import Cluster, LocalClusters

REPOSITORY = Path(__file__).parents[2]
STACK = "test"
_AUTHOR = git.Actor("Test", "test@example.com")


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended, and everything it said."""

    command: str
    exit_code: int
    text: str

    def __str__(self) -> str:
        return f"$ {self.command}\n{self.text}\n[exit code {self.exit_code}]"


class Engine(Protocol):
    """What carries out `preview`, `up`, `refresh` and `destroy`, with Pulumi's words."""

    name: str

    def prepare(self, project: Path, environment: Mapping[str, str]) -> None:
        """Make a stack for the project."""

    def command(self, *words: str) -> list[str]:
        """Return the command line for Pulumi's words."""


class Embedded:
    """Our own engine."""

    name = "embedded"

    def prepare(self, project: Path, environment: Mapping[str, str]) -> None:
        """It needs nothing."""

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "fleet", words[0], "--stack", STACK, *words[1:]]


class Pulumi:
    """The Pulumi CLI with its Kubernetes provider, where both are on PATH."""

    name = "pulumi"

    @staticmethod
    def missing() -> str:
        """What to install before this engine can be tested; empty when it is there."""
        programs = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes")
        absent = [program for program in programs if shutil.which(program) is None]
        return f"not on PATH: {', '.join(absent)}; install the Pulumi CLI and its Kubernetes plugin" if absent else ""

    def prepare(self, project: Path, environment: Mapping[str, str]) -> None:
        subprocess.run(
            ["pulumi", "stack", "init", STACK, "--non-interactive"],
            cwd=project,
            env=dict(environment),
            check=True,
            capture_output=True,
        )

    def command(self, *words: str) -> list[str]:
        return ["pulumi", words[0], "--stack", STACK, "--non-interactive", *words[1:]]


ENGINES: Mapping[str, Callable[[], Engine]] = {"embedded": Embedded, "pulumi": Pulumi}


def present(name: str) -> Engine:
    """Return an engine, or skip the test and say what to install."""
    if name == "pulumi" and (missing := Pulumi.missing()):
        pytest.skip(missing)
    return ENGINES[name]()


@dataclass(slots=True)
class Workbench:
    """One project with one stack, `test`. Paths in `files` and `paths` are relative to the Git repository's root."""

    root: Path
    engine: Engine
    clusters: LocalClusters
    namespace: str
    repo: git.Repo = field(init=False)
    extra_environment: dict[str, str] = field(default_factory=dict)
    mirrored: list[str] = field(default_factory=lambda: ["https://example.com/repo.git"])

    def __post_init__(self) -> None:
        self.project.mkdir(parents=True)
        (self.project / "stacks").mkdir()
        shutil.copy(REPOSITORY / "__main__.py", self.project)
        self._copy_project_file()
        self.repo = git.Repo.init(self.root / "repo", initial_branch="main")
        self.configure()
        self.engine.prepare(self.project, self.environment)

    @property
    def project(self) -> Path:
        """Where Pulumi.yaml is."""
        return self.root / "project"

    @property
    def state(self) -> Path:
        """Where the backend keeps its files."""
        return self.root / "state"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every command."""
        own = {
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "FLEET_CACHE_DIR": str(self.root / "cache"),
            "PYTHONPATH": str(REPOSITORY),
            "NO_COLOR": "1",
            "COLUMNS": "160",
        }
        self.state.mkdir(exist_ok=True)
        return {**os.environ, **own, **self.extra_environment}

    def _copy_project_file(self) -> None:
        (document,) = yamlio.load_documents((REPOSITORY / "Pulumi.yaml").read_text(), file="Pulumi.yaml")
        options = document.data["runtime"]["options"] | {"virtualenv": sys.prefix}
        runtime = document.data["runtime"] | {"options": options}
        (self.project / "Pulumi.yaml").write_text(yamlio.dump(document.data | {"runtime": runtime}))

    def configure(self, *names: str, **changes: Mapping[str, Any]) -> None:
        """Write the stack's configuration. names: of the clusters; all without any. changes: per cluster, its keys."""
        chosen = [self.clusters[name] for name in names] if names else list(self.clusters)
        clusters = {
            cluster.name: {
                "kubeconfig": str(cluster.kubeconfig),
                "context": cluster.context,
                **changes.get(cluster.name, {}),
            }
            for cluster in chosen
        }
        mirrors = {url: str(self.root / "repo") for url in self.mirrored}
        config = {"fleet:clusters": clusters, "fleet:repositories": mirrors}
        path = self.project / "stacks" / f"Pulumi.{STACK}.yaml"
        kept = (
            [line for line in path.read_text().splitlines() if line.startswith("encryptionsalt")]
            if path.exists()
            else []
        )
        path.write_text("\n".join([*kept, yamlio.dump({"config": config})]))

    def configure_all(self, kubeconfigs: Mapping[str, Path]) -> None:
        """Write the stack's configuration for clusters of any name, each with the current context of its kubeconfig."""
        config = {
            "fleet:clusters": {name: {"kubeconfig": str(path)} for name, path in kubeconfigs.items()},
            "fleet:repositories": {url: str(self.root / "repo") for url in self.mirrored},
        }
        (self.project / "stacks" / f"Pulumi.{STACK}.yaml").write_text(yamlio.dump({"config": config}))

    def declare(self, python: str) -> None:
        """Write the stack's Python. It may use every public name of fleet, and NAMESPACE, REPO."""
        preamble = f"from fleet import *\nNAMESPACE = {self.namespace!r}\nREPO = 'https://example.com/repo.git'\n"
        (self.project / "stacks" / f"{STACK}.py").write_text(preamble + textwrap.dedent(python))

    def declare_yaml(self, text: str, name: str = "application.yaml") -> None:
        """Write a file of Argo CD documents for the stack."""
        folder = self.project / "stacks" / STACK
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)

    def commit(self, files: Mapping[str, str | Mapping[str, Any] | None], message: str = "change") -> str:
        """Commit files to the Git repository: text, an object to write as YAML, or None to remove. Returns the SHA."""
        for name, content in files.items():
            path = self.root / "repo" / name
            if content is None:
                self.repo.index.remove([name], working_tree=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else yamlio.dump(dict(content)))
            self.repo.index.add([name])
        return self.repo.index.commit(message, author=_AUTHOR, committer=_AUTHOR).hexsha

    def run(self, *words: str, exit_code: int | None = 0, timeout_s: float = 300) -> Run:
        """Run a command of the engine, and check how it ends. exit_code None accepts any."""
        return self.execute(self.engine.command(*words), exit_code=exit_code, timeout_s=timeout_s)

    def execute(
        self,
        command: Sequence[str],
        *,
        exit_code: int | None = 0,
        timeout_s: float = 300,
        stderr: int = subprocess.STDOUT,
    ) -> Run:
        """Run any command in the project's folder, and check how it ends. exit_code None accepts any.

        stderr: where that goes, as subprocess has it; by default the text has both streams.
        """
        done = subprocess.run(
            command,
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        run = Run(" ".join(command), done.returncode, done.stdout)
        assert exit_code is None or run.exit_code == exit_code, str(run)
        return run

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command of the engine, as the leader of its own process group: Ctrl-C reaches a whole group."""
        return subprocess.Popen(
            self.engine.command(*words),
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def up(self, *words: str, exit_code: int | None = 0) -> Run:
        """Deploy without asking."""
        return self.run("up", "--yes", "--skip-preview", *words, exit_code=exit_code)

    def checkpoint(self) -> Mapping[str, Any]:
        """Return the stack's state as the backend keeps it."""
        path = self.state / ".pulumi" / "stacks" / "fleet" / f"{STACK}.json"
        checkpoint: Mapping[str, Any] = json.loads(path.read_text())["checkpoint"]
        return checkpoint

    def objects_in_state(self) -> list[str]:
        """Return the names of the Kubernetes objects that the state holds, sorted."""
        resources = self.checkpoint()["latest"].get("resources", [])
        urns = (each["urn"] for each in resources if each["type"].startswith("kubernetes:"))
        return sorted(urn.rpartition("::")[2] for urn in urns)

    def get(self, cluster: str, path: str) -> Mapping[str, Any] | None:
        """Return an object of a cluster; None when it is not there."""
        answer = self.clusters[cluster].request("GET", path)
        if answer.status == 404:
            return None
        assert answer.ok, answer
        found: Mapping[str, Any] = answer.body
        return found

    def config_map(self, cluster: str, name: str, namespace: str | None = None) -> Mapping[str, str] | None:
        """Return the data of a ConfigMap; None when it is not there."""
        found = self.get(cluster, f"/api/v1/namespaces/{namespace or self.namespace}/configmaps/{name}")
        return None if found is None else found.get("data", {})

    def replicas(self, cluster: str, name: str) -> int | None:
        """Return how many replicas a Deployment asks for; None when it is not there."""
        found = self.get(cluster, f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{name}")
        return None if found is None else int(found["spec"]["replicas"])

    def patch(self, cluster: str, path: str, body: Mapping[str, Any], manager: str = "kubectl-edit") -> None:
        """Change an object behind the engine's back, as kubectl would."""
        answer = self.clusters[cluster].request(
            "PATCH", f"{path}?fieldManager={manager}", body, content_type="application/merge-patch+json"
        )
        assert answer.ok, answer

    def delete(self, cluster: str, path: str) -> None:
        """Delete an object behind the engine's back."""
        assert self.clusters[cluster].request("DELETE", path).ok

    def create(self, cluster: str, path: str, body: Mapping[str, Any]) -> None:
        """Create an object behind the engine's back."""
        answer = self.clusters[cluster].request("POST", path, body)
        assert answer.ok, answer

    def versions(self, cluster: str, paths: Iterable[str]) -> list[str | None]:
        """Return the resourceVersion of objects: whatever writes to one changes it."""
        found = (self.get(cluster, path) for path in paths)
        return [None if each is None else str(each["metadata"]["resourceVersion"]) for each in found]

    def holdings(self) -> dict[str, str]:
        """Return what the clusters hold of this test's: `<cluster><path>` → resourceVersion, of kinds that rest.

        Namespaces count where their name starts with the test's own.
        """
        kinds = ("configmaps", "secrets", "services", "serviceaccounts")
        collections = ("/api/v1/namespaces", *(f"/api/v1/namespaces/{self.namespace}/{kind}" for kind in kinds))
        found: dict[str, str] = {}
        for cluster in self.clusters:
            for collection in collections:
                answer = cluster.request("GET", collection)
                assert answer.ok, answer
                names = {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in answer.body["items"]}
                ours = (name for name in names if collection != collections[0] or name.startswith(self.namespace))
                found |= {f"{cluster.name}{collection}/{name}": names[name] for name in ours}
        return found

    def cluster(self, name: str) -> Cluster:
        """Return one of the clusters."""
        return self.clusters[name]


@contextmanager
def opened(root: Path, engine: Engine, clusters: LocalClusters, title: str) -> Iterator[Workbench]:
    """Yield a fresh project; its namespace, named after the title, is made in every cluster and deleted again."""
    readable = re.sub(r"[^a-z0-9]+", "-", title.lower())[:40].strip("-")
    namespace = f"{readable}-{uuid.uuid4().hex[:6]}"
    for cluster in clusters:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        assert cluster.request("POST", "/api/v1/namespaces", body).ok
    workbench = Workbench(root, engine, clusters, namespace)
    try:
        yield workbench
    finally:
        workbench.repo.close()
        for cluster in clusters:
            cluster.request("DELETE", f"/api/v1/namespaces/{namespace}")


def config_map(name: str, **data: str) -> dict[str, Any]:
    """Return a ConfigMap that names no namespace."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def deployment(name: str, *, replicas: int = 2, args: Iterable[str] = ()) -> dict[str, Any]:
    """Return a Deployment that names no namespace."""
    labels = {"app": name}
    container = {"name": "main", "image": "nginx:latest", **({"args": list(args)} if args else {})}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
