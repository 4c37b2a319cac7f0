"""What goes wrong with a call, or with a whole connection."""

from __future__ import annotations

from typing import Final

# https://grpc.github.io/grpc/core/md_doc_statuscodes.html
OK: Final = 0
CANCELLED: Final = 1
UNKNOWN: Final = 2
FAILED_PRECONDITION: Final = 9
UNIMPLEMENTED: Final = 12
INTERNAL: Final = 13
UNAVAILABLE: Final = 14


class RpcError(Exception):
    """A call was answered with a status, or, as UNAVAILABLE, not at all. message: for people; may be empty."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class ProtocolError(Exception):
    """The peer does not speak HTTP/2, or not as it should. The connection ends with it."""
