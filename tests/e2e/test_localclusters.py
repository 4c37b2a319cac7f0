"""The local control planes themselves: what every other end-to-end test takes for granted."""

import dataclasses
import functools
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from localclusters import Cluster, ClusterSpec, LocalClusters, LocalClustersError, StartClusters, StartError, running
from localclusters import processes as background
from localclusters.api import ApiClient
from localclusters.spec import default_names, make_specs

REPOSITORY = Path(__file__).parents[2]
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def api_alone(*names: str) -> list[ClusterSpec]:
    return [ClusterSpec(name, controllers=False, scheduler=False, nodes=False) for name in names]


def eventually(holds: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"still not true after {timeout_s}s"
        time.sleep(0.1)


def config_map(name: str, value: str = "1") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"value": value}}


def deployment(name: str, replicas: int) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "example/none"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def processes_of(folder: Path) -> list[str]:
    """Command lines of all processes of this machine that name the folder."""
    listing = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listing.splitlines() if f"{folder}/" in line or line.endswith(str(folder))]


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "localclusters", *arguments, "--dir", str(folder)]
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd=REPOSITORY)


@pytest.fixture(scope="module")
def cluster(local_clusters: StartClusters) -> Cluster:
    return local_clusters(["solo"])["solo"]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalClusters]:
    folder = tmp_path_factory.mktemp("pair")
    with running(api_alone("left", "right"), directory=folder) as clusters:
        yield clusters


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose clusters are taken down whatever the test does."""
    yield tmp_path
    LocalClusters(tmp_path).down()


def test_the_administrator_may_do_everything(cluster: Cluster) -> None:
    assert cluster.request("POST", CONFIG_MAPS, config_map("by-admin")).status == 201
    assert cluster.request("DELETE", f"{CONFIG_MAPS}/by-admin").status == 200


@pytest.mark.parametrize(
    "path",
    ["/api/v1/nodes", "/api/v1/secrets", DEPLOYMENTS, "/apis/rbac.authorization.k8s.io/v1/clusterroles", "/version"],
)
def test_the_reader_sees_everything(cluster: Cluster, path: str) -> None:
    assert cluster.request("GET", path, user="reader").status == 200


def test_the_reader_changes_nothing(cluster: Cluster) -> None:
    assert cluster.request("POST", CONFIG_MAPS, config_map("by-reader"), user="reader").status == 403
    assert cluster.request("DELETE", "/api/v1/nodes/node-1", user="reader").status == 403
    assert cluster.request("GET", f"{CONFIG_MAPS}/by-reader").status == 404
    assert cluster.request("GET", "/api/v1/nodes/node-1").status == 200


def test_a_deployment_becomes_available_and_takes_its_pods_with_it(cluster: Cluster) -> None:
    def ready_replicas() -> int:
        return int(cluster.request("GET", f"{DEPLOYMENTS}/web").body["status"].get("readyReplicas", 0))

    def pods() -> list[Any]:
        selected = cluster.request("GET", "/api/v1/namespaces/default/pods?labelSelector=app%3Dweb")
        return list(selected.body["items"])

    assert cluster.request("POST", DEPLOYMENTS, deployment("web", replicas=3)).status == 201
    eventually(lambda: ready_replicas() == 3)
    conditions = cluster.request("GET", f"{DEPLOYMENTS}/web").body["status"]["conditions"]
    assert ("Available", "True") in {(each["type"], each["status"]) for each in conditions}
    assert len(pods()) == 3
    cluster.request("DELETE", f"{DEPLOYMENTS}/web?propagationPolicy=Background")
    eventually(lambda: not pods())


def test_a_namespace_goes_with_what_it_holds(cluster: Cluster) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "brief"}}
    assert cluster.request("POST", "/api/v1/namespaces", namespace).status == 201
    assert cluster.request("POST", "/api/v1/namespaces/brief/configmaps", config_map("inside")).status == 201
    assert cluster.request("DELETE", "/api/v1/namespaces/brief").status == 200
    eventually(lambda: cluster.request("GET", "/api/v1/namespaces/brief").status == 404)


def test_a_stopped_cluster_refuses_and_comes_back_with_its_data(cluster: Cluster) -> None:
    server = cluster.server
    cluster.request("POST", CONFIG_MAPS, config_map("kept", value="before"))
    cluster.stop()
    with pytest.raises(ConnectionRefusedError):
        cluster.request("GET", "/readyz")
    cluster.start()
    assert cluster.server == server
    assert cluster.request("GET", f"{CONFIG_MAPS}/kept").body["data"] == {"value": "before"}
    assert cluster.request("DELETE", f"{CONFIG_MAPS}/kept").status == 200


def test_nobody_takes_the_port_of_a_stopped_cluster(pair: LocalClusters) -> None:
    left = pair["left"]
    left.stop()
    report = pair.report()
    assert report is not None
    assert [each.state for each in report.clusters] == ["stopped", "ready"]
    assert report.healthy
    with socket.socket() as intruder:
        intruder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            intruder.bind(("127.0.0.1", int(left.server.rsplit(":")[-1])))
    left.start()
    assert left.request("GET", "/readyz").ok


def test_clusters_share_nothing_but_the_machine(pair: LocalClusters) -> None:
    left, right = pair
    left.request("POST", CONFIG_MAPS, config_map("only-left"))
    assert left.request("GET", f"{CONFIG_MAPS}/only-left").status == 200
    assert right.request("GET", f"{CONFIG_MAPS}/only-left").status == 404


def test_a_cluster_knows_neither_the_authority_nor_the_users_of_another(pair: LocalClusters) -> None:
    mine, other = (pair.kubeconfig.parent / "data" / "clusters" / name for name in ("left", "right"))
    mistrusted = ApiClient(pair["right"].server, mine / "ca.crt", mine / "admin.crt", mine / "admin.key")
    with pytest.raises(ssl.SSLCertVerificationError):
        mistrusted.request("GET", "/version")
    unknown = ApiClient(pair["right"].server, other / "ca.crt", mine / "admin.crt", mine / "admin.key")
    assert unknown.request("GET", "/api/v1/nodes").status == 401


def test_one_kubeconfig_has_every_context_and_each_cluster_has_its_own(pair: LocalClusters) -> None:
    merged = yaml.safe_load(pair.kubeconfig.read_text())
    assert [each["name"] for each in merged["contexts"]] == ["left", "left-reader", "right", "right-reader"]
    assert all("insecure-skip-tls-verify" not in each["cluster"] for each in merged["clusters"])
    alone = yaml.safe_load(pair["right"].kubeconfig.read_text())
    assert alone["current-context"] == pair["right"].context == "right"
    assert [each["name"] for each in alone["contexts"]] == ["right", pair["right"].reader_context]
    for path in (pair.kubeconfig, pair["left"].kubeconfig):
        assert path.stat().st_mode & 0o077 == 0


def test_a_program_that_cannot_start_is_reported_with_its_log(pair: LocalClusters) -> None:
    right = pair["right"]
    certificate = right.kubeconfig.parent / "server.crt"
    content = certificate.read_bytes()
    right.stop()
    certificate.write_text("not a certificate")
    with pytest.raises(StartError) as failure:
        right.start()
    assert "right/kube-apiserver" in str(failure.value)
    assert str(pair.logs / "right-kube-apiserver.log") in str(failure.value)
    assert "tls" in str(failure.value)
    certificate.write_bytes(content)
    right.start()
    assert right.request("GET", "/readyz").ok


def test_the_command_line_from_up_to_down(folder: Path) -> None:
    up = ("up", "1", "--no-controllers", "--no-scheduler", "--no-nodes")
    assert command(folder, "status").returncode == 3
    first = command(folder, *up)
    assert first.returncode == 0, first.stderr
    assert first.stdout == f"export KUBECONFIG={folder}/kubeconfig\n"
    assert processes_of(folder)

    again = command(folder, *up)
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert "already up: hub" in again.stderr
    other = command(folder, "up", "2")
    assert other.returncode == 1
    assert "other clusters" in other.stderr

    printed = yaml.safe_load(command(folder, "kubeconfig", "hub", "--user", "reader").stdout)
    assert printed["current-context"] == "hub-reader"
    assert [each["name"] for each in printed["users"]] == ["hub-reader"]

    assert command(folder, "down").returncode == 0
    assert processes_of(folder) == []
    assert not (folder / "kubeconfig").exists()
    assert (folder / "logs" / "hub-kube-apiserver.log").stat().st_size > 0
    assert command(folder, "down").returncode == 0


def test_a_killed_api_server_is_reported_and_started_again_with_its_data(tmp_path: Path) -> None:
    with running(api_alone("hub"), directory=tmp_path) as clusters:
        hub = clusters["hub"]
        hub.request("POST", CONFIG_MAPS, config_map("survivor"))
        healthy = json.loads(command(tmp_path, "status", "--json").stdout)
        assert [each["state"] for each in healthy["clusters"]] == ["ready"]
        pid = healthy["clusters"][0]["pids"]["kube-apiserver"]
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: bool(clusters.deaths()))

        status = command(tmp_path, "status")
        assert status.returncode == 1
        assert f"hub/kube-apiserver (pid {pid}) died" in status.stdout
        last_line = (clusters.logs / "hub-kube-apiserver.log").read_text().splitlines()[-1]
        assert last_line[:200] in status.stdout

        clusters.up(api_alone("hub"))
        assert clusters.deaths() == ()
        assert hub.request("GET", f"{CONFIG_MAPS}/survivor").status == 200
    assert processes_of(tmp_path) == []


def test_nothing_outlives_a_program_that_was_killed(folder: Path) -> None:
    program = (
        "import sys, time\n"
        "from localclusters import running\n"
        "with running(['hub'], directory=sys.argv[1], controllers=False, scheduler=False, nodes=False):\n"
        "    print('up', flush=True)\n"
        "    time.sleep(600)\n"
    )
    line = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(line, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as owner:
        try:
            assert owner.stdout is not None
            assert owner.stdout.readline() == b"up\n"
            assert processes_of(folder)
        finally:
            owner.kill()
    eventually(lambda: not processes_of(folder))


def test_an_interrupted_start_leaves_no_process(folder: Path) -> None:
    line = [sys.executable, "-m", "localclusters", "up", "2", "--dir", str(folder)]
    # Where the tests run in the background, SIGINT is ignored, and children would inherit that.
    heeding = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        line,
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=heeding,  # noqa: PLW1509 - nothing but a system call
    ) as starting:
        try:
            eventually(lambda: len(processes_of(folder)) >= 3)
        finally:
            starting.send_signal(signal.SIGINT)
    assert starting.returncode == 130
    assert processes_of(folder) == []


def test_a_port_that_another_program_took_is_an_error_that_says_so(folder: Path) -> None:
    clusters = LocalClusters(folder)
    clusters.up(api_alone("hub"))
    hub = clusters["hub"]
    hub.stop()
    taken = ("127.0.0.1", int(hub.server.rsplit(":")[-1]))
    with socket.create_server(taken), pytest.raises(StartError, match="in use by another program"):
        hub.start()
    hub.start()
    assert hub.request("GET", "/readyz").ok


def test_a_recycled_pid_is_neither_taken_for_ours_nor_ended(tmp_path: Path) -> None:
    sleeper = background.spawn("", ["/bin/sleep", "600"], tmp_path / "log", {})
    stranger = dataclasses.replace(sleeper, started="another time")
    assert background.is_alive(sleeper)
    assert not background.is_alive(stranger)
    background.end([stranger], grace_s=1)
    assert background.is_alive(sleeper)
    background.end([sleeper], grace_s=1)
    assert not background.is_alive(sleeper)


def test_a_program_that_does_not_end_when_asked_is_killed(tmp_path: Path) -> None:
    deaf = background.spawn(
        "", ["/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"], tmp_path / "log", {}
    )
    eventually(lambda: background.last_lines(tmp_path / "log") == ("deaf",))
    background.end([deaf], grace_s=0.2)
    assert not background.is_alive(deaf)


@pytest.mark.parametrize(
    ("count", "names"),
    [(1, ("hub",)), (3, ("hub", "dev", "prod")), (5, ("hub", "dev", "prod", "cluster-4", "cluster-5"))],
)
def test_clusters_have_names_when_none_are_given(count: int, names: tuple[str, ...]) -> None:
    assert default_names(count) == names


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "no cluster was asked for"),
        (["hub", "hub"], "same name: hub"),
        (["Hub"], "'Hub' cannot be a cluster's name"),
        (["../hub"], "cannot be a cluster's name"),
        (["hub-reader"], "not ending in -reader"),
    ],
)
def test_names_that_cannot_be_are_refused(names: list[str], said: str) -> None:
    with pytest.raises(LocalClustersError, match=said):
        make_specs(names, controllers=True, scheduler=True, nodes=True)
