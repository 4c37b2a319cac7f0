"""How the keys of schemas are spelled: for the API server, and for programs that read outputs."""

from fleet.engine import definitions, objects
from fleet.engine.state import Secret

TYPE = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
DASHED, UNDERSCORED = "x-kubernetes-int-or-string", "x_kubernetes_int_or_string"


def definition(key: str, hidden: object = None) -> dict[str, object]:
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"a": {key: True}}, "x-kubernetes-other": 1}}
    spec = {"versions": [{"name": "v1", "schema": schema}], "hidden": hidden}
    head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "a.b"}}
    return {**head, "spec": spec}


def test_dashes_are_applied_and_underscores_recorded() -> None:
    dashed, underscored = map(definition, (DASHED, UNDERSCORED))
    assert objects.body(TYPE, "r", underscored, None, None) == dashed
    assert objects.body(TYPE, "r", dashed, None, None) == dashed
    outputs = objects.outputs(dashed, dashed, "fleet")
    assert {key: outputs[key] for key in underscored} == underscored
    assert outputs["__inputs"] == underscored


def test_what_is_secret_stays_so() -> None:
    dashed, underscored = definition(DASHED, Secret({DASHED: 1})), definition(UNDERSCORED, Secret({UNDERSCORED: 1}))
    assert definitions.underscored(dashed) == underscored
    assert definitions.dashed(underscored) == dashed


def test_other_kinds_keep_their_keys() -> None:
    head = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    config_map = {**head, "data": {UNDERSCORED: ""}}
    assert objects.body("kubernetes:core/v1:ConfigMap", "r", config_map, None, None) == config_map


def test_kinds_that_hold_schemas() -> None:
    assert definitions.is_definition("CompositeResourceDefinition")
    assert not definitions.is_definition("ConfigMap")
