"""Index: a chart repository over HTTP, which lists its charts in `index.yaml`.

In: charts' names and versions. Out: Offers, and archives. The index is asked for once per run, and sent only if it has
changed; what it lists is kept in the cache, because reading twenty megabytes of YAML takes a while.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from fleet.errors import Problem, SourceError
from fleet.model.masking import mask
from fleet.render.charts.archive import MOST_BYTES
from fleet.render.charts.credentials import Login
from fleet.render.charts.http import Answer, Http
from fleet.render.charts.location import Location
from fleet.render.charts.offer import Offer, chosen, no_chart, no_version
from fleet.yamlio import YamlProblem, load_documents

# The largest public index had 30 MB.
_LARGEST_INDEX = 200_000_000
_FORMAT = 1
_ACCESS = (
    "Is the address right? Credentials are those of `helm repo add NAME URL --username …`, of ~/.netrc,\n"
    "or from the address."
)

# Chart → its versions: version, digest, URLs.
_Charts = Mapping[str, list[tuple[str, str, list[str]]]]


@dataclass(slots=True)
class IndexRepository:
    """One chart repository, as one run uses it. file: where its index is kept. login: who we are to it."""

    location: Location
    login: Login
    http: Http
    file: Path
    _charts: _Charts | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def find(self, chart: str, name: str) -> Offer:
        """Return the version of a chart that a name means. Raises SourceError."""
        charts = self._index()
        if chart not in charts:
            raise no_chart(self.location.shown, chart, charts)
        versions = [version for version, _, _ in charts[chart]]
        version = chosen(name, versions)
        if version is None:
            raise no_version(self.location.shown, chart, name, versions)
        _, digest, urls = charts[chart][versions.index(version)]
        if not urls:
            summary = f"chart repository {self.location.shown} does not say where {chart} {version} is"
            raise SourceError(Problem(summary, hint="Its index.yaml has no URL there: tell its operator."))
        return Offer(version, digest.removeprefix("sha256:").lower(), self._absolute(urls[0]))

    def download(self, chart: str, offer: Offer, *, everywhere: bool) -> bytes:
        """Return the archive. everywhere: True sends the password to whichever host it is on. Raises SourceError."""
        login = self.login
        if not (everywhere or login.everywhere or _origin(offer.url) == _origin(self.location.url)):
            login = replace(login, user="", password="")
        login = replace(login, everywhere=everywhere or login.everywhere)
        answer = self.http.get(offer.url, self.location, login, most_bytes=MOST_BYTES, as_sent=True)
        if answer.status != 200:
            raise SourceError(self._refused(answer, f"the archive of chart {chart} {offer.version}"))
        return answer.body

    def _index(self) -> _Charts:
        """Return what the index lists; asked for once, whoever comes first."""
        with self._turn:
            if self._charts is None:
                self._charts = self._load()
            return self._charts

    def _load(self) -> _Charts:
        kept = self._kept()
        known = {"If-None-Match": kept.get("etag", ""), "If-Modified-Since": kept.get("modified", "")}
        headers = {name: value for name, value in known.items() if value}
        url = urlsplit(self.location.url)
        place = urlunsplit(url._replace(path=f"{url.path}/index.yaml"))
        answer = self.http.get(place, self.location, self.login, headers=headers, most_bytes=_LARGEST_INDEX)
        if answer.status == 304 and kept:
            with suppress(OSError):
                os.utime(self.file)
            found: _Charts = kept["charts"]
            return found
        if answer.status != 200:
            raise SourceError(self._refused(answer, "an index.yaml"))
        charts = self._listed(answer.body)
        self._keep(answer, charts)
        return charts

    def _listed(self, body: bytes) -> _Charts:
        if body.lstrip()[:1] == b"<":
            raise SourceError(self._no_index("It is a web page."))
        try:
            documents = load_documents(body.decode(), file="")
        except UnicodeDecodeError:
            raise SourceError(self._no_index("It is not UTF-8.")) from None
        except YamlProblem as error:
            line = f"line {error.problem.where.line}: {error.problem.summary}"
            raise SourceError(self._no_index(f"It cannot be read, {line}.")) from None
        data = documents[0].data if documents else None
        entries = data.get("entries", ...) if isinstance(data, dict) else ...
        if not isinstance(entries, dict | None):
            raise SourceError(self._no_index("It has no `entries`."))
        return {chart: _versions(each) for chart, each in (entries or {}).items() if isinstance(each, list)}

    def _kept(self) -> dict[str, Any]:
        """Return the index of an earlier run; empty if there is none that can be read."""
        try:
            stored = json.loads(self.file.read_bytes())
        except (OSError, ValueError):
            return {}
        whole = isinstance(stored, dict) and isinstance(stored.get("charts"), dict)
        return stored if whole and stored.get("format") == _FORMAT else {}

    def _keep(self, answer: Answer, charts: _Charts) -> None:
        """Keep the index, if the server lets us ask whether it has changed. A cache that cannot be written is none."""
        etag, modified = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
        if etag or modified:
            stored = {"format": _FORMAT, "etag": etag, "modified": modified, "charts": charts}
            with suppress(OSError):
                self.file.parent.mkdir(parents=True, exist_ok=True)
                temporary = self.file.with_name(f"{self.file.name}.{os.getpid()}")
                temporary.write_text(json.dumps(stored), encoding="utf-8")
                temporary.replace(self.file)

    def _absolute(self, url: str) -> str:
        """As Helm's `ResolveReferenceURL` (pkg/repo/v1/chartrepo.go): a relative URL gets the repository's query."""
        if urlsplit(url).scheme:
            return url
        base = urlsplit(self.location.url)
        joined = urlsplit(urljoin(urlunsplit(base._replace(path=f"{base.path}/", query="")), url))
        return urlunsplit(joined._replace(query=base.query))

    def _refused(self, answer: Answer, what: str) -> Problem:
        shown, said = self.location.shown, mask(f"{answer.url} answers {answer.status}.")
        if answer.status in {401, 403}:
            return Problem(f"no access to chart repository {shown}", detail=said, hint=_ACCESS)
        if answer.status in {404, 410}:
            return Problem(f"chart repository {shown} does not have {what}", detail=said, hint=_ACCESS)
        hint = "Try again; if it stays so, the server's operator can tell more."
        return Problem(f"chart repository {shown} does not give {what}", detail=said, hint=hint)

    def _no_index(self, why: str) -> Problem:
        hint = "Give the address that `helm repo add` takes: what is at <address>/index.yaml must be the index.\n"
        hint += "A registry's address starts with oci://; a chart in Git is for a GitSource."
        return Problem(f"{self.location.shown} is not a chart repository", detail=f"Its index.yaml: {why}", hint=hint)


def _versions(entries: list[Any]) -> list[tuple[str, str, list[str]]]:
    """Return what is usable of a chart's versions; Helm, too, passes over what is not."""
    return [
        (
            each["version"],
            str(each.get("digest") or ""),
            [url for url in each.get("urls") or () if isinstance(url, str)],
        )
        for each in entries
        if isinstance(each, dict) and isinstance(each.get("version"), str)
    ]


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)
