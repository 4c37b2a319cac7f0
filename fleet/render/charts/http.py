"""HTTP: what chart repositories and registries are asked with, through requests.

In: URLs and Logins. Out: Answers, whatever their status; what gave no answer at all is a SourceError. It knows nothing
of charts. Proxies and `~/.netrc` are heeded as everywhere; passwords go to another host only where the Login says so.
"""

from __future__ import annotations

import os
import re
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Retry

from fleet.errors import Problem, SourceError
from fleet.frozen import dataclass
from fleet.model.masking import mask
from fleet.render.charts.credentials import Login
from fleet.render.charts.location import Location

_CHUNK = 65536
_CONNECT_S = 30.0

Authorize = Callable[[requests.PreparedRequest], requests.PreparedRequest]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. headers: names in any case. url: where it came from in the end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Http:
    """The connections of one run; several threads may use them. timeout_s: for one answer, all of it. Close it."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._sessions = {everywhere: _session(everywhere=everywhere) for everywhere in (False, True)}

    def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            session.close()

    def get(
        self,
        url: str,
        location: Location,
        login: Login,
        *,
        authorize: Authorize | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        most_bytes: int,
        as_sent: bool = False,
    ) -> Answer:
        """Return the answer, redirects followed. location: who is asked, for messages.

        authorize: instead of the login's user and password. form: sent by POST. as_sent: True unpacks nothing that the
        server says it has packed: some say it of archives, and mean the archive. Raises SourceError.
        """
        headers = {**(headers or {}), **({"Accept-Encoding": "identity"} if as_sent else {})}
        session = self._sessions[login.everywhere]
        deadline = time.monotonic() + self._timeout_s
        try:
            with session.request(
                "GET" if form is None else "POST", url, auth=_auth(authorize or _basic(login)), headers=headers,
                data=form, stream=True, timeout=(min(_CONNECT_S, self._timeout_s), self._timeout_s),
                verify=False if login.insecure else login.ca_file or _trusted(os.environ),
                cert=(login.cert_file, login.key_file) if login.cert_file else None,
            ) as answer:  # fmt: skip
                body = _read(answer.raw.stream(_CHUNK, decode_content=not as_sent), deadline, most_bytes)
        except (requests.RequestException, HTTPError, OSError, _TooSlowError, _TooLargeError) as error:
            raise SourceError(self._problem(error, url, location, login)) from None
        return Answer(answer.status_code, answer.headers, body, answer.url)

    def _problem(self, error: Exception, url: str, location: Location, login: Login) -> Problem:
        shown = location.shown
        place = mask(f"At {url}")
        if isinstance(error, (requests.Timeout, ReadTimeoutError, _TooSlowError)):
            hint = "Is the server reachable? Check the address, the network and the proxy."
            return Problem(f"chart repository {shown} took longer than {self._timeout_s:g} s", detail=place, hint=hint)
        if isinstance(error, _TooLargeError):
            return Problem(f"the answer of chart repository {shown} is larger than {error}", detail=place)
        said = mask(f"{place}: {_reason(error)}", filter(None, (login.password, login.token, location.password)))
        if isinstance(error, requests.exceptions.SSLError):
            hint = "Have its authority among the system's, in the file that SSL_CERT_FILE names,\n"
            hint += "or say it to helm: helm repo add … --ca-file <file>"
            return Problem(f"the TLS certificate of chart repository {shown} is not trusted", detail=said, hint=hint)
        if isinstance(error, (requests.ConnectionError, HTTPError)):
            hint = "Check the address, the network and the proxy.\n"
            hint += "Without a network, only exact versions that were fetched before can be used."
            return Problem(f"chart repository {shown} cannot be reached", detail=said, hint=hint)
        return Problem(f"chart repository {shown} cannot be asked", detail=said)


def no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no credentials, those of `~/.netrc` included."""
    return request


def bearer(token: str) -> Authorize:
    """Return what sends a token."""

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return authorize


class _TooSlowError(Exception):
    pass


class _TooLargeError(Exception):
    pass


class _Session(requests.Session):
    def __init__(self, *, everywhere: bool) -> None:
        super().__init__()
        self._everywhere = everywhere

    def should_strip_auth(self, old_url: str, new_url: str) -> bool:
        return not self._everywhere and super().should_strip_auth(old_url, new_url)


def _session(*, everywhere: bool) -> requests.Session:
    session = _Session(everywhere=everywhere)
    session.headers["User-Agent"] = "fleet"
    # Without cookies a session has nothing that threads could change for each other.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    retry = Retry(total=None, connect=0, read=False, redirect=0, other=0, status=2, status_forcelist=(502, 503, 504),
        backoff_factor=0.2, respect_retry_after_header=False, raise_on_status=False)  # fmt: skip
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry, pool_maxsize=16))
    return session


class _Auth(AuthBase):
    def __init__(self, authorize: Authorize) -> None:
        self._authorize = authorize

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return self._authorize(request)


def _auth(authorize: Authorize | None) -> AuthBase | None:
    return None if authorize is None else _Auth(authorize)


def _basic(login: Login) -> Authorize | None:
    """None leaves it to `~/.netrc`."""
    return HTTPBasicAuth(login.user.encode(), login.password.encode()) if login.user or login.password else None


def _trusted(environ: Mapping[str, str]) -> str | bool:
    """Return the system's certificates, which git and helm trust; requests' own where there are none."""
    if environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE"):
        return True
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return paths.cafile
    return paths.capath if paths.capath and any(Path(paths.capath).iterdir()) else True


def _read(sent: Iterable[bytes], deadline: float, most_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in sent:
        size += len(part)
        if size > most_bytes:
            raise _TooLargeError(f"{most_bytes // 1_000_000} MB")
        if time.monotonic() > deadline:
            raise _TooSlowError
        parts.append(part)
    return b"".join(parts)


def _reason(error: BaseException) -> str:
    """Return what went wrong in the end; around it are the names of Python's classes."""
    while (inner := getattr(error, "reason", None) or error.__context__) and isinstance(inner, BaseException):
        error = inner
    return re.sub(r"^<[^>]*>: |^HTTPS?Connection\([^)]*\): ", "", str(error)) or type(error).__name__
