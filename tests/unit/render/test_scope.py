"""Scope: which kinds live in a namespace."""

from __future__ import annotations

import pytest

from fleet.model.scope import BUILT_IN, is_namespaced

CRDS = {("example.com", "Widget"): True, ("example.com", "World"): False, ("", "Node"): True}


@pytest.mark.parametrize(
    ("group", "kind", "expected"),
    [
        ("", "ConfigMap", True),
        ("apps", "Deployment", True),
        ("rbac.authorization.k8s.io", "Role", True),
        ("rbac.authorization.k8s.io", "ClusterRole", False),
        ("", "Namespace", False),
        ("apiextensions.k8s.io", "CustomResourceDefinition", False),
        ("storage.k8s.io", "CSIStorageCapacity", True),
        ("scheduling.k8s.io", "PriorityClass", False),
        ("example.com", "Widget", True),
        ("example.com", "World", False),
        ("example.com", "Unheard", None),
        ("", "Deployment", None),
        ("", "Node", False),
    ],
)
def test_scope(group: str, kind: str, expected: bool | None) -> None:
    assert is_namespaced(group, kind, CRDS) is expected


def test_the_table_is_whole() -> None:
    """As many kinds as Kubernetes 1.36 serves, subresources' own kinds aside."""
    assert (len(BUILT_IN), sum(BUILT_IN.values())) == (76, 37)
    assert all(kind[0].isupper() and group == group.lower() for group, kind in BUILT_IN)
