"""The flow: declare → expand → fetch → render → finish → register.

Everything is decided, for all applications and clusters, before the first registration: to an engine, an object that is
not registered is an object to delete.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.errors import FleetError, Problem
from fleet.garbage import collected_seldom
from fleet.model.plan import ClusterPlan
from fleet.model.settings import Settings
from fleet.plan.held import hold, waits
from fleet.program.decision import intend, planned
from fleet.program.lines import located
from fleet.program.say import Say
from fleet.register.outputs import read_deployed
from fleet.register.providers import profiles
from fleet.register.registration import register
from fleet.register.report import fail, progress, warnings
from fleet.register.settings import read_settings


async def main() -> Mapping[str, Any]:
    """Run the stack and return its outputs; the program that is given to `pulumi.run`."""
    settings, problems = read_settings()
    with collected_seldom():
        try:
            plans = await decide(settings, problems)
            connections = profiles(plan.cluster for plan in plans)
        except FleetError as error:
            fail(located(error, settings.project_dir))
        return await register(plans, connections)


async def decide(settings: Settings, problems: tuple[Problem, ...]) -> tuple[ClusterPlan, ...]:
    """Return what every cluster should hold. Raises FleetError with every problem of the first step that fails."""
    intent = intend(settings, problems)
    paused = [cluster.name for cluster in intent.fleet.clusters if cluster.paused]
    if waits(intent.targets, paused, scheduled=settings.scheduled):
        intent = intent.about(hold(intent.targets, await read_deployed(), paused, scheduled=settings.scheduled))
    return planned(intent, settings, Say(progress(), warnings()))
