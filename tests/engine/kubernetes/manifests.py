"""Objects that the tests put into clusters."""

from typing import Any

from fleet.engine.kubernetes.refs import Ref

Object = dict[str, Any]


def config_map(name: str, namespace: str, /, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(name, namespace), "data": data}


def secret(name: str, namespace: str, /, **fields: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta(name, namespace), **fields}


def namespace_(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def meta(name: str, namespace: str = "", **labels: str) -> Object:
    return {"name": name, **({"namespace": namespace} if namespace else {}), **({"labels": labels} if labels else {})}


def pod_template(app: str, *args: str) -> Object:
    container = {"name": "main", "image": "registry.example.com/main:1", "args": list(args or ("serve",))}
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [container]}}


def deployment(name: str, namespace: str, /, *, args: tuple[str, ...] = (), app: str = "", **spec: Any) -> Object:
    selected = app or name
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta(name, namespace, team="shop"),
        "spec": {
            "selector": {"matchLabels": {"app": selected}},
            "template": pod_template(selected, *args),
            **spec,
        },
    }


def crd(group: str, kind: str = "Widget", **more: Any) -> Object:
    plural = f"{kind.lower()}s"
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "size": {"type": "integer"},
                    "fixed": {
                        "type": "string",
                        "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "Value is immutable"}],
                    },
                },
            }
        },
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}},
            ],
            **more,
        },
    }


def widget(group: str, name: str, namespace: str, **spec: Any) -> Object:
    return {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": meta(name, namespace), "spec": spec}


def ref(manifest: Object, uid: str = "") -> Ref:
    metadata = manifest["metadata"]
    return Ref(manifest["apiVersion"], manifest["kind"], metadata["name"], metadata.get("namespace", ""), uid)
