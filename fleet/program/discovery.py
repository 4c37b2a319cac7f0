"""Discovery: clusters are asked what they are. All at once; one that does not answer holds up no other.

In: how to reach them, and what is remembered. Out: what each was found to be, or why not. Nothing is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from fleet.engine.kubernetes.errors import KubernetesError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.survey import survey
from fleet.errors import Problem
from fleet.model.capabilities import plain_version
from fleet.model.discovered import Discovered

_AT_ONCE = 16


async def discover(
    clusters: Iterable[ProviderInputs], before: Mapping[str, Discovered]
) -> dict[str, Discovered | Problem]:
    """Return cluster → what it was found to be, or why it cannot be told.

    before: what is remembered. Where a cluster cannot say for the moment what one of its API versions serves, because
    the server behind that one is down, it is as before.
    """
    turns = asyncio.Semaphore(_AT_ONCE)

    async def ask(inputs: ProviderInputs) -> Discovered | Problem:
        async with turns:
            try:
                return await _asked(inputs, before.get(inputs.name))
            except KubernetesError as error:
                return error.problem

    wanted = tuple(clusters)
    answers = await asyncio.gather(*map(ask, wanted))
    return {inputs.name: answer for inputs, answer in zip(wanted, answers, strict=True)}


async def _asked(inputs: ProviderInputs, before: Discovered | None) -> Discovered:
    found = await survey(inputs)
    known = before.kinds if before else {}
    kept = {kind: namespaced for kind, namespaced in known.items() if kind[0] in found.stale}
    return Discovered(plain_version(found.version), {**kept, **found.kinds})
