"""Getting into a cluster: a context of a kubeconfig becomes an address, a TLS context and headers.

Who we are is read, or asked for, in `credentials`; where the cluster is and whom we trust to be it, here: proxies of
the environment, impersonation and names of certificates included.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import field
from ipaddress import ip_address
from urllib.parse import urlsplit

from fleet.engine.kubernetes.concurrency import SingleFlight
from fleet.engine.kubernetes.credentials import Credentials, content, load_credentials
from fleet.engine.kubernetes.errors import ClusterUnavailableError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.kubeconfig import Context, Entry, read_context
from fleet.errors import Problem, Where
from fleet.frozen import dataclass

LOGIN_TIMEOUT_S = 60.0
_RENEW_BEFORE_S = 30.0
# What would make more than one header of a header.
_BREAKS = ("\r", "\n", "\0")

# What kubeconfigs and plugins that are not as they should be come to, here and in kubernetes_asyncio's loader.
_LOADER_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    AssertionError,
    ImportError,
    RuntimeError,
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
            credentials = await load_credentials(context.user)
        return _access(context, credentials)
    except TimeoutError as error:
        raise _failed(inputs, context, f"no answer within {LOGIN_TIMEOUT_S:.0f} s") from error
    except _LOADER_ERRORS as error:
        raise _failed(inputs, context, str(error) or type(error).__name__) from error


def _access(context: Context, credentials: Credentials) -> Access:
    cluster = context.cluster.value.get("cluster") or {}
    server = str(cluster.get("server") or "").rstrip("/")
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"the cluster's server is not an https:// address: {server!r}")
    return Access(
        server=server,
        namespace=context.namespace,
        login=f"user {context.user_name} of context {context.name} in {context.source}",
        headers=_headers(context.user, credentials),
        tls=_tls(context.cluster, credentials) if parts.scheme == "https" else False,
        server_name=cluster.get("tls-server-name"),
        proxy=cluster.get("proxy-url") or _environment_proxy(parts.scheme, parts.hostname),
        expires_at=credentials.expires_at,
    )


def _headers(user: Entry, credentials: Credentials) -> tuple[tuple[str, str], ...]:
    settings = user.value.get("user") or {}
    headers = [("Authorization", credentials.authorization)] if credentials.authorization else []
    headers += [("Impersonate-User", str(settings["as"]))] if settings.get("as") else []
    headers += [("Impersonate-Uid", str(settings["as-uid"]))] if settings.get("as-uid") else []
    headers += [("Impersonate-Group", str(group)) for group in settings.get("as-groups") or ()]
    for key, values in (settings.get("as-user-extra") or {}).items():
        headers += [(f"Impersonate-Extra-{key}", str(value)) for value in values]
    for name, value in headers:
        if any(each in name + value for each in _BREAKS):
            raise ValueError(f"what is to be sent as {name.splitlines()[0]} is more than one line")
    return tuple(headers)


def _tls(cluster: Entry, credentials: Credentials) -> ssl.SSLContext:
    settings = cluster.value.get("cluster") or {}
    authority = content(settings, "certificate-authority", cluster.file.parent)
    # What stands between certificates is for people, in any encoding.
    context = ssl.create_default_context(cadata=authority.decode("ascii", "ignore") if authority else None)
    # Authorities of clusters are often simpler than RFC 5280 asks for; Go, and so kubectl, does not mind either.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if settings.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    credentials.show_in(context)
    return context


def _environment_proxy(scheme: str, host: str) -> str | None:
    """Return the proxy that HTTPS_PROXY and NO_PROXY ask for; as in Go, and so kubectl, none for this machine."""
    if _is_loopback(host):
        return None
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - brings a client of HTTP with it

    return None if proxy_bypass(host) else getproxies().get(scheme)


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
