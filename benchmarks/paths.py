"""Where an API server keeps objects. Pure, and imports nothing: the raw loop starts with it."""

from __future__ import annotations


def collection(namespace: str, api_version: str, kind: str) -> str:
    """Return the path of all objects of a kind in a namespace; for kinds whose plural is the kind with an s."""
    root = "apis" if "/" in api_version else "api"
    return f"/{root}/{api_version}/namespaces/{namespace}/{kind.lower()}s"
