"""Sending requests to one API server: connections, concurrency, retries, and giving a dead server up.

In: requests as values. Out: the server's answers, whatever they say; what they mean is not decided here.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from fleet.engine.kubernetes.access import Access, Login
from fleet.engine.kubernetes.connection import CONNECTION_ERRORS, explained, is_final, is_met, is_silence, turned_away
from fleet.engine.kubernetes.errors import ClusterUnavailableError, KubernetesError, ObjectFailedError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.requests import Request, Response
from fleet.engine.kubernetes.retries import (
    CONNECT_TIMEOUT_S,
    OVERLOADED,
    Outage,
    backoff_s,
    may_ask_again,
    retry_after_s,
)
from fleet.engine.kubernetes.sockets import Sockets
from fleet.engine.kubernetes.wire import Answer, StaleConnectionError, Wire
from fleet.errors import Problem, Where

IN_FLIGHT = 32
_OK, _UNAUTHORIZED = 200, 401
# RFC 7234: `299 - "text"`, with quotes in the text escaped.
_WARNING = re.compile(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')
_LONGEST_HEADER = 65536
# A stream on which nothing comes for so long may be dead; a quiet one is sent a bookmark every minute.
_LONGEST_SILENCE_S = 90.0


@dataclass(slots=True)
class _Sending:
    """A request on its way. began: when it was first sent; waiting for its turn does not use up its budget."""

    request: Request
    attempt: int = 0
    began: float = 0.0

    def delay_s(self, response: Response | None, now: float) -> float | None:
        """Return how long to wait before asking again, None for not at all."""
        return backoff_s(self.attempt) if response is None else retry_after_s(response, self.attempt, now - self.began)


class Transport:
    """The connection to one API server. Opens when first used; `close` it.

    sent: requests by verb, repetitions included.
    """

    def __init__(self, inputs: ProviderInputs, warn: Callable[[str], None], in_flight: int = IN_FLIGHT) -> None:
        self._inputs = inputs
        self._login = Login(inputs)
        self._warn = warn
        self._warned: set[str] = set()
        self._slots = asyncio.Semaphore(in_flight)
        self._wire = Wire(timeout_s=inputs.timeout_s, connect_timeout_s=CONNECT_TIMEOUT_S)
        self._session: aiohttp.ClientSession | None = None
        self._sockets = Sockets()
        self._outage = Outage()
        self._given_up: Problem | None = None
        self.sent: Counter[str] = Counter()

    async def access(self) -> Access:
        """Return how we get in. Raises ClusterUnavailableError, from then on at once."""
        if self._given_up is not None:
            raise ClusterUnavailableError(self._given_up)
        try:
            return await self._login.access()
        except ClusterUnavailableError as error:
            raise self.give_up(error.problem) from error

    async def send(self, request: Request) -> Response:
        """Return the server's answer, asking again while that may help.

        Raises ClusterUnavailableError when there is no answer for long enough or the credentials are refused: the same
        for every request from then on, at once. Raises ObjectFailedError when the server answers others, but not this.
        """
        sending, access, was_refused = _Sending(request), await self.access(), False
        while True:
            response = await self._attempt(sending, access)
            if response is not None and response.status == _UNAUTHORIZED:
                access = await self._other_access(access, response, was_refused=was_refused)
                was_refused = True
                continue
            delay = sending.delay_s(response, time.monotonic())
            if response is not None and delay is None:
                if sending.attempt:
                    self._check_overload(response, access)
                return response
            await asyncio.sleep((delay or 0.0) * random.uniform(1.0, 1.25))  # noqa: S311 - spreads retries, no secret
            sending.attempt += 1
            access = await self.access()

    async def stream(self, request: Request, take: Callable[[Any], None]) -> Response | None:
        """Hand over each JSON document of an answer as it comes, one per line; return None when the answer ends.

        It is no request under way as others are: it takes none of their turns, and may last. One that breaks off, or
        falls silent, ends like any other. Returns the answer where it is a refusal. Raises ClusterUnavailableError as
        `send` does.
        """
        sent_at = time.monotonic()
        access = await self.access()
        try:
            refusal = await self._receive(request, access, take)
            if refusal is not None and refusal.status == _UNAUTHORIZED:
                access = await self._other_access(access, refusal, was_refused=False)
                refusal = await self._receive(request, access, take)
        except CONNECTION_ERRORS as error:
            self._note_outage(error, access, sent_at)
            return None
        if refusal is not None and refusal.status == _UNAUTHORIZED:
            raise self.give_up(_refused(self._inputs.name, access, refusal))
        return refusal

    async def _receive(self, request: Request, access: Access, take: Callable[[Any], None]) -> Response | None:
        self._count(request)
        timeout = aiohttp.ClientTimeout(connect=CONNECT_TIMEOUT_S, sock_read=_LONGEST_SILENCE_S)
        async with self._request(request, access, timeout=timeout) as answer:
            if answer.status not in OVERLOADED:
                self._outage.ended(time.monotonic())
            if answer.status != _OK:
                wishes = answer.headers.getall("Retry-After", ())
                return Response(answer.status, _decoded(await answer.read()), _seconds(wishes))
            # Once there was an answer, its end says nothing about the server.
            with suppress(*CONNECTION_ERRORS):
                await _hand_over(answer, take)
            return None

    def give_up(self, problem: Problem) -> ClusterUnavailableError:
        """Return the error for every request from now on; the first reason stays."""
        self._given_up = self._given_up or problem
        return ClusterUnavailableError(self._given_up)

    async def close(self) -> None:
        """End all connections."""
        await self._login.close()
        await self._wire.close()
        if self._session is not None:
            await self._session.close()
            # A watch that was ended while it began leaves a connection that is still being closed.
            await self._sockets.all_closed()

    async def _attempt(self, sending: _Sending, access: Access) -> Response | None:
        """Return the answer, None where there was none and asking again may help."""
        sent_at = 0.0
        try:
            async with self._slots:
                sent_at = time.monotonic()
                sending.began = sending.began or sent_at
                response = await self._exchange(sending.request, access)
        except CONNECTION_ERRORS as error:
            self._note_failure(error, sending, access, sent_at)
            return None
        if response.status in OVERLOADED:
            self._outage.turned_away(sent_at, time.monotonic())
        else:
            self._outage.ended(time.monotonic())
        return response

    async def _exchange(self, request: Request, access: Access) -> Response:
        answer = await self._answer(request, access)
        for header in answer.all("warning"):
            self._report(request, header)
        return Response(answer.status, _decoded(answer.body), _seconds(answer.all("retry-after")))

    async def _answer(self, request: Request, access: Access) -> Answer:
        self._count(request)
        if access.proxy is not None:
            return await self._answer_through_proxy(request, access)
        try:
            return await self._wire.exchange(request, access)
        except StaleConnectionError:
            self._count(request)
            return await self._wire.exchange(request, access, anew=True)

    async def _answer_through_proxy(self, request: Request, access: Access) -> Answer:
        async with self._request(request, access) as answer:
            headers = [(name.lower(), value) for name, value in answer.headers.items()]
            return Answer(answer.status, headers, await answer.read())

    def _count(self, request: Request) -> None:
        if self._given_up is not None:
            raise ClusterUnavailableError(self._given_up)
        self.sent[request.verb] += 1

    def _request(
        self, request: Request, access: Access, **options: Any
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Return the answer to come, a context manager. options: of aiohttp."""
        headers = [*access.headers, ("Accept", request.accept)]
        if request.body:
            headers.append(("Content-Type", request.content_type))
        return self._open_session().request(
            request.method,
            URL(access.server + request.path, encoded=True),
            data=request.body or None,
            headers=headers,
            ssl=access.tls,
            server_hostname=access.server_name,
            proxy=access.proxy,
            allow_redirects=False,
            **options,
        )

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Concurrency is limited before a request's time starts to run, so the pool itself has no limit.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60.0, socket_factory=self._sockets.open),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self._inputs.timeout_s, connect=CONNECT_TIMEOUT_S),
                max_field_size=_LONGEST_HEADER,
            )
        return self._session

    def _note_failure(self, error: Exception, sending: _Sending, access: Access, sent_at: float) -> None:
        """Decide whether a missing answer is to be waited for. Raises where it is not."""
        problem = self._note_outage(error, access, sent_at)
        now, timed_out = time.monotonic(), is_silence(error)
        if not may_ask_again(sending.attempt, now - sending.began, timed_out=timed_out):
            if self._outage.lasts(now) and not timed_out:
                raise self.give_up(problem) from error
            raise self._unanswered(sending.request, problem) from error

    def _note_outage(self, error: Exception, access: Access, sent_at: float) -> Problem:
        """Return what a missing answer means. Raises where the whole server is not waited for any longer."""
        problem = explained(error, cluster=self._inputs.name, server=access.server)
        if self._outage.goes_on(sent_at, time.monotonic(), is_met=is_met(error)) or is_final(error):
            raise self.give_up(problem) from error
        return problem

    def _check_overload(self, response: Response, access: Access) -> None:
        """Raise where not only this request was told to come back later, for as long as it may be asked again."""
        if response.status in OVERLOADED and self._outage.lasts(time.monotonic()):
            raise self.give_up(turned_away(response, cluster=self._inputs.name, server=access.server))

    async def _other_access(self, access: Access, response: Response, *, was_refused: bool) -> Access:
        if was_refused:
            raise self.give_up(_refused(self._inputs.name, access, response))
        try:
            return await self._login.renewed(access)
        except ClusterUnavailableError as error:
            raise self.give_up(error.problem) from error

    def _unanswered(self, request: Request, problem: Problem) -> KubernetesError:
        return ObjectFailedError(
            Problem(
                f"{request.about}: the API server did not answer",
                Where(cluster=self._inputs.name),
                problem.detail,
                "It answers other requests. An admission webhook that hangs is the usual reason.",
            )
        )

    def _report(self, request: Request, header: str) -> None:
        for text in _WARNING.findall(header):
            warning = f"{request.about}: {text.replace(chr(92), '')}"
            if warning not in self._warned:
                self._warned.add(warning)
                self._warn(warning)


async def _hand_over(answer: aiohttp.ClientResponse, take: Callable[[Any], None]) -> None:
    rest = b""
    connection = answer.connection
    try:
        async for chunk in answer.content.iter_any():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in filter(None, lines):
                take(_decoded(line))
    finally:
        # To take leave of a server that is still talking takes longer than the event loop may live.
        if connection is not None and connection.transport is not None:
            connection.transport.abort()


def _decoded(raw: bytes) -> Any:
    with suppress(ValueError):
        return json.loads(raw)
    return raw.decode(errors="replace")


def _seconds(retry_after: Sequence[str]) -> float | None:
    """Return what Retry-After says; the API server sends whole seconds, never a date."""
    return next((float(value) for value in retry_after if value.isdecimal()), None)


def _refused(cluster: str, access: Access, response: Response) -> Problem:
    return Problem(
        "the cluster refuses the credentials",
        Where(cluster=cluster),
        f"{access.login}: {response.message}",
        "Log in again; `kubectl get namespaces` with this kubeconfig and context must work.",
    )
