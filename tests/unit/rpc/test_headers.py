"""Blocks of headers: as we write them, and as any peer may."""

from __future__ import annotations

import pytest
from hpack import Encoder
from hypothesis import given
from hypothesis import strategies as st

from fleet.rpc.errors import ProtocolError
from fleet.rpc.headers import HeaderReader, block_of, message_field, message_of

NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20)
FIELDS = st.dictionaries(NAMES, st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=400), max_size=6)


@given(FIELDS)
def test_what_is_written_is_read(fields: dict[str, str]) -> None:
    assert HeaderReader().read(block_of(*fields.items())) == fields


@given(st.lists(FIELDS, max_size=6), st.booleans())
def test_what_a_peer_compresses_and_remembers_is_read(blocks: list[dict[str, str]], huffman: bool) -> None:
    encoder, reader = Encoder(), HeaderReader()
    for fields in blocks:
        assert reader.read(encoder.encode(list(fields.items()), huffman=huffman)) == fields


def test_a_block_means_what_the_peer_means_by_it_now() -> None:
    """The same bytes mean another field once the peer has had another one remembered."""
    encoder, reader = Encoder(), HeaderReader()
    encoder.header_table_size = 4096
    first = encoder.encode([("grpc-status", "0")], huffman=False)
    assert reader.read(first) == {"grpc-status": "0"}
    remembered = encoder.encode([("grpc-status", "0")], huffman=False)
    assert reader.read(remembered) == {"grpc-status": "0"}
    assert reader.read(encoder.encode([("grpc-status", "9")], huffman=False)) == {"grpc-status": "9"}
    # What stood first in the table stands second now.
    assert reader.read(remembered) == {"grpc-status": "9"}


def test_blocks_are_read_as_they_are_while_nothing_is_remembered() -> None:
    reader, block = HeaderReader(), block_of((":path", "/a/b"), ("te", "trailers"))
    assert [reader.read(block) for _ in range(3)] == [{":path": "/a/b", "te": "trailers"}] * 3


def test_any_number_of_blocks_may_be_different() -> None:
    reader = HeaderReader()
    for number in range(200):
        assert reader.read(block_of(("grpc-message", str(number)))) == {"grpc-message": str(number)}


@pytest.mark.parametrize("block", [b"\xff\xff\xff\xff\xff\xff", b"\xbf", b"\x00\x05ab"])
def test_what_is_no_block(block: bytes) -> None:
    with pytest.raises(ProtocolError, match="cannot be read"):
        HeaderReader().read(block)


@given(st.text(max_size=300))
def test_messages_come_back(text: str) -> None:
    field = message_field(text)
    assert field.isascii()
    assert field.isprintable() or not field
    assert message_of(field) == text.encode(errors="ignore").decode()


@pytest.mark.parametrize("character", ["a", "\n", "é", "→", "\U0001f680"])
def test_a_long_message_is_cut_where_a_character_ends(character: str) -> None:
    field = message_field(character * 5_000)
    assert len(field) <= 6_000
    assert set(message_of(field)) == {character}
