"""Remote: the chart repositories that one run talks to, over HTTP and in OCI registries.

In: a Location, a chart and a version's name. Out: Offers, and archives that are what was offered. It keeps nothing but
indexes; it is imported when the network is needed, because what it imports takes time.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from pathlib import Path

from fleet.errors import Problem, SourceError
from fleet.render.charts import credentials, location
from fleet.render.charts.http import Http
from fleet.render.charts.index import IndexRepository
from fleet.render.charts.location import Location
from fleet.render.charts.offer import Offer
from fleet.render.charts.registry import Registry


class Remote:
    """Each repository is asked for its index once. indexes: where indexes are kept. Close it."""

    def __init__(self, indexes: Path, timeout_s: float) -> None:
        self._indexes = indexes
        self._http = Http(timeout_s)
        self._turn = threading.Lock()
        self._repositories: dict[Location, IndexRepository] = {}
        self._registries: dict[Location, Registry] = {}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def find(self, place: Location, chart: str, name: str) -> Offer:
        """Return the version of a chart that a name means. Raises SourceError."""
        return (self._registry(place) if place.is_oci else self._repository(place)).find(chart, name)

    def download(self, place: Location, chart: str, offer: Offer, *, everywhere: bool) -> bytes:
        """Return the archive. everywhere: see IndexRepository.download. Raises SourceError if it is not as offered."""
        if place.is_oci:
            data = self._registry(place).download(chart, offer)
        elif offer.url.startswith("oci://"):
            data = self._elsewhere(offer)
        else:
            data = self._repository(place).download(chart, offer, everywhere=everywhere)
        found = hashlib.sha256(data).hexdigest()
        if offer.digest and found != offer.digest:
            summary = f"chart {chart} {offer.version} is not what chart repository {place.shown} says it is"
            detail = f"Its digest is to be {offer.digest},\nbut that of the archive is {found}."
            hint = "It was damaged on its way, or replaced without a new index. Its operator can tell."
            raise SourceError(Problem(summary, detail=detail, hint=hint))
        return data

    def _elsewhere(self, offer: Offer) -> bytes:
        """Return the archive that an index over HTTP has in a registry: `oci://host/path/chart:tag`."""
        url, _, tag = offer.url.rpartition(":")
        if "/" in tag:
            url, tag = offer.url, offer.version
        path, _, chart = url.rpartition("/")
        registry = self._registry(location.parse(path))
        return registry.download(chart, registry.find(chart, re.sub("_", "+", tag)))

    def _repository(self, place: Location) -> IndexRepository:
        with self._turn:
            if place not in self._repositories:
                words = re.sub(r"[^A-Za-z0-9]+", "-", place.url.partition("://")[2]).strip("-")[-60:].lstrip("-")
                digest = hashlib.sha256(f"{place.url}\0{place.user}".encode()).hexdigest()[:12]
                login = credentials.of_repository(place, os.environ)
                file = self._indexes / f"{words}-{digest}.json"
                self._repositories[place] = IndexRepository(place, login, self._http, file)
            return self._repositories[place]

    def _registry(self, place: Location) -> Registry:
        with self._turn:
            if place not in self._registries:
                self._registries[place] = Registry(place, credentials.of_registry(place, os.environ), self._http)
            return self._registries[place]
