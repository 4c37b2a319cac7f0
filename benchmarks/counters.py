"""Counters: how many requests API servers have answered, and the processor time they took, from their /metrics."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from benchmarks.errors import BenchmarkError

_SAMPLE = re.compile(
    r"^(apiserver_request_total\{(?P<labels>.*)\}|process_cpu_seconds_total) (?P<value>\S+)$", re.MULTILINE
)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_WRITES = frozenset({"APPLY", "CREATE", "DELETE", "DELETECOLLECTION", "PATCH", "POST", "PUT", "UPDATE"})
# Nothing tells an API server's requests to itself from other people's: it renews its lease, reads services every few
# minutes in all namespaces to see that no address is used twice, writes down the address of each, and begins its
# watches anew.
_OF_THE_SERVER = ("leases", "ipaddresses")
_READ_BY_CONTENDERS = ("configmaps", "deployments", "namespaces", "services")
DRY_RUN = " (dry run)"


class Server(Protocol):
    """What can be asked for its metrics."""

    def request(self, method: str, path: str, /) -> Answer:
        """Send one request."""


class Answer(Protocol):
    """What came back."""

    @property
    def ok(self) -> bool:
        """Whether it worked."""

    @property
    def body(self) -> str:
        """The text."""


@dataclass(frozen=True, slots=True)
class Counters:
    """Sums over API servers. calls: verb → requests about objects; a dry run has a verb of its own, `APPLY (dry run)`.

    These are all writes but of leases and addresses, and the reads of namespaces and of what contenders deploy.
    """

    calls: Counter[str] = field(default_factory=Counter)
    cpu_s: float = 0.0

    def __add__(self, other: Counters) -> Counters:
        return Counters(self.calls + other.calls, self.cpu_s + other.cpu_s)

    def __sub__(self, earlier: Counters) -> Counters:
        return Counters(self.calls - earlier.calls, self.cpu_s - earlier.cpu_s)


def writes(calls: Counter[str]) -> int:
    """Return how many of the requests could change something."""
    return sum(number for verb, number in calls.items() if verb in _WRITES)


def read(servers: Iterable[Server]) -> Counters:
    """Ask every API server. Raises BenchmarkError."""
    total = Counters()
    for server in servers:
        answer = server.request("GET", "/metrics")
        if not answer.ok:
            raise BenchmarkError(f"an API server does not tell its metrics: {answer}")
        total += parse(answer.body)
    return total


def parse(metrics: str) -> Counters:
    """Read the text that Prometheus reads."""
    calls: Counter[str] = Counter()
    cpu_s = 0.0
    for sample in _SAMPLE.finditer(metrics):
        if sample["labels"] is None:
            cpu_s = float(sample["value"])
            continue
        labels = dict(_LABEL.findall(sample["labels"]))
        if _is_counted(labels["verb"], labels["resource"], labels["scope"]):
            calls[labels["verb"] + (DRY_RUN if labels["dry_run"] else "")] += int(float(sample["value"]))
    return Counters(calls, cpu_s)


def _is_counted(verb: str, resource: str, scope: str) -> bool:
    if verb in _WRITES:
        return resource not in ("", *_OF_THE_SERVER)
    if (resource, scope) == ("services", "cluster"):
        return False
    return resource in _READ_BY_CONTENDERS and verb != "WATCH"
