"""Registry: charts in an OCI registry, by the protocol of github.com/opencontainers/distribution-spec.

In: charts' names and versions. Out: Offers, and archives. A version's tag has `_` where the version has `+`, as Helm
has it (pkg/registry/client.go). Tokens are asked for as the registry says, once per run and repository.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from requests.auth import HTTPBasicAuth
from requests.utils import parse_dict_header, parse_header_links

from fleet.errors import Problem, SourceError
from fleet.model.masking import mask
from fleet.model.semver import parse_version
from fleet.render.charts.archive import MOST_BYTES
from fleet.render.charts.credentials import Login
from fleet.render.charts.http import Answer, Authorize, Http, bearer, no_login
from fleet.render.charts.location import Location, is_loopback
from fleet.render.charts.offer import Offer, chosen, no_version

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_LAYERS = ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip")
_LARGEST_ANSWER = 20_000_000
_MOST_PAGES = 1000
_EXACT = re.compile(r"v?\d+\.\d+\.\d+")
_ACCESS = (
    "Is the address right? Credentials are those of `helm registry login` or `docker login`, credential helpers\n"
    "included, or from the address."
)


@dataclass(slots=True)
class Registry:
    """One registry's path with the charts below it, as one run uses it. login: who we are to it."""

    location: Location
    login: Login
    http: Http
    _authorizations: dict[str, Authorize] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def find(self, chart: str, name: str) -> Offer:
        """Return the version of a chart that a name means. Raises SourceError."""
        if _EXACT.match(name) and parse_version(name):
            offer = self._offer(chart, name)
            if offer is not None:
                return offer
        versions = self._versions(chart)
        version = chosen(name, versions)
        offer = self._offer(chart, version) if version else None
        if offer is None:
            raise no_version(self.location.shown, chart, name, versions)
        return offer

    def download(self, chart: str, offer: Offer) -> bytes:
        """Return the archive. Raises SourceError."""
        answer = self._get(chart, offer.url, "", MOST_BYTES, as_sent=True)
        if answer.status != 200:
            raise self._refused(answer, f"the archive of chart {chart} {offer.version}")
        return answer.body

    def _offer(self, chart: str, version: str) -> Offer | None:
        """Return what the manifest of a version says; None if there is no such tag."""
        base = self._base(chart)
        answer = self._get(chart, f"{base}/manifests/{version.replace('+', '_')}", _MANIFEST, _LARGEST_ANSWER)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise self._refused(answer, f"chart {chart} {version}")
        try:
            manifest = json.loads(answer.body)
            kind = str((manifest.get("config") or {}).get("mediaType"))
            layers = [each for each in manifest.get("layers") or () if each.get("mediaType") in _LAYERS]
            digest = str(layers[0]["digest"]) if layers else ""
        except (ValueError, AttributeError, KeyError, TypeError):
            raise self._no_chart(chart, version, "Its manifest cannot be read.") from None
        if kind != _CONFIG or not digest.startswith("sha256:"):
            raise self._no_chart(chart, version, f"Its media type is {mask(kind)}.")
        return Offer(version, digest.removeprefix("sha256:"), f"{base}/blobs/{digest}")

    def _versions(self, chart: str) -> list[str]:
        url = f"{self._base(chart)}/tags/list?n=1000"
        tags: list[str] = []
        for _ in range(_MOST_PAGES):
            answer = self._get(chart, url, "application/json", _LARGEST_ANSWER)
            if answer.status != 200:
                raise self._refused(answer, f"chart {chart}")
            tags += _tags(answer)
            links = parse_header_links(answer.headers.get("Link", ""))
            following = next((each["url"] for each in links if each.get("rel") == "next"), None)
            if following is None:
                break
            url = urljoin(url, following)
        return [tag.replace("_", "+") for tag in tags]

    def _base(self, chart: str) -> str:
        host = self.location.host
        scheme = "http" if is_loopback(host) else "https"
        host = "registry-1.docker.io" if host in {"docker.io", "index.docker.io"} else host
        return f"{scheme}://{host}/v2/{self._name(chart)}"

    def _name(self, chart: str) -> str:
        return f"{self.location.path}/{chart}".lstrip("/")

    def _get(self, chart: str, url: str, accept: str, most_bytes: int, *, as_sent: bool = False) -> Answer:
        """Ask as we were last allowed to; where that is not enough, log in as the registry says and ask again."""
        headers = {"Accept": accept} if accept else {}

        def ask(authorize: Authorize) -> Answer:
            return self.http.get(
                url, self.location, self.login, authorize=authorize, headers=headers, most_bytes=most_bytes,
                as_sent=as_sent,
            )  # fmt: skip

        with self._turn:
            authorize = self._authorizations.get(chart, no_login)
        answer = ask(authorize)
        if answer.status != 401:
            return answer
        authorize = self._log_in(chart, answer)
        answer = ask(authorize)
        if answer.status != 401:
            with self._turn:
                self._authorizations[chart] = authorize
        return answer

    def _log_in(self, chart: str, answer: Answer) -> Authorize:
        """As the registry's `WWW-Authenticate` says."""
        kind, _, rest = answer.headers.get("WWW-Authenticate", "").partition(" ")
        if kind.lower() == "basic" and (self.login.user or self.login.password):
            return HTTPBasicAuth(self.login.user.encode(), self.login.password.encode())
        challenge = parse_dict_header(rest)
        if kind.lower() != "bearer" or not challenge.get("realm"):
            raise self._refused(answer, f"chart {chart}")
        return bearer(self._token(chart, challenge))

    def _token(self, chart: str, challenge: dict[str, str | None]) -> str:
        realm = str(challenge["realm"])
        asked = {"service": str(challenge.get("service") or ""), "scope": f"repository:{self._name(chart)}:pull"}
        secret = self.login.token or self.login.password
        if secret and urlsplit(realm).scheme != "https" and not is_loopback(urlsplit(realm).netloc):
            summary = f"registry {self.location.shown} wants credentials to be sent without TLS"
            raise SourceError(Problem(summary, detail=mask(f"To {realm}.")))
        if self.login.token:
            form = {"grant_type": "refresh_token", "refresh_token": self.login.token, "client_id": "fleet", **asked}
            answer = self._ask_for_token(realm, no_login, form)
        else:
            authorize = None if self.login.user or self.login.password else no_login
            query = urlencode({key: value for key, value in asked.items() if value})
            answer = self._ask_for_token(f"{realm}{'&' if '?' in realm else '?'}{query}", authorize, None)
        try:
            given = json.loads(answer.body)
            token = given.get("token") or given.get("access_token")
        except (ValueError, AttributeError):
            token = None
        if answer.status != 200 or not isinstance(token, str):
            raise self._refused(answer, f"chart {chart}")
        return token

    def _ask_for_token(self, url: str, authorize: Authorize | None, form: dict[str, str] | None) -> Answer:
        return self.http.get(url, self.location, self.login, authorize=authorize, form=form, most_bytes=_LARGEST_ANSWER)

    def _refused(self, answer: Answer, what: str) -> SourceError:
        shown = self.location.shown
        said = f"{answer.url} answers {answer.status}{_words(answer)}."
        said = mask(said, filter(None, (self.login.password, self.login.token)))
        if answer.status in {401, 403}:
            return SourceError(Problem(f"no access to {what} in registry {shown}", detail=said, hint=_ACCESS))
        if answer.status == 404:
            return SourceError(Problem(f"registry {shown} does not have {what}", detail=said, hint=_ACCESS))
        hint = "Try again; if it stays so, the registry's operator can tell more."
        return SourceError(Problem(f"registry {shown} does not give {what}", detail=said, hint=hint))

    def _no_chart(self, chart: str, version: str, why: str) -> SourceError:
        hint = "Was it pushed by `helm push`? An image, or an artifact of another kind, cannot be rendered."
        summary = f"{chart} {version} in registry {self.location.shown} is not a Helm chart"
        return SourceError(Problem(summary, detail=why, hint=hint))


def _tags(answer: Answer) -> list[str]:
    try:
        data: Any = json.loads(answer.body)
        return [tag for tag in data.get("tags") or () if isinstance(tag, str)]
    except (ValueError, AttributeError):
        return []


def _words(answer: Answer) -> str:
    """Return the registry's own words, if it has any."""
    try:
        errors = json.loads(answer.body).get("errors") or ()
        words = [str(each.get("message") or each.get("code") or "") for each in errors]
    except (ValueError, AttributeError):
        return ""
    said = "; ".join(filter(None, words))
    return f": {said}" if said else ""
