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
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

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
from fleet.engine.kubernetes.wire import Answer, StaleConnectionError, Wire
from fleet.errors import Problem, Where

if TYPE_CHECKING:
    from fleet.engine.kubernetes.sessions import Sessions

IN_FLIGHT = 32
_UNAUTHORIZED = 401
# RFC 7234: `299 - "text"`, with quotes in the text escaped.
_WARNING = re.compile(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')


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
        self._sessions: Sessions | None = None
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
        answer = await self._opened().stream(request, access, self._note_begun, lambda line: take(_decoded(line)))
        return None if answer is None else _response(answer)

    def _note_begun(self, status: int) -> None:
        if status not in OVERLOADED:
            self._outage.ended(time.monotonic())

    def give_up(self, problem: Problem) -> ClusterUnavailableError:
        """Return the error for every request from now on; the first reason stays."""
        self._given_up = self._given_up or problem
        return ClusterUnavailableError(self._given_up)

    async def close(self) -> None:
        """End all connections."""
        await self._login.close()
        await self._wire.close()
        if self._sessions is not None:
            await self._sessions.close()

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
        return _response(answer)

    async def _answer(self, request: Request, access: Access) -> Answer:
        self._count(request)
        if access.proxy is not None:
            return await self._opened().exchange(request, access)
        try:
            return await self._wire.exchange(request, access)
        except StaleConnectionError:
            self._count(request)
            return await self._wire.exchange(request, access, anew=True)

    def _count(self, request: Request) -> None:
        if self._given_up is not None:
            raise ClusterUnavailableError(self._given_up)
        self.sent[request.verb] += 1

    def _opened(self) -> Sessions:
        if self._sessions is None:
            from fleet.engine.kubernetes.sessions import Sessions  # noqa: PLC0415 - aiohttp takes long to import

            self._sessions = Sessions(self._inputs.timeout_s)
        return self._sessions

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


def _response(answer: Answer) -> Response:
    return Response(answer.status, _decoded(answer.body), _seconds(answer.all("retry-after")))


def _decoded(raw: bytes) -> Any:
    for load in (orjson.loads, json.loads):
        with suppress(ValueError):
            return load(raw)
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
