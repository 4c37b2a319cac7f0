"""The yardstick of what API servers take: a loop of requests without any engine, to all clusters at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmarks.process import Command
from benchmarks.raw_loop import Action
from benchmarks.site import Site
from benchmarks.steps import Step

REPOSITORY = Path(__file__).parents[1]
IN_FLIGHT = 32

# A loop that remembers nothing cannot know what changed: it applies everything every time.
ACTIONS: Mapping[Step, Action] = MappingProxyType(
    {
        Step.CREATE: Action.APPLY,
        Step.PREVIEW: Action.DRY_RUN,
        Step.NO_CHANGE: Action.APPLY,
        Step.CHANGE_ONE: Action.APPLY,
        Step.CHANGE_ALL: Action.APPLY,
        Step.REFRESH: Action.LIST,
        Step.HEAL: Action.APPLY,
        Step.HEAL_MANY: Action.APPLY,
        Step.DESTROY: Action.DELETE,
    }
)


@dataclass(frozen=True, slots=True)
class RawLoop:
    """`python -m benchmarks.raw_loop`."""

    name: str = "raw loop"

    def prepare(self, site: Site) -> None:
        """Write one plan per action."""
        for action in Action:
            plan = {
                "action": action,
                "kubeconfigs": [str(cluster.kubeconfig) for cluster in site.clusters],
                "namespace": site.namespace,
                "collections": site.collections,
                "bodies": str(site.source.bodies),
                "inFlight": IN_FLIGHT,
            }
            _plan(site, action).write_text(json.dumps(plan))

    def commands(self, site: Site, step: Step) -> tuple[Command, ...]:
        """Return the one command; none where the loop has nothing of its own to do."""
        if step not in ACTIONS:
            return ()
        argv = (sys.executable, "-m", "benchmarks.raw_loop", str(_plan(site, ACTIONS[step])))
        return (Command(argv, REPOSITORY),)


def _plan(site: Site, action: Action) -> Path:
    return site.directory / f"{action.name.lower()}.json"
