"""A connection that is given up, at any moment of its making, is gone when closing the transport has returned."""

import asyncio
from contextlib import suppress
from pathlib import Path

from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.requests import Request
from fleet.engine.kubernetes.transport import Transport

WATCH = Request("watch", "GET", "/api/v1/configmaps?watch=true", "ConfigMaps")


def sockets() -> set[str]:
    """Return the sockets that this process has open."""
    found = set()
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.add(str(each.readlink()))
    return {each for each in found if each.startswith("socket:")}


async def test_a_watch_that_is_ended_while_it_begins_leaves_nothing_open(inputs: ProviderInputs) -> None:
    opened = 0
    for moment in range(60):
        before = sockets()
        transport = Transport(inputs, lambda _: None)
        watching = asyncio.ensure_future(transport.stream(WATCH, lambda _: None))
        for _ in range(moment):
            await asyncio.sleep(0.0005)
        opened += bool(sockets() - before)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await transport.close()
        assert not sockets() - before, moment
    assert opened > 0
