"""Sockets are waited for until they are closed, and no longer."""

import asyncio
import gc
import socket

from fleet.engine.kubernetes.sockets import Sockets

ADDRESS = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))


async def test_none_is_waited_for() -> None:
    await Sockets().all_closed()


async def test_one_that_is_open_is_waited_for() -> None:
    sockets = Sockets()
    one, other = sockets.open(ADDRESS), sockets.open(ADDRESS)
    one.close()
    waiting = asyncio.ensure_future(sockets.all_closed())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not waiting.done()
    other.close()
    await waiting


async def test_one_that_nobody_has_any_more_is_forgotten() -> None:
    sockets = Sockets()
    sockets.open(ADDRESS).close()
    gc.collect()
    assert not list(sockets._opened)
