"""Decision: what a stack declares → what every cluster should hold. All of it before anything is registered.

The steps: declare → expand → fetch → render → finish. Nothing here needs an engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from fleet.errors import FleetError, PolicyError, Problem, gather
from fleet.frozen import dataclass
from fleet.model.fleet import Fleet
from fleet.model.plan import ClusterPlan, Target
from fleet.model.settings import Settings
from fleet.plan.expand import expand
from fleet.plan.finish import finish
from fleet.plan.hooks import notices
from fleet.plan.policy import Policies, policies, refused_destinations, refused_sources
from fleet.program.declaration import declare
from fleet.program.reading import read_sources
from fleet.program.say import Say


@dataclass(frozen=True, slots=True)
class Intent:
    """What a stack wants where, before anything is fetched.

    targets: without those whose repositories their projects do not permit. refused: everything that is not permitted.
    """

    fleet: Fleet
    targets: tuple[Target, ...]
    rules: Policies
    refused: tuple[Problem, ...]

    def about(self, targets: Sequence[Target]) -> Intent:
        """Return the same about other targets."""
        return replace(self, targets=tuple(targets))


def intend(settings: Settings, problems: tuple[Problem, ...]) -> Intent:
    """Return what the stack declares.

    problems: what is wrong with the configuration, to be told together with what is wrong with the declaration.
    Raises DeclarationError or StackNotFoundError with every problem.
    """
    fleet = declare(settings, problems)
    targets = expand(fleet, settings.mirrors)
    rules = policies(fleet.projects, fleet.clusters)
    sources, destinations = refused_sources(targets, rules), refused_destinations(targets, rules)
    permitted = tuple(target for target in targets if target.application.name not in sources)
    return Intent(fleet, permitted, rules, (*chain(*sources.values()), *destinations))


def planned(intent: Intent, settings: Settings, say: Say, *, base: Path | None = None) -> tuple[ClusterPlan, ...]:
    """Return the plans of what the targets' sources hold.

    base: where relative paths of repositories start; None is the project's directory.
    Raises FleetError with every problem of the first step that fails; what projects do not permit is looked for in all
    steps.
    """
    errors: list[FleetError] = [PolicyError(*intent.refused)] if intent.refused else []
    plans: tuple[ClusterPlan, ...] = ()
    try:
        rendered = read_sources(intent.targets, settings, say, intent.rules, base=base)
        for line in notices(rendered):
            say.warning(line)
        plans = finish(rendered, intent.rules)
    except FleetError as error:
        errors.append(error)
    together = gather(errors)
    if together is not None:
        raise together
    return plans
