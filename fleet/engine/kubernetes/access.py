"""Getting into a cluster: a context of a kubeconfig becomes an address, a TLS context and headers.

kubernetes_asyncio's loader does the work: certificates, tokens, basic authentication, exec plugins, OIDC. What it does
not know is added here: proxies of the environment, impersonation, exec commands relative to the kubeconfig.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from fleet.engine.kubernetes.concurrency import SingleFlight
from fleet.engine.kubernetes.errors import ClusterUnavailableError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.kubeconfig import Context, Entry, read_context
from fleet.errors import Problem, Where

LOGIN_TIMEOUT_S = 60.0
_RENEW_BEFORE_S = 30.0
# What would make more than one header of a header.
_BREAKS = ("\r", "\n", "\0")

# What the loader raises on kubeconfigs and plugins that are not as they should be; ConfigException is added on use.
_LOADER_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    AssertionError,
    ImportError,
    RuntimeError,
    aiohttp.ClientError,
)


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """What a request needs to get into the cluster.

    headers: of every request; each is one line.
    tls: False for a server that the kubeconfig says not to verify, and for plain HTTP.
    expires_at: as time.time(); None for credentials that do not say.
    login: who we are by which kubeconfig, for messages.
    """

    server: str
    namespace: str
    login: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    tls: ssl.SSLContext | bool
    server_name: str | None
    proxy: str | None
    expires_at: float | None

    def is_valid(self) -> bool:
        """Whether the credentials are good for the next requests."""
        return self.expires_at is None or time.time() < self.expires_at - _RENEW_BEFORE_S


class Login:
    """The access to one cluster, had when first needed and had again when it expires or is refused."""

    def __init__(self, inputs: ProviderInputs) -> None:
        self._inputs = inputs
        self._access: Access | None = None
        self._loading: SingleFlight[Access] = SingleFlight()

    async def access(self) -> Access:
        """Return valid access. Raises ClusterUnavailableError."""
        if self._access is None or not self._access.is_valid():
            self._access = await self._loading.run(lambda: load_access(self._inputs))
        return self._access

    async def renewed(self, refused: Access) -> Access:
        """Return other access than the one that the cluster refused: read the kubeconfig, run the plugin again."""
        if self._access is refused:
            self._access = None
        return await self.access()

    async def close(self) -> None:
        """End what is under way."""
        await self._loading.cancel()


async def load_access(inputs: ProviderInputs) -> Access:
    """Read the kubeconfig and get the credentials, running its exec plugin. Raises ClusterUnavailableError."""
    context = read_context(inputs)
    try:
        async with asyncio.timeout(LOGIN_TIMEOUT_S):
            loaded = await _load(context)
        return _access(context, loaded)
    except TimeoutError as error:
        raise _failed(inputs, context, f"no answer within {LOGIN_TIMEOUT_S:.0f} s") from error
    except _LOADER_ERRORS as error:
        raise _failed(inputs, context, str(error) or type(error).__name__) from error


async def _load(context: Context) -> SimpleNamespace:
    """Run the loader. It writes certificates to files that only the user can read, and removes them at exit."""
    # Half a second and 40 MB: spent only when a cluster is really asked for something.
    from kubernetes_asyncio.config import ConfigException  # noqa: PLC0415
    from kubernetes_asyncio.config.kube_config import ConfigNode, KubeConfigLoader  # noqa: PLC0415

    # It logs errors that it raises as well; without a handler they would be printed.
    logging.getLogger("kubernetes_asyncio").addHandler(logging.NullHandler())
    loaded = SimpleNamespace(host="", api_key={})
    try:
        loader = KubeConfigLoader(ConfigNode("kubeconfig", _document(context, ConfigNode)), config_base_path=None)
        await loader.load_and_set(loaded)
    except ConfigException as error:
        raise ValueError(str(error)) from error
    loaded.expires_at = getattr(loader, "exec_plugin_expiry", None)
    return loaded


def _document(context: Context, node: Any) -> dict[str, Any]:
    """Return a kubeconfig with nothing but the context. Entries know their file: relative paths start there."""
    user = {"name": "user", "user": _user(context.user)}
    cluster = {"name": "cluster", "cluster": dict(context.cluster.value.get("cluster") or {})}
    return {
        "current-context": "context",
        "contexts": [{"name": "context", "context": {"cluster": "cluster", "user": "user"}}],
        "clusters": [node("cluster", cluster, str(context.cluster.file))],
        "users": [node("user", user, str(context.user.file))],
    }


def _user(entry: Entry) -> dict[str, Any]:
    user = dict(entry.value.get("user") or {})
    plugin = user.get("exec")
    if isinstance(plugin, Mapping):
        command = str(plugin.get("command") or "")
        # As for kubectl: a relative path, other than a bare name, is relative to the kubeconfig.
        if "/" in command:
            user["exec"] = {**plugin, "command": str(entry.file.parent / command)}
    return user


def _access(context: Context, loaded: SimpleNamespace) -> Access:
    parts = urlsplit(loaded.host)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"the cluster's server is not an https:// address: {loaded.host!r}")
    expires_at = loaded.expires_at.timestamp() if loaded.expires_at else None
    return Access(
        server=loaded.host.rstrip("/"),
        namespace=context.namespace,
        login=f"user {context.user_name} of context {context.name} in {context.source}",
        headers=_headers(context.user, loaded),
        tls=_tls(loaded) if parts.scheme == "https" else False,
        server_name=getattr(loaded, "tls_server_name", None),
        proxy=getattr(loaded, "proxy", None) or _environment_proxy(parts.scheme, parts.hostname),
        expires_at=expires_at,
    )


def _headers(user: Entry, loaded: SimpleNamespace) -> tuple[tuple[str, str], ...]:
    settings = user.value.get("user") or {}
    token = loaded.api_key.get("BearerToken")
    headers = [("Authorization", str(token))] if token else []
    headers += [("Impersonate-User", str(settings["as"]))] if settings.get("as") else []
    headers += [("Impersonate-Uid", str(settings["as-uid"]))] if settings.get("as-uid") else []
    headers += [("Impersonate-Group", str(group)) for group in settings.get("as-groups") or ()]
    for key, values in (settings.get("as-user-extra") or {}).items():
        headers += [(f"Impersonate-Extra-{key}", str(value)) for value in values]
    for name, value in headers:
        if any(each in name + value for each in _BREAKS):
            raise ValueError(f"what is to be sent as {name.splitlines()[0]} is more than one line")
    return tuple(headers)


def _tls(loaded: SimpleNamespace) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=getattr(loaded, "ssl_ca_cert", None))
    # Authorities of clusters are often simpler than RFC 5280 asks for; Go, and so kubectl, does not mind either.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not getattr(loaded, "verify_ssl", True):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate = getattr(loaded, "cert_file", None)
    if certificate:
        context.load_cert_chain(certificate, getattr(loaded, "key_file", None))
    return context


def _environment_proxy(scheme: str, host: str) -> str | None:
    """Return the proxy that HTTPS_PROXY and NO_PROXY ask for; as in Go, and so kubectl, none for this machine."""
    return None if _is_loopback(host) or proxy_bypass(host) else getproxies().get(scheme)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _failed(inputs: ProviderInputs, context: Context, reason: str) -> ClusterUnavailableError:
    plugin = (context.user.value.get("user") or {}).get("exec")
    command = f"its exec plugin {plugin.get('command')}: " if isinstance(plugin, Mapping) else ""
    return ClusterUnavailableError(
        Problem(
            "no credentials for the cluster",
            Where(cluster=inputs.name),
            f"user {context.user_name} of context {context.name} in {context.source}: {command}{reason}",
            "Log in again; `kubectl get namespaces` with this kubeconfig and context must work.",
        )
    )
