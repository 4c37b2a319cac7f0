"""Asking the API server what applying an object would give, where we may."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from fleet.engine.kubernetes.api import Api
from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.engine.kubernetes.observation import Known
from fleet.engine.kubernetes.refs import Target
from fleet.engine.kubernetes.requests import Response

_FORBIDDEN = 403


class DryRuns:
    """Dry runs for objects of one kind. The first in a namespace finds out for the others whether they are allowed."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._allowed: dict[str, bool] = {}
        self._firsts: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ask(self, target: Target, known: Known) -> Response | str:
        """Return what applying the object would give, or in words why that cannot be known."""
        namespace = target.ref.namespace
        if namespace not in self._allowed:
            async with self._firsts[namespace]:
                if namespace not in self._allowed:
                    return await self._ask(target, known)
        return await self._ask(target, known) if self._allowed[namespace] else "not allowed"

    async def _ask(self, target: Target, known: Known) -> Response | str:
        try:
            answer = await self._api.apply(target, known.wanted, manager=known.manager, dry_run=True)
        except ObjectFailedError as error:
            self._allowed[target.ref.namespace] = error.status != _FORBIDDEN
            return error.problem.summary
        self._allowed[target.ref.namespace] = True
        return answer
