"""Base URLs: what a kustomization means by `https://github.com/org/repo//path?ref=v1`. Pure.

In: a text of `resources` or `components`. Out: a repository, a path in it and a revision; None for what is no such
URL. Source: kustomize's api/internal/git/repospec.go, without its `timeout` and `submodules`: submodules are fetched
where something in them is asked for.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import parse_qs, urlsplit

from fleet.frozen import dataclass

_SCHEMES = ("ssh://", "https://", "http://", "file://")
_USER = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*@")
_MANIFEST = re.compile(r".*\.(ya?ml|json)", re.IGNORECASE)
_BY_DEFAULT = 2


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """A directory in a repository. path: `.` is its root. ref: `HEAD` where none is named."""

    repo: str
    path: str
    ref: str


def parse(text: str) -> BaseUrl | None:
    """Return what a text means as a remote base."""
    if text.startswith("/"):
        return None
    place, _, query = text.partition("?")
    asked = {key: values[-1] for key, values in parse_qs(query).items()}
    host, rest = _host(place)
    repo, path = _split(rest, whole=host == "file://")
    if not host or not repo or posixpath.normpath(path.lstrip("/") or ".").split("/")[0] == "..":
        return None
    return BaseUrl(host + repo, path.lstrip("/") or ".", asked.get("ref") or asked.get("version") or "HEAD")


def is_single_file(text: str) -> bool:
    """Return whether kustomize would take a text for the URL of one file, and get it by HTTP."""
    url = urlsplit(text)
    plain = url.scheme in {"http", "https"} and not url.query
    return plain and not re.search(r"//|\.git/|_git/", url.path) and bool(_MANIFEST.fullmatch(url.path))


def _host(text: str) -> tuple[str, str]:
    """Return scheme, user and host as one text, and the rest; an empty host for what is no URL."""
    if text.lower().startswith("git::"):
        text = text[len("git::") :]
    scheme = next((each for each in _SCHEMES if text.lower().startswith(each)), "")
    text = text[len(scheme) :]
    found = _USER.match(text)
    user = found[0] if found else ""
    text = text[len(user) :]
    github = text.lower().startswith(("github.com/", "github.com:"))
    like_scp = not scheme and bool(user or github)
    if not scheme and not like_scp:
        return "", text
    if scheme == "file://":
        return scheme, user + text
    host, rest = _cut(text, like_scp=like_scp)
    if github:
        scheme, user, host = (
            ("", user, "github.com:") if user or scheme == "ssh://" else ("https://", "", "github.com/")
        )
    return (f"{scheme}{user}{host}" if host else ""), rest


def _cut(text: str, *, like_scp: bool) -> tuple[str, str]:
    end, colon = text.find("/"), text.find(":")
    if like_scp and (end < 0 or 0 < colon < end):
        end = colon
    return (text[: end + 1], text[end + 1 :]) if end >= 0 else (text, "")


def _split(text: str, *, whole: bool) -> tuple[str, str]:
    """Return the repository's path and the path in it: by `_git/`, by `//`, by `.git`, or after two parts."""
    if "_git/" in text:
        before, _, after = text.partition("_git/")
        name, _, path = after.partition("/")
        return f"{before}_git/{name}", path
    if "//" in text:
        repo, _, path = text.partition("//")
        return repo, path
    if ".git" in text:
        before, _, path = text.partition(".git")
        return f"{before}.git", path
    if whole:
        return text, ""
    parts = text.split("/")
    return ("/".join(parts[:_BY_DEFAULT]), "/".join(parts[_BY_DEFAULT:])) if len(parts) >= _BY_DEFAULT else ("", "")
