"""A proxy in front of a real API server that can be told to misbehave."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from fleet.engine.kubernetes.access import load_access
from fleet.engine.kubernetes.inputs import ProviderInputs

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FaultyProxy:
    """Forwards every request, except that each fault put in `faults` answers one of those it is meant for instead.

    A GET that watches is a WATCH here, one of a container's log a LOG. watching: those that are open. leave: end it.
    """

    inputs: ProviderInputs
    url: str = ""
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    watching: list[web.Request] = field(default_factory=list)
    leave: Callable[[], Awaitable[None]] = field(init=False)

    def inject(self, method: str, fault: Fault, times: int = 1) -> None:
        self.faults += [(method, fault)] * times

    def cut(self) -> None:
        """Break off all watches."""
        for request in self.watching:
            if request.transport is not None:
                request.transport.abort()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        kind = "WATCH" if "watch" in request.query else "LOG" if request.path.endswith("/log") else request.method
        self.seen.append(kind)
        for position, (method, fault) in enumerate(self.faults):
            if method == kind:
                del self.faults[position]
                return await fault(request)
        return await self.forward(request)

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """Answer as the real server does; hang up where that is not there."""
        try:
            return await self._forward(request)
        except aiohttp.ClientError:
            return await hang_up(request)

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        access = await load_access(self.inputs)
        headers = {key: request.headers[key] for key in ("Accept", "Content-Type") if key in request.headers}
        url = access.server + request.raw_path
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, url, data=await request.read() or None, headers=headers, ssl=access.tls
            ) as answer,
        ):
            if "watch" in request.query and answer.status == 200:
                return await self._pass_on(request, answer)
            return web.Response(
                status=answer.status, body=await answer.read(), headers={"Content-Type": answer.content_type}
            )

    async def _pass_on(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": answer.content_type})
        await response.prepare(request)
        self.watching.append(request)
        connection = answer.connection
        try:
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
        finally:
            self.watching.remove(request)
            if connection is not None and connection.transport is not None:
                connection.transport.abort()
        return response


@asynccontextmanager
async def faulty_proxy(inputs: ProviderInputs) -> AsyncIterator[FaultyProxy]:
    proxy = FaultyProxy(inputs)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    proxy.leave = runner.cleanup
    proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield proxy
    finally:
        await runner.cleanup()


def status(code: int, message: str = "injected", **headers: str) -> Fault:
    async def answer(_: web.Request) -> web.Response:
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}
        return web.json_response(body, status=code, headers={key.replace("_", "-"): v for key, v in headers.items()})

    return answer


async def cut(request: web.Request) -> web.StreamResponse:
    """Break off in the middle of an answer."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"kind":')
    assert request.transport is not None
    request.transport.abort()
    return response


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Break off before any answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
