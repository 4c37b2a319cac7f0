"""Doing things at once, and not twice: shared results and groups that fail as one."""

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
    """Run all at once and return the results in order; the first error cancels the rest and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except BaseExceptionGroup as errors:
        raise _first(errors) from None
    return [task.result() for task in tasks]


def _seen(task: asyncio.Task[Any]) -> None:
    """Retrieve the error of work that nobody waits for any more, so that asyncio does not report it as lost."""
    if not task.cancelled():
        task.exception()


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
