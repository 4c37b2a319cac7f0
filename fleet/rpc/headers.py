"""Headers: blocks of header fields (HPACK, RFC 7541), written as they are and read by the package hpack.

What is sent is neither compressed nor remembered: a block is the same bytes each time. A peer is asked for the same
(SETTINGS_HEADER_TABLE_SIZE is 0), and then a block that was read once need not be read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote

from hpack import Decoder
from hpack.exceptions import HPACKError

from fleet.rpc.errors import ProtocolError

# Messages with an error in them are all different; there are few others.
_REMEMBERED: Final = 64
_TABLE_SIZE_UPDATE, _TABLE_SIZE_MASK = 0x20, 0xE0
_SEVEN_BITS: Final = 0x7F
# Three times as much when it is quoted; what gRPC takes of a block is 8 KiB.
_LONGEST_MESSAGE_BYTES: Final = 2_000
_AS_THEY_ARE: Final = " !\"#$&'()*+,/:;<=>?@[\\]^`{|}"


class HeaderReader:
    """Reads the blocks of one connection, in order. Owns what the peer has had it remember."""

    def __init__(self) -> None:
        self._decoder = Decoder()
        self._known: dict[bytes, Mapping[str, str]] = {}

    def read(self, block: bytes) -> Mapping[str, str]:
        """Return name → value. Raises ProtocolError."""
        is_stateless = not self._decoder.header_table.dynamic_entries
        known = self._known.get(block) if is_stateless else None
        if known is not None:
            return known
        try:
            pairs = self._decoder.decode(block, raw=True)
        except HPACKError as error:
            raise ProtocolError(f"headers that cannot be read: {error}") from error
        fields = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
        changes = bool(block) and block[0] & _TABLE_SIZE_MASK == _TABLE_SIZE_UPDATE
        if is_stateless and not changes and not self._decoder.header_table.dynamic_entries:
            self._remember(block, fields)
        return fields

    def _remember(self, block: bytes, fields: Mapping[str, str]) -> None:
        if len(self._known) == _REMEMBERED:
            self._known.clear()
        self._known[block] = fields


def block_of(*fields: tuple[str, str]) -> bytes:
    """Return the block of header fields: literals that nobody is to remember (RFC 7541, section 6.2.2)."""
    return b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields)


def _string(text: str) -> bytes:
    raw = text.encode("ascii")
    return _integer(len(raw)) + raw


def _integer(value: int) -> bytes:
    """Return a number of a prefix of seven bits (RFC 7541, section 5.1)."""
    if value < _SEVEN_BITS:
        return bytes((value,))
    found, rest = bytearray((_SEVEN_BITS,)), value - _SEVEN_BITS
    while rest > _SEVEN_BITS:
        found.append(rest & _SEVEN_BITS | 0x80)
        rest >>= 7
    found.append(rest)
    return bytes(found)


def message_field(text: str) -> str:
    """Return a text as the field `grpc-message` holds it, and no more of it than every peer takes."""
    return quote(text.encode(errors="ignore")[:_LONGEST_MESSAGE_BYTES].decode(errors="ignore"), safe=_AS_THEY_ARE)


def message_of(field: str) -> str:
    """Return the text in the field `grpc-message`."""
    return unquote(field, errors="replace")
