"""Sockets of a session, known so that one can wait until they are closed.

A connection whose making was given up closes by itself, and nobody is told when it has; an event loop that ends before
leaves it unclosed.
"""

from __future__ import annotations

import asyncio
import socket
import weakref
from typing import Any, Final

_PAUSE_S: Final = 0.001
_TRIES: Final = 1000


class Sockets:
    """Opens sockets, for aiohttp's `socket_factory`, and remembers them as long as they are in use."""

    def __init__(self) -> None:
        self._opened: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def open(self, address: tuple[Any, ...]) -> socket.socket:
        """Return a socket for an address, as `socket.getaddrinfo` gives one."""
        family, type_, protocol, *_ = address
        opened = socket.socket(family, type_, protocol)
        self._opened.add(opened)
        return opened

    async def all_closed(self) -> None:
        """Wait until all of them are closed, for a second at most: all have been asked to."""
        for _ in range(_TRIES):
            if all(each.fileno() == -1 for each in self._opened):
                return
            await asyncio.sleep(_PAUSE_S)
