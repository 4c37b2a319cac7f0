"""A Pulumi program of one file that has nothing to do with fleet, real clusters, and an engine to run it with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from click.testing import CliRunner

from fleet.cli.group import cli
from localclusters import LocalClusters

REPOSITORY = Path(__file__).parents[3]
PROJECT, STACK = "desk", "test"
PASSPHRASE = "a passphrase"

_PROJECT_FILE = """\
name: desk
runtime:
  name: python
  options:
    virtualenv: {virtualenv}
"""
_PREAMBLE = """\
import pulumi
import pulumi_kubernetes as k8s
from pulumi import Output, ResourceOptions
from pulumi_kubernetes.provider import Provider

NAMESPACE = {namespace!r}
KUBECONFIGS = {kubeconfigs!r}


def connect(to="hub", name="", **arguments):
    mutable = {{"enable_config_map_mutable": True, "enable_secret_mutable": True}}
    return Provider(name or to, **{{"kubeconfig": KUBECONFIGS[to], **mutable, **arguments}})


class Thing(pulumi.CustomResource):
    \"\"\"Any object, by its type token: an import that takes no time.\"\"\"

    def __init__(self, type_, name, inputs, opts=None):
        _, version, kind = type_.split(":")
        what = {{"apiVersion": version.removeprefix("core/"), "kind": kind}}
        super().__init__(type_, name, {{**what, **inputs}}, opts)


def config_map(name, data=None, opts=None, named="", **metadata):
    metadata = {{"name": named or name, "namespace": NAMESPACE, **metadata}}
    return Thing("kubernetes:core/v1:ConfigMap", name, {{"metadata": metadata, "data": data or {{}}}}, opts)


"""


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended, and everything it said."""

    words: tuple[str, ...]
    exit_code: int
    text: str

    def __str__(self) -> str:
        return f"$ {' '.join(self.words)}\n{self.text}\n[exit code {self.exit_code}]"


class Engine(Protocol):
    """What carries out `preview`, `up`, `refresh` and `destroy`, with Pulumi's words."""

    name: str

    def prepare(self, project: Path, environment: Mapping[str, str]) -> None:
        """Make a stack for the project."""

    def run(self, words: tuple[str, ...], project: Path, environment: Mapping[str, str]) -> Run:
        """Run a command in the project."""


class Embedded:
    """Our own engine, in this process: all but the program."""

    name = "embedded"

    def prepare(self, project: Path, environment: Mapping[str, str]) -> None:
        """It needs nothing."""

    def run(self, words: tuple[str, ...], project: Path, environment: Mapping[str, str]) -> Run:
        arguments = [words[0], "--cwd", str(project), "--stack", STACK, *words[1:]]
        done = CliRunner().invoke(cli, arguments, env=dict(environment), prog_name="fleet")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Run(words, done.exit_code, done.output)


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
        command = ["pulumi", "stack", "init", STACK, "--non-interactive"]
        subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)

    def run(self, words: tuple[str, ...], project: Path, environment: Mapping[str, str]) -> Run:
        command = ["pulumi", words[0], "--stack", STACK, "--non-interactive", *words[1:]]
        done = subprocess.run(
            command,
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return Run(words, done.returncode, done.stdout)


@dataclass(slots=True)
class Desk:
    """One project with one stack. namespace: the test's own, in every cluster."""

    root: Path
    engine: Engine
    clusters: LocalClusters
    namespace: str
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.project.mkdir(parents=True)
        self.state.mkdir()
        (self.project / "Pulumi.yaml").write_text(_PROJECT_FILE.format(virtualenv=sys.prefix))
        (self.project / f"Pulumi.{STACK}.yaml").write_text("config: {}\n")
        self.engine.prepare(self.project, self.environment)

    @property
    def project(self) -> Path:
        """Where Pulumi.yaml and the program are."""
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
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "NO_COLOR": "1",
            "COLUMNS": "160",
        }
        return {**os.environ, **own, **self.variables}

    @property
    def main(self) -> Path:
        """The program's file."""
        return self.project / "__main__.py"

    def write(self, program: str) -> None:
        """Write the program. It finds `connect()`, `config_map()`, `Thing`, `k8s` and NAMESPACE."""
        kubeconfigs = {cluster.name: str(cluster.kubeconfig) for cluster in self.clusters}
        preamble = _PREAMBLE.format(namespace=self.namespace, kubeconfigs=kubeconfigs)
        self.main.write_text(preamble + textwrap.dedent(program))

    def write_alone(self, program: str) -> None:
        """Write a program without the preamble."""
        self.main.write_text(textwrap.dedent(program))

    def configure(self, text: str) -> None:
        """Write the `config` of the stack, and keep its salt."""
        path = self.project / f"Pulumi.{STACK}.yaml"
        kept = [line for line in path.read_text().splitlines() if line.startswith("encryptionsalt")]
        path.write_text("\n".join([*kept, "config:", textwrap.indent(textwrap.dedent(text), "  ")]))

    def run(self, *words: str, exit_code: int | None = 0) -> Run:
        """Run a command of the engine, and check how it ends. exit_code None accepts any."""
        run = self.engine.run(words, self.project, self.environment)
        assert exit_code is None or run.exit_code == exit_code, str(run)
        return run

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command of the embedded engine as a process of its own, as a user does."""
        command = [sys.executable, "-m", "fleet", words[0], "--stack", STACK, *words[1:]]
        return subprocess.Popen(
            command,
            cwd=self.project,
            env={**self.environment, "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def up(self, *words: str, exit_code: int | None = 0) -> Run:
        """Deploy without a preview, without asking."""
        return self.run("up", "--yes", "--skip-preview", *words, exit_code=exit_code)

    def deploy(self, program: str, *words: str, exit_code: int | None = 0) -> Run:
        """Write the program and deploy it."""
        self.write(program)
        return self.up(*words, exit_code=exit_code)

    def preview(self, *words: str, exit_code: int | None = 0) -> Run:
        """Say what would be done."""
        return self.run("preview", *words, exit_code=exit_code)

    @property
    def checkpoint_file(self) -> Path:
        """The stack's state."""
        return self.state / ".pulumi" / "stacks" / PROJECT / f"{STACK}.json"

    def latest(self) -> Mapping[str, Any]:
        """Return the deployment in the stack's state; empty where there is none."""
        if not self.checkpoint_file.exists():
            return {}
        latest: Mapping[str, Any] = json.loads(self.checkpoint_file.read_text())["checkpoint"].get("latest") or {}
        return latest

    def edit_state(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the deployment in the stack's state, as a run that was cut off might have left it."""
        document = json.loads(self.checkpoint_file.read_text())
        change(document["checkpoint"]["latest"])
        self.overwrite_state(json.dumps(document))

    def overwrite_state(self, text: str) -> None:
        """Replace the stack's state by another, and its checksum by none."""
        self.checkpoint_file.write_text(text)
        self.checkpoint_file.with_name(f"{self.checkpoint_file.name}.attrs").unlink(missing_ok=True)

    def resources(self, prefix: str = "kubernetes:") -> dict[str, Mapping[str, Any]]:
        """Return name → resource of the state whose types start so; pending deletions left out."""
        found = [each for each in self.latest().get("resources", []) if each["type"].startswith(prefix)]
        return {each["urn"].rpartition("::")[2]: each for each in found if not each.get("delete")}

    def outputs(self) -> Mapping[str, Any]:
        """Return the stack's outputs as the state has them."""
        root = self.resources("pulumi:pulumi:Stack")[f"{PROJECT}-{STACK}"]
        outputs: Mapping[str, Any] = root.get("outputs", {})
        return outputs

    def get(self, path: str, cluster: str = "hub") -> Mapping[str, Any] | None:
        """Return an object of a cluster; None when it is not there. path: below the namespace's if it is relative."""
        answer = self.clusters[cluster].request("GET", self._full(path))
        if answer.status == 404:
            return None
        assert answer.ok, answer
        body: Mapping[str, Any] = answer.body
        return body

    def _full(self, path: str) -> str:
        return path if path.startswith("/") else f"/api/v1/namespaces/{self.namespace}/{path}"

    def data(self, name: str, cluster: str = "hub") -> Mapping[str, str] | None:
        """Return the data of a ConfigMap; None when it is not there."""
        found = self.get(f"configmaps/{name}", cluster)
        return None if found is None else found.get("data", {})

    def uid(self, path: str, cluster: str = "hub") -> str | None:
        """Return which object it is; None when it is not there."""
        found = self.get(path, cluster)
        return None if found is None else str(found["metadata"]["uid"])

    def names(self, plural: str = "configmaps", cluster: str = "hub") -> list[str]:
        """Return the names of the objects in the namespace that are no part of every namespace, sorted."""
        found = self.get(plural, cluster) or {}
        names = (item["metadata"]["name"] for item in found.get("items") or ())
        return sorted(name for name in names if name not in ("kube-root-ca.crt", "default"))

    def create(self, path: str, body: Mapping[str, Any], cluster: str = "hub") -> Mapping[str, Any]:
        """Create an object behind the engine's back."""
        answer = self.clusters[cluster].request("POST", self._full(path), body)
        assert answer.ok, answer
        made: Mapping[str, Any] = answer.body
        return made

    def patch(self, path: str, body: Mapping[str, Any], cluster: str = "hub") -> None:
        """Change an object behind the engine's back, as kubectl would."""
        answer = self.clusters[cluster].request(
            "PATCH", f"{self._full(path)}?fieldManager=kubectl-edit", body, content_type="application/merge-patch+json"
        )
        assert answer.ok, answer

    def delete(self, path: str, cluster: str = "hub") -> None:
        """Delete an object behind the engine's back."""
        assert self.clusters[cluster].request("DELETE", self._full(path)).ok
