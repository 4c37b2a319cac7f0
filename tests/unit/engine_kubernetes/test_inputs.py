from pathlib import Path
from typing import Any

import pytest

from fleet.engine.kubernetes import inputs
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.errors import DeclarationError, FleetError, UnsupportedError

HERE = Path("/project")


def read(**given: Any) -> ProviderInputs:
    return ProviderInputs.from_pulumi("dev", given, base_dir=HERE)


def test_everything_that_has_an_effect() -> None:
    found = read(
        kubeconfig="~/.kube/config",
        context="dev",
        cluster="other",
        namespace="shop",
        upsertExistingObjects="true",
        kubeClientSettings='{"qps": 50, "burst": 100, "timeout": 7}',
        clusterIdentifier="dev",
        enablePatchForce="true",
        enableServerSideApply="true",
        skipUpdateUnreachable="true",
    )
    assert found == ProviderInputs(
        name="dev",
        base_dir=HERE,
        kubeconfig="~/.kube/config",
        context="dev",
        cluster="other",
        namespace="shop",
        upsert=True,
        timeout_s=7.0,
    )


@pytest.mark.parametrize(
    ("given", "upsert", "timeout_s"),
    [
        pytest.param({}, False, 30.0, id="defaults"),
        pytest.param({"upsertExistingObjects": True, "kubeClientSettings": {"timeout": 5.0}}, True, 5.0, id="plain"),
        pytest.param({"upsertExistingObjects": "false", "kubeClientSettings": "{}"}, False, 30.0, id="json"),
    ],
)
def test_values_come_plain_or_as_json(given: dict[str, Any], upsert: bool, timeout_s: float) -> None:
    found = read(**given)
    assert (found.upsert, found.timeout_s) == (upsert, timeout_s)


@pytest.mark.parametrize(
    ("given", "error", "named"),
    [
        pytest.param({"renderYamlToDirectory": "out"}, UnsupportedError, "renderYamlToDirectory", id="render"),
        pytest.param({"enableServerSideApply": "false"}, UnsupportedError, "client-side apply", id="client-side"),
        pytest.param({"deleteUnreachable": "true"}, UnsupportedError, "deleteUnreachable", id="delete-unreachable"),
        pytest.param({"brandNew": "x"}, UnsupportedError, "brandNew", id="unknown"),
        pytest.param({"kubeClientSettings": '{"timeout": "soon"}'}, DeclarationError, "timeout", id="no-number"),
        pytest.param({"kubeClientSettings": "nonsense"}, DeclarationError, "timeout", id="no-settings"),
        pytest.param({"upsertExistingObjects": "maybe"}, DeclarationError, "upsertExistingObjects", id="no-boolean"),
        pytest.param({"context": ["a"]}, DeclarationError, "context", id="no-string"),
    ],
)
def test_what_cannot_be_followed(given: dict[str, Any], error: type[FleetError], named: str) -> None:
    with pytest.raises(error, match=named) as raised:
        read(**given)
    assert ("pulumi up" in str(raised.value)) == (error is UnsupportedError)


@pytest.mark.parametrize("name", sorted(inputs._WITHOUT_EFFECT))
def test_what_has_no_effect(name: str) -> None:
    assert read(**{name: "true"}) == read()


def test_everything_unsupported_is_named_at_once() -> None:
    with pytest.raises(UnsupportedError) as raised:
        read(renderYamlToDirectory="out", deleteUnreachable=True)
    assert len(raised.value.problems) == 2


@pytest.mark.parametrize(
    ("kubeconfig", "is_inline"),
    [
        pytest.param("~/.kube/config", False, id="path"),
        pytest.param("apiVersion: v1\nkind: Config\n", True, id="yaml"),
        pytest.param('{"apiVersion": "v1"}', True, id="json"),
        pytest.param({"apiVersion": "v1"}, True, id="mapping"),
        pytest.param(None, False, id="default"),
    ],
)
def test_a_kubeconfig_is_a_path_or_a_text(kubeconfig: Any, is_inline: bool) -> None:
    assert read(kubeconfig=kubeconfig).is_inline == is_inline


def test_a_kubeconfig_is_not_shown() -> None:
    assert "token" not in repr(read(kubeconfig='{"token": "x"}'))
