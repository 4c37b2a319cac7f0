import os
from pathlib import Path

import pytest

from fleet.engine.kubernetes.errors import ClusterUnavailableError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.kubeconfig import read_context

KUBECONFIG = """\
current-context: dev
contexts:
- {name: dev, context: {cluster: c1, user: u1, namespace: shop}}
- {name: anonymous, context: {cluster: c2}}
- {name: broken, context: {cluster: nowhere, user: u1}}
clusters:
- {name: c1, cluster: {server: "https://one:6443"}}
- {name: c2, cluster: {server: "https://two:6443"}}
users:
- {name: u1, user: {token: very-secret}}
"""


def inputs(folder: Path, kubeconfig: str | None = "config", **more: str) -> ProviderInputs:
    return ProviderInputs(name="dev", base_dir=folder, kubeconfig=kubeconfig, **more)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config").write_text(KUBECONFIG)
    return tmp_path


@pytest.mark.parametrize(
    ("more", "server", "user", "namespace"),
    [
        pytest.param({}, "https://one:6443", "u1", "shop", id="current"),
        pytest.param({"context": "anonymous"}, "https://two:6443", "nobody", "default", id="other-context"),
        pytest.param({"cluster": "c2"}, "https://two:6443", "u1", "shop", id="other-cluster"),
        pytest.param({"namespace": "own"}, "https://one:6443", "u1", "own", id="other-namespace"),
    ],
)
def test_a_context_is_found(folder: Path, more: dict[str, str], server: str, user: str, namespace: str) -> None:
    context = read_context(inputs(folder, **more))
    assert context.cluster.value["cluster"]["server"] == server
    assert (context.user_name, context.namespace) == (user, namespace)


def test_a_kubeconfig_as_text(tmp_path: Path) -> None:
    context = read_context(inputs(tmp_path, KUBECONFIG))
    assert context.source == "kubeconfig given as text"
    assert context.cluster.file.parent == tmp_path


def test_the_first_of_several_files_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "second").write_text(KUBECONFIG.replace("one", "three").replace("c2", "c3"))
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(["config", "missing", "second"]))
    assert read_context(inputs(folder, None)).cluster.value["cluster"]["server"] == "https://one:6443"
    third = read_context(inputs(folder, None, cluster="c3"))
    assert third.cluster.file == folder / "second"


@pytest.mark.parametrize(
    ("text", "more", "complaint"),
    [
        pytest.param(
            KUBECONFIG, {"context": "prod"}, "no context 'prod'; it has: anonymous, broken, dev", id="context"
        ),
        pytest.param(KUBECONFIG, {"context": "broken"}, "no cluster 'nowhere'; it has: c1, c2", id="cluster"),
        pytest.param("contexts: []\n", {}, "no current-context", id="nothing-chosen"),
        pytest.param("", {}, "not a mapping", id="empty"),
        pytest.param("- a\n- b\n", {}, "not a mapping", id="list"),
        pytest.param("users:\n- {token: very-secret\n", {}, "not YAML, line", id="no-yaml"),
    ],
)
def test_what_is_wrong_is_said_without_secrets(tmp_path: Path, text: str, more: dict[str, str], complaint: str) -> None:
    (tmp_path / "config").write_text(text)
    with pytest.raises(ClusterUnavailableError, match=complaint) as raised:
        read_context(inputs(tmp_path, **more))
    assert "very-secret" not in str(raised.value)
    assert raised.value.problem.where.cluster == "dev"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ClusterUnavailableError, match="no such file"):
        read_context(inputs(tmp_path))
