"""Clusters that are in trouble, each in its own way: real API servers behind proxies that misbehave.

Each is one more name for the API server of `dev` (or `prod`, the one that is restarted), with a namespace of its own,
so that there may be many of them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from fleet import yamlio
from fleet.engine.kubernetes.inputs import ProviderInputs
from localclusters import Cluster, LocalClusters, ports
from localclusters.kubeconfig import only_context
from tests.engine.kubernetes.faults import Fault, FaultyProxy, cut, faulty_proxy, hang_up, status

FOR_EVER = 10_000
WRITES = ("PATCH",)
EVERYTHING = ("GET", "PATCH", "DELETE", "WATCH", "LOG")


@dataclass(slots=True)
class Stage:
    """What faults may look at, and leave behind.

    restarted: the cluster that is restarted. healthy: set once the clusters without a fault hold everything.
    held: answers that were held until then.
    """

    restarted: Cluster
    healthy: asyncio.Event = field(default_factory=asyncio.Event)
    held: int = 0
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)


Setting = Callable[[FaultyProxy, Stage], None]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a cluster suffers from. row: the first cell of its line in docs/reference/trouble.md.

    setting: what its proxy does; None where there is no proxy, or nothing to do. failure: what is said of the cluster,
    if it is given up, and details. refused: object → the same of it. skipped: objects that are not tried.
    """

    row: str
    setting: Setting | None = None
    failure: tuple[str, str] | None = None
    refused: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()

    @property
    def passes(self) -> bool:
        """Whether the run succeeds all the same."""
        return self.failure is None and not self.refused


def answering(code: int, times: int = FOR_EVER, kinds: Iterable[str] = WRITES, message: str = "injected") -> Setting:
    """Return a server that answers with a status, so many times."""
    return lambda proxy, _: inject(proxy, status(code, message, Retry_After="1"), times, kinds)


def failing(times: int, message: str) -> Setting:
    """Return a server that answers writes with 500, so many times."""
    return lambda proxy, _: inject(proxy, status(500, message), times, WRITES)


def breaking(fault: Fault, times: int, kinds: Iterable[str]) -> Setting:
    """Return a server whose answers break off, so many times."""
    return lambda proxy, _: inject(proxy, fault, times, kinds)


def forbidding(plural: str) -> Setting:
    """Return a server that lets nobody write to one kind."""

    def setting(proxy: FaultyProxy, _: Stage) -> None:
        message = f'{plural} is forbidden: User "test" cannot patch resource "{plural}" in API group ""'

        async def answer(request: web.Request) -> web.StreamResponse:
            is_meant = f"/{plural}/" in request.path
            return await status(403, message)(request) if is_meant else await proxy.forward(request)

        inject(proxy, answer, FOR_EVER, WRITES)

    return setting


def late(proxy: FaultyProxy, stage: Stage) -> None:
    """A server that answers nothing before the clusters without a fault are done: who waits for it waits for ever."""

    async def answer(request: web.Request) -> web.StreamResponse:
        stage.held += not stage.healthy.is_set()
        await stage.healthy.wait()
        return await proxy.forward(request)

    inject(proxy, answer, FOR_EVER, EVERYTHING)


def vanishing(proxy: FaultyProxy, stage: Stage) -> None:
    """A server that takes one write, and is gone."""

    async def answer(request: web.Request) -> web.StreamResponse:
        inject(proxy, hang_up, FOR_EVER, EVERYTHING)
        response = await proxy.forward(request)
        await response.prepare(request)
        await response.write_eof()
        stage.tasks.append(asyncio.ensure_future(proxy.leave()))
        return response

    inject(proxy, answer, 1, WRITES)


def restarting(proxy: FaultyProxy, stage: Stage) -> None:
    """An API server that is restarted while it is written to."""

    def restart() -> None:
        stage.restarted.stop()
        stage.restarted.start()

    async def answer(request: web.Request) -> web.StreamResponse:
        stage.tasks.append(asyncio.ensure_future(asyncio.to_thread(restart)))
        return await hang_up(request)

    inject(proxy, proxy.forward, 1, WRITES)
    inject(proxy, answer, 1, WRITES)


def inject(proxy: FaultyProxy, fault: Fault, times: int, kinds: Iterable[str]) -> None:
    """Have requests of these kinds answered by a fault, each so many times."""
    for kind in kinds:
        proxy.inject(kind, fault, times)


@asynccontextmanager
async def troubled(
    troubles: Mapping[str, Trouble], clusters: LocalClusters, folder: Path, stage: Stage
) -> AsyncIterator[None]:
    """Let clusters have their troubles, by their kubeconfigs in a folder, for as long as the context lasts."""
    async with AsyncExitStack() as stack:
        closed = await stack.enter_async_context(_closed())
        silent = await stack.enter_async_context(_silent())
        elsewhere = {
            "refused": f"https://127.0.0.1:{closed}",
            "swallowed": f"https://127.0.0.1:{silent}",
            "untrusted": clusters["hub"].server,
        }
        for name, trouble in troubles.items():
            real = behind(clusters, name)
            if name in elsewhere:
                document = direct(real) | {"clusters": _at(direct(real)["clusters"], elsewhere[name])}
            elif trouble.setting is None:
                document = direct(real)
            else:
                proxy = await stack.enter_async_context(faulty_proxy(_inputs(real)))
                trouble.setting(proxy, stage)
                document = _plain(proxy.url)
            write(folder, name, document)
        yield
        await asyncio.gather(*stage.tasks)
    for name in troubles:
        write(folder, name, direct(behind(clusters, name)))


def behind(clusters: LocalClusters, name: str) -> Cluster:
    """Return the real cluster behind a name."""
    return clusters[{"restarted": "prod", "healthy-hub": "hub"}.get(name, "dev")]


def write(folder: Path, name: str, document: Mapping[str, Any]) -> None:
    """Write the kubeconfig of a cluster: JSON is YAML."""
    (folder / f"{name}.yaml").write_text(json.dumps(document))


def direct(cluster: Cluster) -> dict[str, Any]:
    """Return a kubeconfig that leads straight to a cluster."""
    (document,) = yamlio.load_documents(cluster.kubeconfig.read_text(), file="kubeconfig")
    return only_context(dict(document.data), cluster.context)


async def until(is_so: Callable[[], bool], running: asyncio.Future[Any]) -> bool:
    """Return once something is so, or what it depends on has ended; whether it was so first."""
    while not await asyncio.to_thread(is_so):
        if running.done():
            return False
        await asyncio.sleep(0.1)
    return not running.done()


def _at(entries: list[dict[str, Any]], server: str) -> list[dict[str, Any]]:
    return [{**each, "cluster": {**each["cluster"], "server": server}} for each in entries]


def _plain(url: str) -> dict[str, Any]:
    return {
        "current-context": "proxy",
        "contexts": [{"name": "proxy", "context": {"cluster": "proxy"}}],
        "clusters": [{"name": "proxy", "cluster": {"server": url}}],
    }


def _inputs(cluster: Cluster) -> ProviderInputs:
    return ProviderInputs(
        name=cluster.name, base_dir=Path("/"), kubeconfig=str(cluster.kubeconfig), context=cluster.context
    )


@asynccontextmanager
async def _closed() -> AsyncIterator[int]:
    """Yield a port on which connections are refused."""
    with ports.hold_free_port() as holder:
        yield ports.number(holder)


@asynccontextmanager
async def _silent() -> AsyncIterator[int]:
    """Yield a port on which connections are taken and nothing is ever said."""
    taken: list[asyncio.StreamWriter] = []

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for writer in taken:
            writer.transport.abort()


NOT_REACHED = "the cluster cannot be reached"
EVERY_OBJECT = ("a", "b", "web")
SOMEBODY_ELSE = ("it is being changed by somebody else at the same time", "injected")
NO_SPACE = ("the API server failed", "etcdserver: no space")
POLICY = "a policy of the cluster refuses it"

# By the name of the cluster.
PASSING: Mapping[str, Trouble] = {
    "conflicts": Trouble("somebody else changes an object at the same time (409)", answering(409, 2)),
    "busy": Trouble("it is busy for a moment (408, 429, 502, 503, 504)", answering(429, 2)),
    "bursts": Trouble("it fails for a moment (500)", failing(3, "etcdserver: leader changed")),
    "cut": Trouble("its answers break off in the middle", breaking(cut, 2, ("GET", "PATCH"))),
    "hung-up": Trouble("it hangs up without an answer", breaking(hang_up, 2, ("GET", "PATCH"))),
    "watch-cut": Trouble("it cuts off watches", breaking(hang_up, 3, ("WATCH",))),
    "late": Trouble("its answers take long", late),
    "restarted": Trouble("its API server is restarted during the run", restarting),
}
LOST: Mapping[str, Trouble] = {
    "refused": Trouble("its address refuses connections", failure=(NOT_REACHED, "connection refused")),
    "swallowed": Trouble("what is sent to it is swallowed", failure=(NOT_REACHED, "no connection within the time")),
    "untrusted": Trouble(
        "its certificate is signed by somebody else", failure=(NOT_REACHED, "the server's certificate is not trusted")
    ),
    "unknown-user": Trouble(
        "it does not know the user (401)",
        answering(401, FOR_EVER, EVERYTHING, "Unauthorized"),
        failure=("the cluster refuses the credentials", "Unauthorized"),
    ),
    "overloaded": Trouble(
        "it answers everything with 408, 429, 502, 503 or 504",
        answering(503, FOR_EVER, EVERYTHING, "not yet"),
        failure=("the API server takes no requests", "503: not yet"),
    ),
    "gone": Trouble("it stops answering in the middle of the run", vanishing, failure=(NOT_REACHED, "refused")),
}
REFUSING: Mapping[str, Trouble] = {
    "forbidden": Trouble(
        "the user may not write a kind (403)", forbidding("secrets"), refused={"b": ("not allowed", "cannot patch")}
    ),
    "contested": Trouble(
        "somebody else changes an object all the time (409)",
        answering(409),
        refused=dict.fromkeys(EVERY_OBJECT, SOMEBODY_ELSE),
    ),
    "broken": Trouble(
        "it fails at every write (500)",
        failing(FOR_EVER, "etcdserver: no space"),
        refused=dict.fromkeys(EVERY_OBJECT, NO_SPACE),
    ),
    "webhook": Trouble(
        "an admission webhook refuses an object", refused={"b": (POLICY, "secrets come from the vault")}
    ),
    "no-webhook": Trouble(
        "an admission webhook does not answer", refused={"b": ("the API server failed", "failed calling webhook")}
    ),
    "policy": Trouble(
        "an admission policy refuses an object",
        refused={"denied": (POLICY, "namespaces are made by the platform")},
        skipped=frozenset({"inner"}),
    ),
    "quota": Trouble("a quota is used up", refused={"b": ("the quota of its namespace is used up", "exceeded quota")}),
    "terminating": Trouble(
        "a namespace is being deleted", refused={"inner": ("its namespace is being deleted", "being terminated")}
    ),
}
TROUBLES: Mapping[str, Trouble] = {**PASSING, **LOST, **REFUSING}
