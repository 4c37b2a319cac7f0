"""Frames of HTTP/2, whole and in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.rpc import frames
from fleet.rpc.errors import ProtocolError
from fleet.rpc.frames import Frame, Splitter

FRAMES = st.lists(
    st.builds(
        Frame,
        type=st.integers(0, 255),
        flags=st.integers(0, 255),
        stream=st.integers(0, frames.LARGEST_WINDOW),
        payload=st.binary(max_size=300),
    ),
    max_size=8,
)


def test_a_frame_is_as_the_specification_draws_it() -> None:
    assert frames.frame(frames.DATA, frames.END_STREAM, 3, b"hello") == b"\x00\x00\x05\x00\x01\x00\x00\x00\x03hello"


@given(FRAMES, st.lists(st.integers(0, 400), max_size=12))
def test_frames_are_the_same_however_they_come_apart(sent: list[Frame], cuts: list[int]) -> None:
    data = b"".join(frames.frame(*each) for each in sent)
    splitter, found = Splitter(), list[Frame]()
    for cut in cuts:
        piece, data = data[:cut], data[cut:]
        found += splitter.split(piece)
    found += splitter.split(data)
    assert found == sent


def test_the_reserved_bit_of_a_stream_counts_for_nothing() -> None:
    (found,) = Splitter().split(b"\x00\x00\x00\x00\x00\x80\x00\x00\x05")
    assert found.stream == 5


def test_a_frame_longer_than_agreed_is_refused() -> None:
    with pytest.raises(ProtocolError, match="16385"):
        list(Splitter().split(frames.head(frames.DEFAULT_FRAME + 1, frames.DATA, 0, 1)))


@pytest.mark.parametrize(
    ("type_", "flags", "payload", "expected"),
    [
        pytest.param(frames.DATA, 0, b"abc", b"abc", id="plain"),
        pytest.param(frames.DATA, frames.PADDED, b"\x02abc\x00\x00", b"abc", id="padded"),
        pytest.param(frames.HEADERS, frames.PRIORITY, b"\x00\x00\x00\x00\x10abc", b"abc", id="with a priority"),
        pytest.param(
            frames.HEADERS, frames.PRIORITY | frames.PADDED, b"\x01\x00\x00\x00\x00\x10abc\x00", b"abc", id="with both"
        ),
        pytest.param(frames.DATA, frames.PADDED, b"\x00", b"", id="empty"),
    ],
)
def test_what_a_frame_carries(type_: int, flags: int, payload: bytes, expected: bytes) -> None:
    assert frames.content(Frame(type_, flags, 1, payload)) == expected


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(Frame(frames.DATA, frames.PADDED, 1, b""), id="padding without a length"),
        pytest.param(Frame(frames.DATA, frames.PADDED, 1, b"\x05abc"), id="padding longer than all"),
        pytest.param(Frame(frames.HEADERS, frames.PRIORITY, 1, b"\x00"), id="a priority cut short"),
    ],
)
def test_what_carries_nothing_sensible(found: Frame) -> None:
    with pytest.raises(ProtocolError):
        frames.content(found)


def test_settings_and_numbers_come_back() -> None:
    (found,) = Splitter().split(frames.settings((1, 0), (4, 2**31 - 1)))
    assert list(frames.settings_of(found.payload)) == [(1, 0), (4, 2**31 - 1)]
    (update,) = Splitter().split(frames.window_update(7, 1_000))
    assert (update.stream, frames.number(update.payload)) == (7, 1_000)


@pytest.mark.parametrize("read", [frames.settings_of, frames.number])
def test_payloads_of_another_length_are_refused(read: object) -> None:
    assert callable(read)
    with pytest.raises(ProtocolError):
        read(b"\x00\x00\x00")
