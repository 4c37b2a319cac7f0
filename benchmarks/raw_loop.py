"""The program of the raw yardstick: `python -m benchmarks.raw_loop PLAN`. It imports as little as it can.

In: a file that says what to do with which objects where. It ends with an error at the first request that fails.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp
import yaml

from benchmarks.paths import collection

PAGE = 500


class Action(StrEnum):
    """What is done with every object; LIST reads them all in pages."""

    APPLY = "apply"
    DRY_RUN = "dry run"
    LIST = "list"
    DELETE = "delete"


_PATCH = ("PATCH", "?fieldManager=bench&force=true&fieldValidation=Ignore")
_REQUESTS: Mapping[Action, tuple[str, str]] = MappingProxyType(
    {
        Action.APPLY: _PATCH,
        Action.DRY_RUN: (_PATCH[0], f"{_PATCH[1]}&dryRun=All"),
        Action.DELETE: ("DELETE", ""),
    }
)
_HEADERS = MappingProxyType({"Content-Type": "application/apply-patch+yaml", "Accept": "application/json"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request. path: with its query."""

    method: str
    path: str
    body: str | None


@dataclass(frozen=True, slots=True)
class Work:
    """What is done in each cluster. collections: the paths that LIST reads. pending: makes the requests."""

    action: Action
    collections: Sequence[str]
    pending: Callable[[], Iterator[Call]]
    in_flight: int


def calls(action: Action, namespace: str, lines: Sequence[str]) -> Iterator[Call]:
    """Return the requests for objects given as one line of JSON each."""
    method, query = _REQUESTS[action]
    for line in lines:
        each = json.loads(line)
        path = f"{collection(namespace, each['apiVersion'], each['kind'])}/{each['metadata']['name']}{query}"
        yield Call(method, path, line if method == "PATCH" else None)


def main(plan: Mapping[str, Any]) -> None:
    """Do what the plan says in all clusters at once."""
    lines = Path(plan["bodies"]).read_text().splitlines()
    kubeconfigs = [yaml.safe_load(Path(each).read_text()) for each in plan["kubeconfigs"]]
    action = Action(plan["action"])
    work = Work(action, plan["collections"], lambda: calls(action, plan["namespace"], lines), plan["inFlight"])
    asyncio.run(_all_clusters(kubeconfigs, work))


async def _all_clusters(kubeconfigs: Sequence[Mapping[str, Any]], work: Work) -> None:
    async with asyncio.TaskGroup() as clusters:
        for each in kubeconfigs:
            clusters.create_task(_one_cluster(each, work))


async def _one_cluster(kubeconfig: Mapping[str, Any], work: Work) -> None:
    async with _session(kubeconfig, work.in_flight) as session:
        if work.action is Action.LIST:
            for each in work.collections:
                await _list(session, each)
            return
        pending = work.pending()
        async with asyncio.TaskGroup() as workers:
            for _ in range(work.in_flight):
                workers.create_task(_work(session, pending))


async def _work(session: aiohttp.ClientSession, pending: Iterator[Call]) -> None:
    for call in pending:
        async with session.request(call.method, call.path, data=call.body) as response:
            await _content(response)


async def _list(session: aiohttp.ClientSession, path: str) -> None:
    query: dict[str, str] = {"limit": str(PAGE)}
    while True:
        async with session.get(path, params=query) as response:
            page = json.loads(await _content(response))
        if not (more := page["metadata"].get("continue")):
            return
        query = {"limit": str(PAGE), "continue": more}


async def _content(response: aiohttp.ClientResponse) -> bytes:
    content = await response.read()
    if response.status >= 400:
        raise RuntimeError(f"{response.method} {response.url}: {response.status} {content.decode(errors='replace')}")
    return content


@asynccontextmanager
async def _session(kubeconfig: Mapping[str, Any], in_flight: int) -> AsyncIterator[aiohttp.ClientSession]:
    cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
    connector = aiohttp.TCPConnector(limit=in_flight, ssl=_tls(cluster, user))
    async with aiohttp.ClientSession(cluster["server"], connector=connector, headers=_HEADERS) as session:
        yield session


def _tls(cluster: Mapping[str, str], user: Mapping[str, str]) -> ssl.SSLContext:
    """Return the trust and the client certificate of a kubeconfig; Python reads a certificate from a file only."""
    context = ssl.create_default_context(cadata=_decoded(cluster["certificate-authority-data"]))
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(_decoded(user["client-certificate-data"]) + _decoded(user["client-key-data"]))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
