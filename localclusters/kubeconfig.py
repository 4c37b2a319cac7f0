"""kubeconfig files: who may reach which API server, with everything embedded, so that a file can be copied."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from localclusters.certs import Credential
from localclusters.files import write_private


@dataclass(frozen=True, slots=True)
class Access:
    """One context: a user of a cluster."""

    context: str
    cluster: str
    server: str
    authority: bytes
    user: str
    credential: Credential


def write_kubeconfig(path: Path, accesses: Sequence[Access]) -> None:
    """Write a kubeconfig with one context for each access; the first is the current one."""
    write_private(path, yaml.safe_dump(kubeconfig(accesses), sort_keys=False).encode())


def kubeconfig(accesses: Sequence[Access]) -> dict[str, Any]:
    """The kubeconfig document with one context for each access; the first is the current one."""
    clusters = {access.cluster: access for access in accesses}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": accesses[0].context,
        "clusters": [{"name": name, "cluster": _cluster(access)} for name, access in clusters.items()],
        "users": [{"name": access.user, "user": _user(access.credential)} for access in accesses],
        "contexts": [_context(access) for access in accesses],
    }


def only_context(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The same kubeconfig cut down to one context; StopIteration when it has no such context."""
    context = next(entry for entry in document["contexts"] if entry["name"] == name)
    wanted = context["context"]
    return {
        **document,
        "current-context": name,
        "clusters": [entry for entry in document["clusters"] if entry["name"] == wanted["cluster"]],
        "users": [entry for entry in document["users"] if entry["name"] == wanted["user"]],
        "contexts": [context],
    }


def _cluster(access: Access) -> dict[str, str]:
    return {"server": access.server, "certificate-authority-data": _base64(access.authority)}


def _user(credential: Credential) -> dict[str, str]:
    return {
        "client-certificate-data": _base64(credential.certificate),
        "client-key-data": _base64(credential.key),
    }


def _context(access: Access) -> dict[str, Any]:
    return {"name": access.context, "context": {"cluster": access.cluster, "user": access.user}}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
