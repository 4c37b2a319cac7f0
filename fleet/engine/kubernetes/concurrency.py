"""Doing things at once, and not twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Runs one piece of work at a time: who asks for it meanwhile gets the result of the one under way.

    The work goes on when one who waits for it is cancelled, because the others still need it.
    """

    def __init__(self) -> None:
        self._task: asyncio.Task[T] | None = None

    async def run(self, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of the work under way, or start it."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(start())
            self._task.add_done_callback(_seen)
        return await asyncio.shield(self._task)

    async def cancel(self) -> None:
        """End the work under way."""
        await cancelled(self._task)


async def cancelled(task: asyncio.Task[Any] | None) -> None:
    """Cancel a task and wait until it has ended."""
    if task is not None and not task.done():
        task.cancel()
        await asyncio.wait([task])


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run all at once and return the results in order; when all have ended, the first error is raised as it is.

    Nothing is cut off on the way to an error: a request that is cancelled costs its connection.
    """
    results = await asyncio.gather(*work, return_exceptions=True)
    return [_value(result) for result in results]


def _value(result: T | BaseException) -> T:
    if isinstance(result, BaseException):
        raise result
    return result


def _seen(task: asyncio.Task[Any]) -> None:
    """Retrieve the error of work that nobody waits for any more, so that asyncio does not report it as lost."""
    if not task.cancelled():
        task.exception()
