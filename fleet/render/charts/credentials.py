"""Credentials: what helm and docker on this machine know of a chart repository.

In: a Location and the environment. Out: a Login. The files are helm's own (`helm repo add`, `helm registry login`) and
docker's; nothing is ever written to them. `~/.netrc` is left to the HTTP client.
"""

from __future__ import annotations

import base64
import binascii
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from fleet.errors import Problem, SourceError
from fleet.frozen import dataclass
from fleet.render.charts.location import Location
from fleet.render.runner import ToolFailed, ask_helper
from fleet.yamlio import YamlProblem, load_documents

# Docker's registry is known by another name than its host.
_DOCKER = "https://index.docker.io/v1/"
_DOCKER_HOSTS = frozenset({"docker.io", "registry-1.docker.io", "index.docker.io"})
_HELPER_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are to a server, and how it proves who it is. Empty fields say nothing.

    token: is exchanged for others (docker's `identitytoken`). ca_file, cert_file, key_file: paths of PEM files.
    insecure: True takes any certificate. everywhere: True sends the password to other hosts, too, where the server
        sends us there (`helm repo add --pass-credentials`).
    """

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    insecure: bool = False
    everywhere: bool = False


def of_repository(location: Location, environ: Mapping[str, str]) -> Login:
    """Return the login of an HTTP repository; what its URL says counts more. Raises SourceError for a broken file."""
    entry = next((each for each in _entries(environ) if _same(each.get("url"), location)), {})
    ca_file, cert_file, key_file = (str(entry.get(key) or "") for key in ("caFile", "certFile", "keyFile"))
    user, password = str(entry.get("username") or ""), str(entry.get("password") or "")
    if location.user or location.password:
        user, password = location.user, location.password
    insecure, everywhere = (entry.get(key) is True for key in ("insecure_skip_tls_verify", "pass_credentials_all"))
    return Login(user, password, "", ca_file, cert_file, key_file, insecure, everywhere)


def of_registry(location: Location, environ: Mapping[str, str]) -> Login:
    """Return the login of an OCI registry. Raises SourceError for a broken file."""
    if location.user or location.password:
        return Login(location.user, location.password)
    for file in _registry_files(environ):
        login = _docker_login(file, location.host)
        if login is not None:
            return login
    return Login()


def aliases(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return name → URL of the repositories that helm knows. Raises SourceError for a broken file."""
    entries = ((each.get("name"), each.get("url")) for each in _entries(environ))
    return {name: url for name, url in entries if isinstance(name, str) and isinstance(url, str)}


def _entries(environ: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    file = Path(environ.get("HELM_REPOSITORY_CONFIG") or _helm_home(environ) / "repositories.yaml")
    try:
        documents = load_documents(file.read_text(encoding="utf-8"), file=str(file))
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError, YamlProblem) as error:
        raise _unreadable(file, error) from None
    data = documents[0].data if documents else {}
    entries = data.get("repositories") if isinstance(data, dict) else None
    yield from (each for each in entries or () if isinstance(each, dict))


def _same(url: Any, location: Location) -> bool:
    return isinstance(url, str) and url.rstrip("/") == location.url


def _helm_home(environ: Mapping[str, str]) -> Path:
    """As helm's own `helmpath` (pkg/helmpath/lazypath*.go)."""
    if environ.get("HELM_CONFIG_HOME"):
        return Path(environ["HELM_CONFIG_HOME"])
    if environ.get("XDG_CONFIG_HOME"):
        return Path(environ["XDG_CONFIG_HOME"]) / "helm"
    home = Path(environ.get("HOME") or "/")
    return home / "Library/Preferences/helm" if sys.platform == "darwin" else home / ".config/helm"


def _registry_files(environ: Mapping[str, str]) -> Iterator[Path]:
    yield Path(environ.get("HELM_REGISTRY_CONFIG") or _helm_home(environ) / "registry/config.json")
    yield Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME") or "/") / ".docker") / "config.json"


def _docker_login(file: Path, host: str) -> Login | None:
    """Return what a file of docker's form says of a host; None if it says nothing."""
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from None
    names = (_DOCKER, *_DOCKER_HOSTS) if host in _DOCKER_HOSTS else (host,)
    helpers, auths = _mapping(stored, "credHelpers"), _mapping(stored, "auths")
    for name in names:
        helper = helpers.get(name) or (stored.get("credsStore") if isinstance(stored, dict) else None)
        login = _from_helper(str(helper), name) if helper else None
        if login is not None:
            return login
    found = (entry for key, entry in auths.items() if key in names or _host(key) in names)
    return next((login for entry in found if (login := _from_entry(entry)) is not None), None)


def _mapping(data: Any, key: str) -> Mapping[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _host(key: str) -> str:
    return key.partition("://")[2].partition("/")[0] if "://" in key else key.partition("/")[0]


def _from_entry(entry: Any) -> Login | None:
    if not isinstance(entry, dict):
        return None
    token = str(entry.get("identitytoken") or "")
    try:
        user, _, password = base64.b64decode(str(entry.get("auth") or "")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    user, password = user or str(entry.get("username") or ""), password or str(entry.get("password") or "")
    return Login(user, password, token) if user or token else None


def _from_helper(name: str, host: str) -> Login | None:
    """Ask a credential helper, as docker does; one that knows nothing of the host says so by failing."""
    try:
        answer = json.loads(ask_helper(f"docker-credential-{name}", "get", given=host, timeout_s=_HELPER_TIMEOUT_S))
    except ToolFailed as failed:
        if failed.timed_out or not failed.started:
            hint = "docker's or helm's configuration names it. Is it on PATH, and does it work without asking?"
            problem = Problem(f"the credential helper docker-credential-{name} cannot be used", hint=hint)
            raise SourceError(problem) from None
        return None
    except ValueError:
        return None
    user, secret = str(answer.get("Username") or ""), str(answer.get("Secret") or "")
    if not secret:
        return None
    return Login(token=secret) if user == "<token>" else Login(user, secret)


def _unreadable(file: Path, error: Exception) -> SourceError:
    """Nothing of the file is shown: it holds passwords."""
    detail = error.strerror or "" if isinstance(error, OSError) else "It is not what helm or docker writes there."
    return SourceError(Problem(f"{file} cannot be read", detail=detail, hint="It is asked for credentials."))
