from typing import Any

import pytest

from fleet.engine.kubernetes.propagation import ANNOTATION, Propagation, propagation


def manifest(api_version: str, kind: str, policy: str | None = None) -> dict[str, Any]:
    annotations = {"annotations": {ANNOTATION: policy}} if policy else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "n", **annotations}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(manifest("v1", "ConfigMap"), Propagation.BACKGROUND, id="leaf"),
        pytest.param(manifest("v1", "Namespace"), Propagation.BACKGROUND, id="namespace"),
        pytest.param(manifest("apps/v1", "Deployment"), Propagation.FOREGROUND, id="workload"),
        pytest.param(manifest("example.com/v1", "Thing"), Propagation.FOREGROUND, id="unknown"),
        pytest.param(manifest("serving.knative.dev/v1", "Service"), Propagation.FOREGROUND, id="namesake"),
        pytest.param(manifest("apps/v1", "Deployment", "orphan"), Propagation.ORPHAN, id="annotation"),
        pytest.param(manifest("v1", "ConfigMap", "FOREGROUND"), Propagation.FOREGROUND, id="in-any-case"),
        pytest.param(manifest("v1", "ConfigMap", "whenever"), Propagation.BACKGROUND, id="nonsense"),
        pytest.param({}, Propagation.FOREGROUND, id="nothing-known"),
    ],
)
def test_how_an_object_is_deleted(given: dict[str, Any], expected: Propagation) -> None:
    assert propagation(given) is expected
