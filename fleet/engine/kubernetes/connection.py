"""Why a server could not be talked to: errors that Python has none for, and words for all of them. Pure."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

from fleet.engine.kubernetes.requests import Response
from fleet.errors import Problem, Where


class ConnectionFaultError(Exception):
    """Something is wrong between the server and us that Python has no error for."""


class AddressError(ConnectionFaultError):
    """The server's address is none."""


class ConnectTimeoutError(ConnectionFaultError):
    """There was no connection within the time for it."""


class HungUpError(ConnectionFaultError):
    """The connection ended before the answer had come, or the answer made no sense."""


class ProxyError(ConnectionFaultError):
    """The proxy does not let us through."""


# Everything that sending a request and reading its answer raises when the fault is not ours.
CONNECTION_ERRORS: tuple[type[Exception], ...] = (ConnectionFaultError, OSError, ssl.SSLError)

# TLS errors that a server produces which goes down or comes up.
_CUT_SHORT = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)

# A connection was there before it was gone.
_HUNG_UP = (HungUpError, ConnectionResetError, BrokenPipeError)

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
    return isinstance(error, AddressError) or (isinstance(error, ssl.SSLError) and not isinstance(error, _CUT_SHORT))


def is_met(error: Exception) -> bool:
    """Return whether there was a connection, and no more."""
    return isinstance(error, _HUNG_UP)


def is_silence(error: Exception) -> bool:
    """Return whether a server took the request and then said nothing for as long as an answer may take."""
    return isinstance(error, TimeoutError)


def explained(error: Exception, *, cluster: str, server: str) -> Problem:
    """Return the problem of a cluster that cannot be reached."""
    for kind, describe, hint in _EXPLANATIONS:
        if isinstance(error, kind):
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
    reason = getattr(error, "verify_message", "") or _text(error)
    return f"the server's certificate is not trusted: {reason}"


def _os_error(error: Exception) -> str:
    # asyncio's own texts repeat the address, which the message has already.
    reason = getattr(error, "strerror", None) or _text(error)
    return "connection refused" if isinstance(error, ConnectionRefusedError) else str(reason)


_EXPLANATIONS: tuple[tuple[type[Exception], Callable[[Exception], str], str], ...] = (
    (ssl.SSLCertVerificationError, _certificate, _TLS),
    (ssl.SSLError, lambda error: f"no TLS connection: {_os_error(error)}", _TLS),
    (socket.gaierror, lambda error: f"its name is not known: {_os_error(error)}", _NAME),
    (ProxyError, lambda error: f"the proxy does not let us through: {_text(error)}", _PROXY),
    (AddressError, lambda _: "this is not the address of a server", _NOT_THERE),
    (ConnectTimeoutError, lambda _: "no connection within the time for it", _SILENT),
    (TimeoutError, lambda _: "no answer within the time for it", _SILENT),
    (HungUpError, lambda _: "it hung up in the middle", _SILENT),
    (OSError, _os_error, _NOT_THERE),
)
