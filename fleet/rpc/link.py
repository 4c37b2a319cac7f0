"""Link: one connection of HTTP/2, from either end: frames, settings, and how much may be sent (RFC 9113).

In: what the peer sends, and messages to send. Out: bytes, and calls of the methods that a subclass has for what comes.
Many messages go out in one piece: what is written in one turn of the event loop is sent at its end, and where much is
under way anyway, what is written within a moment.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from struct import Struct
from typing import Final, cast

from fleet.rpc import frames
from fleet.rpc.errors import INTERNAL, UNIMPLEMENTED, ProtocolError, RpcError
from fleet.rpc.frames import Frame, Splitter
from fleet.rpc.headers import HeaderReader

# What a message of gRPC begins with: whether it is compressed, and its length.
_PREFIX: Final = Struct(">BL")
_OPENING: Final = frames.settings(
    (frames.HEADER_TABLE_SIZE, 0), (frames.INITIAL_WINDOW_SIZE, frames.LARGEST_WINDOW)
) + frames.window_update(0, frames.LARGEST_WINDOW - frames.DEFAULT_WINDOW)
# How much is taken in before the peer is told that there is room for as much again.
_ROOM: Final = 2**20
_PROTOCOL_ERROR: Final = 0x1
# A moment: a message that is one of many may wait for so long, as sending costs more than what is sent.
_MOMENT_S: Final = 0.005


@dataclass(slots=True)
class _Held:
    """A message that waits for the peer to let more of it be sent. sent: bytes of it. after: frames behind it."""

    data: bytes
    after: bytes
    sent: int = 0


class Link(asyncio.Protocol):
    """One connection. Subclasses say what they begin with, and take what comes on its streams.

    closed: done once the connection is.
    """

    def __init__(self) -> None:
        self.closed = asyncio.get_running_loop().create_future()
        self.limit = frames.LARGEST_WINDOW  # how many streams the peer wants to have open at once
        self._loop = asyncio.get_running_loop()
        self._splitter = Splitter()
        self._reader = HeaderReader()
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._flushing: asyncio.Handle | None = None
        self._window = self._initial_window = frames.DEFAULT_WINDOW
        self._windows: dict[int, int] = {}
        self._held: dict[int, _Held] = {}
        self._taken = 0
        self._block: tuple[Frame, list[bytes]] | None = None

    @abstractmethod
    def received_headers(self, stream: int, fields: Mapping[str, str], *, ends: bool) -> None:
        """Take the header fields of a stream, its first or its last. ends: nothing comes after them."""

    @abstractmethod
    def received_data(self, stream: int, data: bytes, *, ends: bool) -> None:
        """Take a piece of what a stream carries."""

    @abstractmethod
    def received_reset(self, stream: int) -> None:
        """Take it that the peer has ended a stream before its time."""

    def is_busy(self) -> bool:
        """Return whether so many messages are to come that one of them may wait for a moment."""
        return False

    @abstractmethod
    def lost(self) -> None:
        """Take it that nothing comes any more."""

    def begin(self, opening: bytes) -> None:
        """Send what a connection begins with. opening: what is before the first frame."""
        self.write(opening + _OPENING)

    def write(self, data: bytes) -> None:
        """Send frames, together with all that is written in this turn of the event loop, or within a moment."""
        self._out.append(data)
        if self._flushing is None:
            later = partial(self._loop.call_later, _MOMENT_S) if self.is_busy() else self._loop.call_soon
            self._flushing = later(self._flush)

    def send(self, stream: int, before: bytes, message: bytes, after: bytes) -> None:
        """Send a message, once the peer lets it: all of what this side has to say on the stream.

        before, after: blocks of headers; where there is nothing to say after it, the message ends the stream.
        """
        data = _PREFIX.pack(0, len(message)) + message
        begin = frames.frame(frames.HEADERS, frames.END_HEADERS, stream, before)
        end = frames.frame(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, stream, after) if after else b""
        window = min(self._window, self._initial_window + self._windows.get(stream, 0), frames.DEFAULT_FRAME)
        if len(data) <= window and not self._held:
            self._window -= len(data)
            self._windows.pop(stream, None)
            flags = 0 if end else frames.END_STREAM
            self.write(begin + frames.head(len(data), frames.DATA, flags, stream) + data + end)
            return
        self._windows.setdefault(stream, 0)
        self._held[stream] = _Held(data, end)
        self.write(begin)
        self._go_on()

    def opened(self, stream: int) -> None:
        """Count what the peer lets be sent on a stream, from now on."""
        self._windows[stream] = 0

    def ended(self, stream: int) -> None:
        """Send nothing more on a stream."""
        self._windows.pop(stream, None)
        if self._held.pop(stream, None) is not None:
            self._go_on()

    def close(self) -> None:
        """Send what is written, and end the connection."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why makes no difference
        """Take it that the connection is gone."""
        self._transport = None
        self.lost()
        self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Take what the peer has sent."""
        try:
            for each in self._splitter.split(data):
                self._take(each)
        except ProtocolError:
            self.write(frames.goaway(0, _PROTOCOL_ERROR))
            self.close()

    def _flush(self) -> None:
        self._flushing = None
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _take(self, found: Frame) -> None:
        if self._block is not None or found.type == frames.CONTINUATION:
            self._continue(found)
        elif found.type == frames.DATA:
            self._take_in(len(found.payload))
            self.received_data(found.stream, frames.content(found), ends=bool(found.flags & frames.END_STREAM))
        elif found.type == frames.HEADERS:
            self._begin_block(found)
        elif found.type == frames.WINDOW_UPDATE:
            self._widen(found.stream, frames.number(found.payload))
        else:
            self._take_rare(found)

    def _take_rare(self, found: Frame) -> None:
        if found.type == frames.RST_STREAM:
            self.ended(found.stream)
            self.received_reset(found.stream)
        elif found.type == frames.SETTINGS and not found.flags & frames.ACK:
            self._agree(found.payload)
        elif found.type == frames.PING and not found.flags & frames.ACK:
            self.write(frames.frame(frames.PING, frames.ACK, 0, found.payload))
        elif found.type == frames.PUSH_PROMISE:
            raise ProtocolError("nobody asked for a push")

    def _begin_block(self, found: Frame) -> None:
        if found.flags & frames.END_HEADERS:
            self._end_block(found, frames.content(found))
        else:
            self._block = found, [frames.content(found)]

    def _continue(self, found: Frame) -> None:
        if self._block is None or found.type != frames.CONTINUATION or found.stream != self._block[0].stream:
            raise ProtocolError("a block of headers that is not whole")
        first, parts = self._block
        parts.append(found.payload)
        if found.flags & frames.END_HEADERS:
            self._block = None
            self._end_block(first, b"".join(parts))

    def _end_block(self, found: Frame, block: bytes) -> None:
        self.received_headers(found.stream, self._reader.read(block), ends=bool(found.flags & frames.END_STREAM))

    def _agree(self, payload: bytes) -> None:
        for name, value in frames.settings_of(payload):
            if name == frames.INITIAL_WINDOW_SIZE:
                self._initial_window = value
            elif name == frames.MAX_CONCURRENT_STREAMS:
                self.limit = value
        self.write(frames.frame(frames.SETTINGS, frames.ACK, 0, b""))
        self._go_on()

    def _take_in(self, length: int) -> None:
        self._taken += length
        if self._taken > _ROOM:
            self.write(frames.window_update(0, self._taken))
            self._taken = 0

    def _widen(self, stream: int, by: int) -> None:
        if stream == 0:
            self._window += by
        elif stream in self._windows:
            self._windows[stream] += by
        if self._held:
            self._go_on()

    def _go_on(self) -> None:
        """Send as much of what is held as the peer lets now."""
        for stream in tuple(self._held):
            if self._window <= 0:
                return
            self._send_more(stream, self._held[stream])

    def _send_more(self, stream: int, held: _Held) -> None:
        while held.sent < len(held.data):
            window = min(self._window, self._initial_window + self._windows[stream], frames.DEFAULT_FRAME)
            if window <= 0:
                return
            piece = held.data[held.sent : held.sent + window]
            held.sent += len(piece)
            self._window -= len(piece)
            self._windows[stream] -= len(piece)
            is_last = held.sent == len(held.data) and not held.after
            self.write(frames.frame(frames.DATA, frames.END_STREAM if is_last else 0, stream, piece))
        self.write(held.after)
        del self._held[stream], self._windows[stream]


def message_of(data: bytes) -> bytes:
    """Return the one message that a stream has carried. Raises RpcError."""
    if len(data) < _PREFIX.size:
        raise RpcError(INTERNAL, "there is no message")
    compressed, length = _PREFIX.unpack_from(data)
    if compressed:
        raise RpcError(UNIMPLEMENTED, "the message is compressed")
    if length != len(data) - _PREFIX.size:
        raise RpcError(INTERNAL, "the message is not whole, or not the only one")
    return data[_PREFIX.size :]
