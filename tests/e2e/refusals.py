"""What a real API server refuses for other reasons than the object's own: policies, webhooks, quotas, and namespaces on
their way out.

Each is in force when its context begins, for one namespace, and gone when it ends.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from localclusters import Cluster, ports
from localclusters.certs import Authority

_ADMISSION = "/apis/admissionregistration.k8s.io/v1"
_SECRETS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["secrets"]}
_NAMESPACES = _SECRETS | {"resources": ["namespaces"]}


@asynccontextmanager
async def webhook(cluster: Cluster, namespace: str, folder: Path) -> AsyncIterator[None]:
    """A server of our own is asked about Secrets, and refuses them."""
    authority = Authority("webhook")
    credential = authority.server()
    file = folder / "webhook.pem"
    file.write_bytes(credential.certificate + credential.key)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(file)
    app = web.Application()
    app.router.add_post("/", _deny)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        async with _asked(cluster, namespace, runner.addresses[0][1], authority):
            yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def absent_webhook(cluster: Cluster, namespace: str) -> AsyncIterator[None]:
    """A server that is not there is to be asked about Secrets."""
    with ports.hold_free_port() as holder:
        async with _asked(cluster, namespace, ports.number(holder), Authority("webhook")):
            yield


@asynccontextmanager
async def policy(cluster: Cluster, namespace: str) -> AsyncIterator[None]:
    """A policy refuses the Namespace of this name, which is not there."""
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [_NAMESPACES]},
        "matchConditions": [{"name": "name", "expression": f"object.metadata.name == '{namespace}'"}],
        "validations": [{"expression": "false", "message": "namespaces are made by the platform"}],
    }
    binding = {"policyName": namespace, "validationActions": ["Deny"]}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    async with (
        _made(cluster, f"{_ADMISSION}/validatingadmissionpolicies", namespace, {"spec": spec}),
        _made(cluster, f"{_ADMISSION}/validatingadmissionpolicybindings", namespace, {"spec": binding}),
    ):
        await _until_refused(cluster, "/api/v1/namespaces", body)
        yield


@asynccontextmanager
async def quota(cluster: Cluster, namespace: str) -> AsyncIterator[None]:
    """No Secret may be made in the namespace."""
    place = f"/api/v1/namespaces/{namespace}/resourcequotas"
    async with _made(cluster, place, "none", {"spec": {"hard": {"count/secrets": "0"}}}):
        await _until_refused(cluster, f"/api/v1/namespaces/{namespace}/secrets", _secret())
        yield


@asynccontextmanager
async def terminating(cluster: Cluster, namespace: str) -> AsyncIterator[None]:
    """The namespace of this name, which is not there, is being deleted; afterwards it is there, and new."""
    held = {"finalizers": ["example.com/held"]}
    async with _made(cluster, "/api/v1/namespaces", namespace, {}, **held):
        await _send(cluster, "DELETE", f"/api/v1/namespaces/{namespace}")
        await _until_refused(cluster, f"/api/v1/namespaces/{namespace}/secrets", _secret())
        yield
        released = {"metadata": {"finalizers": None}}
        path = f"/api/v1/namespaces/{namespace}"
        await asyncio.to_thread(cluster.request, "PATCH", path, released, content_type="application/merge-patch+json")
        await _until(cluster, "GET", path, None, lambda status: status == 404)
    await _send(cluster, "POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})


async def _deny(request: web.Request) -> web.Response:
    review = await request.json()
    refusal = {"allowed": False, "status": {"code": 403, "message": "secrets come from the vault"}}
    answer = {key: review[key] for key in ("apiVersion", "kind")}
    return web.json_response(answer | {"response": {"uid": review["request"]["uid"], **refusal}})


@asynccontextmanager
async def _asked(cluster: Cluster, namespace: str, port: int, authority: Authority) -> AsyncIterator[None]:
    """A server on this machine is asked about Secrets in the namespace."""
    trusted = base64.b64encode(authority.certificate).decode()
    hook = {
        "name": "secrets.example.com",
        "clientConfig": {"url": f"https://127.0.0.1:{port}/", "caBundle": trusted},
        "rules": [_SECRETS],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "timeoutSeconds": 5,
        "admissionReviewVersions": ["v1"],
    }
    place = f"{_ADMISSION}/validatingwebhookconfigurations"
    async with _made(cluster, place, namespace, {"webhooks": [hook]}):
        await _until_refused(cluster, f"/api/v1/namespaces/{namespace}/secrets", _secret())
        yield


@asynccontextmanager
async def _made(
    cluster: Cluster, place: str, name: str, body: Mapping[str, Any], **metadata: Any
) -> AsyncIterator[None]:
    assert await _send(cluster, "POST", place, {**body, "metadata": {"name": name, **metadata}}) == 201
    try:
        yield
    finally:
        await _send(cluster, "DELETE", f"{place}/{name}")


async def _until_refused(cluster: Cluster, place: str, body: Mapping[str, Any]) -> None:
    """What is made for the whole cluster takes a moment to be in force."""
    await _until(cluster, "POST", f"{place}?dryRun=All", body, lambda status: status >= 400)


async def _until(
    cluster: Cluster, method: str, path: str, body: Mapping[str, Any] | None, is_so: Callable[[int], bool]
) -> None:
    def wait() -> None:
        while not is_so(cluster.request(method, path, body).status):
            time.sleep(0.1)

    await asyncio.to_thread(wait)


async def _send(cluster: Cluster, method: str, path: str, body: Mapping[str, Any] | None = None) -> int:
    return (await asyncio.to_thread(cluster.request, method, path, body)).status


def _secret() -> Mapping[str, Any]:
    return {"metadata": {"name": "asked-for"}}
