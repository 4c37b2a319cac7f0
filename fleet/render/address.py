"""Address: where a repository is fetched from, as the user wrote it and as git is given it.

In: the text of a `repo`, and the directory that relative paths start at. Out: an Address, or a SourceError.
It looks at no file system and no network; what git would understand as a command or an option never gets past it.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fleet.errors import Problem, SourceError
from fleet.frozen import dataclass
from fleet.model.masking import mask

PROTOCOLS = ("file", "http", "https", "ssh")

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")
_SCP_LIKE = re.compile(r"(?:(?P<user>[^/@:\s]+)@)?(?P<host>\[[0-9a-fA-F:]+\]|[^/@:\s]+):(?P<path>.+)")
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.-]*::")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# User names that forges prescribe beside a token; any other user of an http URL may be the token itself.
_PUBLIC_USERS = frozenset({"git", "oauth2", "x-access-token", "x-token-auth", "x-oauth-basic", "gitlab-ci-token"})


@dataclass(frozen=True, slots=True)
class Address:
    """A repository's place.

    url: what git is given: a URL, an scp-like address or an absolute path; may hold credentials.
    shown: what people are shown. secrets: what must not be shown anywhere.
    key: the same for all spellings of a place (credentials, `.git` and trailing slashes aside); names the mirror.
    path: the directory of a local repository, None for one that is reached through a server.
    """

    url: str
    shown: str
    key: str
    secrets: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def slug(self) -> str:
        """A file name that tells people which repository it is."""
        words = re.sub(r"[^A-Za-z0-9]+", "-", self.key.partition("://")[2]).strip("-")[-60:].lstrip("-")
        return f"{words}-{hashlib.sha256(self.key.encode()).hexdigest()[:12]}"


def parse(text: str, base: Path) -> Address:
    """Return the address that a user's text means; `base` is where relative paths start.

    URLs (https, http, ssh, file), scp-like addresses (`git@host:path`) and paths are told apart as git does it.
    Raises SourceError for everything else: other protocols, remote helpers (`ext::…`), options.
    """
    shown = mask(text)
    if not text.strip() or _CONTROL.search(text) or text.startswith("-"):
        raise _refused(shown, "It is neither a URL nor a path.")
    if helper := _HELPER.match(text):
        raise _refused(shown, f"{helper[0]} would make git run a remote helper; that is never done.")
    if scheme := _SCHEME.match(text):
        return _from_url(text, scheme[1].lower(), shown)
    if (scp := _SCP_LIKE.fullmatch(text)) and "/" not in text.partition(":")[0]:
        return _from_scp(text, scp, shown)
    return _from_path(base / text, shown)


def same_repository(one: str, other: str, base: Path) -> bool:
    """Return whether two texts mean one repository. base: where relative paths start. Raises SourceError."""
    return parse(one, base).key == parse(other, base).key


def join(parent: Address, text: str, base: Path) -> Address:
    """Return the address of a submodule, whose URL may be relative to its parent's: `../other.git`.

    A repository on a server cannot send git to a path of this machine; such a URL raises SourceError.
    """
    if text.startswith(("./", "../")):
        return parse(_relative_to(parent.url, text), base)
    address = parse(text, base)
    if address.path is not None and parent.path is None:
        detail = "A repository on a server must not name it."
        raise SourceError(Problem(f"{address.shown} is a path of this machine", detail=detail))
    return address


def _relative_to(url: str, text: str) -> str:
    scheme = _SCHEME.match(url)
    if scheme:
        authority, slash, path = url[scheme.end() :].partition("/")
        return f"{scheme[0]}{authority}{slash}{posixpath.normpath('/' + posixpath.join(path, text))[1:]}"
    if not url.startswith("/") and ":" in url:
        host, _, path = url.partition(":")
        return f"{host}:{posixpath.normpath(posixpath.join(path, text))}"
    return posixpath.normpath(posixpath.join(url, text))


def _from_url(text: str, scheme: str, shown: str) -> Address:
    if scheme not in PROTOCOLS:
        raise _refused(shown, f"The protocol {scheme} is not supported.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _refused(shown, "It is not a valid URL.") from None
    if scheme == "file":
        return _from_file_url(text, parts.netloc, unquote(parts.path), shown)
    if not host or host.startswith("-"):
        raise _refused(shown, "It names no host.")
    user = f"{parts.username}@" if scheme == "ssh" and parts.username else ""
    place = f"{host}:{port}" if port else host
    key = f"{scheme}://{user}{place}/{_repository(parts.path)}"
    return Address(text, shown, key, _secrets(parts.username, parts.password, scheme))


def _from_file_url(text: str, host: str, path: str, shown: str) -> Address:
    if host not in {"", "localhost"} or not path.startswith("/"):
        raise _refused(shown, "A file URL has three slashes and an absolute path: file:///srv/repository.git")
    return Address(text, shown, f"file://{posixpath.normpath(path)}", path=Path(path))


def _from_scp(text: str, scp: re.Match[str], shown: str) -> Address:
    if scp["host"].startswith("-") or (scp["user"] or "").startswith("-"):
        raise _refused(shown, "It names no host.")
    user = f"{scp['user']}@" if scp["user"] else ""
    # Without a leading slash the path starts at the user's home: another place than the same path of an ssh:// URL.
    home = "" if scp["path"].startswith("/") else "~/"
    return Address(text, shown, f"ssh://{user}{scp['host'].lower()}/{home}{_repository(scp['path'])}")


def _from_path(path: Path, shown: str) -> Address:
    absolute = posixpath.normpath(path.as_posix())
    return Address(absolute, shown, f"file://{absolute}", path=Path(absolute))


def _repository(path: str) -> str:
    return path.strip("/").removesuffix(".git").rstrip("/")


def _secrets(user: str | None, password: str | None, scheme: str) -> tuple[str, ...]:
    hidden = [password or ""]
    if scheme != "ssh" and user not in _PUBLIC_USERS and password in {None, "", "x-oauth-basic"}:
        hidden.append(user or "")
    forms = {form for each in hidden for form in (each, unquote(each)) if form and each not in _PUBLIC_USERS}
    return tuple(sorted(forms))


def _refused(shown: str, why: str) -> SourceError:
    hint = "Use https://…, ssh://…, git@host:path, file:///… or a path relative to the project."
    return SourceError(Problem(f"{shown or 'an empty text'} is not the address of a repository", detail=why, hint=hint))
