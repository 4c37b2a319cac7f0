"""Why a server could not be talked to, in words. Pure."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

import aiohttp

from fleet.engine.kubernetes.requests import Response
from fleet.errors import Problem, Where

# Everything that sending a request and reading its answer raises when the fault is not ours.
CONNECTION_ERRORS: tuple[type[Exception], ...] = (aiohttp.ClientError, OSError, asyncio.TimeoutError, ssl.SSLError)

# TLS errors that a server produces which goes down or comes up.
_CUT_SHORT = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)

# A connection was there before it was gone.
_HUNG_UP = (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, ConnectionResetError, BrokenPipeError)

_NOT_THERE = "Is the cluster running, and is its address in the kubeconfig right? `kubectl cluster-info` must work."
_TLS = (
    "The certificate-authority of the kubeconfig must be the one that signed the server's certificate. "
    "If the cluster was made anew, get its kubeconfig again."
)
_NAME = "Check the server's name in the kubeconfig, and that this machine can resolve it (VPN, DNS)."
_SILENT = "A firewall or VPN may be in between, or the server is overloaded."
_PROXY = "Check proxy-url in the kubeconfig, and HTTPS_PROXY and NO_PROXY."


def is_final(error: Exception) -> bool:
    """Return whether asking again cannot help: the two sides do not trust or do not understand each other."""
    if isinstance(error, aiohttp.InvalidURL | aiohttp.ClientConnectorCertificateError):
        return True
    cause = getattr(error, "os_error", error)
    return isinstance(cause, ssl.SSLError) and not isinstance(cause, _CUT_SHORT)


def is_met(error: Exception) -> bool:
    """Return whether there was a connection, and no more."""
    return isinstance(error, _HUNG_UP)


def is_silence(error: Exception) -> bool:
    """Return whether a server took the request and then said nothing for as long as an answer may take."""
    return isinstance(error, asyncio.TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError)


def explained(error: Exception, *, cluster: str, server: str) -> Problem:
    """Return the problem of a cluster that cannot be reached."""
    for kinds, describe, hint in _EXPLANATIONS:
        if isinstance(error, kinds):
            return unavailable(cluster, f"{server}: {describe(error)}", hint)
    return unavailable(cluster, f"{server}: {_text(error)}", _NOT_THERE)


def turned_away(response: Response, *, cluster: str, server: str) -> Problem:
    """Return the problem of a cluster whose API server takes no request."""
    detail = f"{server}: it answers nothing but status {response.status}: {response.message}"
    hint = "Run again later; `kubectl get --raw /readyz?verbose` may show what is wrong."
    return Problem("the API server takes no requests", Where(cluster=cluster), detail, hint)


def unavailable(cluster: str, detail: str, hint: str) -> Problem:
    """Return the problem of a cluster that cannot be worked with."""
    return Problem("the cluster cannot be reached", Where(cluster=cluster), detail, hint)


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _certificate(error: Exception) -> str:
    cause = error.certificate_error if isinstance(error, aiohttp.ClientConnectorCertificateError) else error
    reason = getattr(cause, "verify_message", "") or _text(cause)
    return f"the server's certificate is not trusted: {reason}"


def _os_error(error: Exception) -> str:
    cause = getattr(error, "os_error", error)
    reason = getattr(cause, "strerror", None) or _text(cause)
    # asyncio's own texts repeat the address, which the message has already.
    return "connection refused" if isinstance(cause, ConnectionRefusedError) else str(reason)


_EXPLANATIONS: tuple[tuple[tuple[type[BaseException], ...], Callable[[Exception], str], str], ...] = (
    ((aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError), _certificate, _TLS),
    ((aiohttp.ClientSSLError, ssl.SSLError), lambda error: f"no TLS connection: {_os_error(error)}", _TLS),
    (
        (aiohttp.ClientConnectorDNSError, socket.gaierror),
        lambda error: f"its name is not known: {_os_error(error)}",
        _NAME,
    ),
    (
        (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError),
        lambda error: f"the proxy does not let us through: {_text(error)}",
        _PROXY,
    ),
    ((aiohttp.InvalidURL,), lambda _: "this is not the address of a server", _NOT_THERE),
    ((aiohttp.ConnectionTimeoutError,), lambda _: "no connection within the time for it", _SILENT),
    ((asyncio.TimeoutError,), lambda _: "no answer within the time for it", _SILENT),
    ((aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError), lambda _: "it hung up in the middle", _SILENT),
    ((aiohttp.ClientOSError, OSError), _os_error, _NOT_THERE),
)
