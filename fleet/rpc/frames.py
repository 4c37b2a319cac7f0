"""Frames: what HTTP/2 sends and receives (RFC 9113, sections 4 and 6), as bytes. Pure but for the rest of a frame."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from fleet.rpc.errors import ProtocolError

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE = 0x0, 0x1, 0x3, 0x4, 0x5
PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0x6, 0x7, 0x8, 0x9

END_STREAM, END_HEADERS, PADDED, PRIORITY = 0x1, 0x4, 0x8, 0x20
ACK: Final = 0x1

HEADER_TABLE_SIZE, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = 0x1, 0x3, 0x4, 0x5

DEFAULT_WINDOW: Final = 65_535
LARGEST_WINDOW: Final = 2**31 - 1
# What both sides may send without being asked, and what this side takes: larger ones only save frames.
DEFAULT_FRAME: Final = 16_384

_HEAD: Final = Struct(">HBBBL")
_SETTING: Final = Struct(">HL")
_NUMBER: Final = Struct(">L")
_GOODBYE: Final = Struct(">LL")
_PRIORITY_BYTES: Final = 5


class Frame(NamedTuple):
    """One frame. stream: 0 for the connection itself."""

    type: int
    flags: int
    stream: int
    payload: bytes


class Splitter:
    """Takes apart what a peer sends. Owns the beginning of a frame whose end has not come."""

    def __init__(self) -> None:
        self._rest = b""

    def split(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that are whole by now. Raises ProtocolError for one that is too long."""
        if self._rest:
            data = self._rest + data
        begin, end = 0, len(data)
        while end - begin >= _HEAD.size:
            high, low, type_, flags, stream = _HEAD.unpack_from(data, begin)
            length = high << 8 | low
            if length > DEFAULT_FRAME:
                raise ProtocolError(f"a frame of {length} bytes")
            after = begin + _HEAD.size + length
            if after > end:
                break
            yield Frame(type_, flags, stream & LARGEST_WINDOW, data[begin + _HEAD.size : after])
            begin = after
        self._rest = data[begin:]


def head(length: int, type_: int, flags: int, stream: int) -> bytes:
    """Return what is before the payload of a frame."""
    return _HEAD.pack(length >> 8, length & 0xFF, type_, flags, stream)


def frame(type_: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return a frame."""
    return head(len(payload), type_, flags, stream) + payload


def settings(*pairs: tuple[int, int]) -> bytes:
    """Return a frame of settings."""
    return frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(*pair) for pair in pairs))


def settings_of(payload: bytes) -> Iterator[tuple[int, int]]:
    """Yield the settings in the payload of a frame. Raises ProtocolError."""
    if len(payload) % _SETTING.size:
        raise ProtocolError("settings of no whole length")
    return _SETTING.iter_unpack(payload)


def window_update(stream: int, by: int) -> bytes:
    """Return the frame that lets the peer send more."""
    return frame(WINDOW_UPDATE, 0, stream, _NUMBER.pack(by))


def reset(stream: int, code: int) -> bytes:
    """Return the frame that ends a stream."""
    return frame(RST_STREAM, 0, stream, _NUMBER.pack(code))


def goaway(last_stream: int, code: int) -> bytes:
    """Return the frame that announces the end of the connection."""
    return frame(GOAWAY, 0, 0, _GOODBYE.pack(last_stream, code))


def number(payload: bytes) -> int:
    """Return the number that is the payload of a frame, without its reserved bit. Raises ProtocolError."""
    if len(payload) != _NUMBER.size:
        raise ProtocolError("a number of another length")
    return int(_NUMBER.unpack(payload)[0]) & LARGEST_WINDOW


def content(found: Frame) -> bytes:
    """Return the payload without padding and priority. Raises ProtocolError."""
    payload, flags = found.payload, found.flags
    if not flags & (PADDED | PRIORITY):
        return payload
    begin, end = 0, len(payload)
    if flags & PADDED:
        if not payload:
            raise ProtocolError("padding of no length")
        begin, end = 1, end - payload[0]
    if flags & PRIORITY and found.type == HEADERS:
        begin += _PRIORITY_BYTES
    if begin > end:
        raise ProtocolError("more padding than there is")
    return payload[begin:end]
