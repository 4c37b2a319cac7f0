"""Location: where a chart repository is, as the user wrote it and as it is asked.

In: the text of a `repo`. Out: a Location, or a SourceError. It looks at no file and no network.
"""

from __future__ import annotations

import re
from dataclasses import field
from urllib.parse import unquote, urlsplit, urlunsplit

from fleet.errors import Problem, SourceError
from fleet.frozen import dataclass
from fleet.model.masking import MASK, mask
from fleet.render.address import Address

_HOST = re.compile(r"(?:[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d+)?")
# As the OCI registries' own clients tell a host from the first part of a name.
_LIKE_A_HOST = re.compile(r"[^/]*[.:][^/]*|localhost")
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|\[::1\]")
_CHART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True, slots=True)
class Location:
    """A chart repository's place.

    url: `http`, `https` or `oci`, without credentials and without a slash at its end.
    shown: what people are shown. user, password: from the URL; empty if it has none.
    """

    url: str
    shown: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def is_oci(self) -> bool:
        """Whether it is a registry's, not an index over HTTP."""
        return self.url.startswith("oci://")

    @property
    def host(self) -> str:
        """The host, with the port if there is one."""
        return urlsplit(self.url).netloc

    @property
    def path(self) -> str:
        """The path, without slashes around it."""
        return urlsplit(self.url).path.strip("/")

    @property
    def address(self) -> Address:
        """The same, for those who read the files."""
        return Address(self.url, self.shown, self.url, tuple(filter(None, (self.password,))))


def parse(text: str) -> Location:
    """Return the location that a user's text means; without a scheme it is an OCI registry's, as in Argo CD.

    Raises SourceError for everything that is none.
    """
    scheme, found, rest = text.partition("://")
    scheme, rest = (scheme.lower(), rest) if found else ("oci", text)
    shown = _shown(text)
    if scheme not in {"http", "https", "oci"}:
        raise _refused(shown, f"Charts are not fetched by {scheme}.")
    if re.search(r"[\x00-\x20\x7f]", text):
        raise _refused(shown, "It has spaces or control characters.")
    parts = urlsplit(f"{scheme}://{rest}")
    host = parts.netloc.rpartition("@")[2]
    if not _HOST.fullmatch(host) or not (found or _LIKE_A_HOST.fullmatch(host)):
        raise _refused(shown, "It names no host.")
    path = re.sub(r"/+", "/", parts.path).rstrip("/")
    url = urlunsplit((scheme, host.lower(), path, parts.query, ""))
    return Location(url, shown, unquote(parts.username or ""), unquote(parts.password or ""))


def is_loopback(host: str) -> bool:
    """Return whether a host, with or without a port, is this machine."""
    return bool(_LOOPBACK.fullmatch(re.sub(r":\d+$", "", host)))


def check_chart(chart: str, location: Location) -> None:
    """Raise SourceError for what cannot be a chart's name; one in a registry may have slashes."""
    if not _CHART.fullmatch(chart) or ("/" in chart and not location.is_oci):
        hint = "Give the name that it has in the repository, without a version."
        raise SourceError(Problem(f"{mask(chart)} is not the name of a chart", hint=hint))


def directory_of(chart: str) -> str:
    """Return the directory that a chart's files are in: the last part of its name."""
    return chart.rpartition("/")[2]


def _shown(text: str) -> str:
    """The user may be a token, whatever the scheme."""
    return mask(re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*://)?[^/@\s]*@", rf"\1{MASK}@", text))


def _refused(shown: str, why: str) -> SourceError:
    hint = (
        "Use https://host/path for a chart repository, oci://host/path for a registry.\nFor a chart in Git: GitSource."
    )
    summary = f"{shown or 'an empty text'} is not the address of a chart repository"
    return SourceError(Problem(summary, detail=why, hint=hint))
