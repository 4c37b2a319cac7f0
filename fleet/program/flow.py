"""The flow: declare → expand → fetch → render → finish → register.

Everything is decided, for all applications and clusters, before the first registration: to an engine, an object that is
not registered is an object to delete.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

from fleet.errors import FleetError, PolicyError, Problem, gather
from fleet.model.manifest import Manifest
from fleet.model.plan import ClusterPlan, Rendered, RenderRequest, Revision, Target
from fleet.model.settings import Settings
from fleet.plan.combined import combined
from fleet.plan.expand import expand, mirrored
from fleet.plan.finish import finish
from fleet.plan.held import hold, waits
from fleet.plan.policy import Policies, policies, refused_destinations, refused_sources
from fleet.plan.sources import requests_of, revisions_of, used_by
from fleet.program.declaration import declare
from fleet.program.lines import located
from fleet.register.outputs import read_deployed
from fleet.register.providers import profiles
from fleet.register.registration import register
from fleet.register.report import fail, progress, warnings
from fleet.register.settings import read_settings
from fleet.render import Repositories, render_all


async def main() -> Mapping[str, Any]:
    """Run the stack and return its outputs; the program that is given to `pulumi.run`."""
    settings, problems = read_settings()
    try:
        plans = await decide(settings, problems)
        connections = profiles(plan.cluster for plan in plans)
    except FleetError as error:
        fail(located(error, settings.project_dir))
    return await register(plans, connections)


async def decide(settings: Settings, problems: tuple[Problem, ...]) -> tuple[ClusterPlan, ...]:
    """Return what every cluster should hold.

    problems: what is wrong with the configuration, to be told together with what is wrong with the declaration.
    Raises FleetError with every problem of the first step that fails; what projects do not permit is looked for in all
    steps.
    """
    fleet = declare(settings, problems)
    targets = expand(fleet, settings.mirrors)
    rules = policies(fleet.projects, fleet.clusters)
    sources, destinations = refused_sources(targets, rules), refused_destinations(targets, rules)
    paused = [cluster.name for cluster in fleet.clusters if cluster.paused]
    if waits(targets, paused, scheduled=settings.scheduled):
        targets = hold(targets, await read_deployed(), paused, scheduled=settings.scheduled)
    permitted = tuple(target for target in targets if target.application.name not in sources)
    return planned(permitted, settings, rules, (*chain(*sources.values()), *destinations))


def planned(
    targets: tuple[Target, ...], settings: Settings, rules: Policies, refused: tuple[Problem, ...]
) -> tuple[ClusterPlan, ...]:
    """Return the plans of what the targets' sources hold. refused: what is known not to be permitted already."""
    errors: list[FleetError] = [PolicyError(*refused)] if refused else []
    plans: tuple[ClusterPlan, ...] = ()
    try:
        plans = finish(read_sources(targets, settings), rules)
    except FleetError as error:
        errors.append(error)
    together = gather(errors)
    if together is not None:
        raise together
    return plans


def read_sources(targets: tuple[Target, ...], settings: Settings) -> tuple[Rendered, ...]:
    """Return the targets with what their sources hold. Each repository is fetched once, each directory read once."""
    repositories = Repositories(
        cache_dir=settings.cache_dir,
        project_dir=settings.project_dir,
        timeout_s=settings.git_timeout_s,
        run_id=settings.run_id,
        substitute=lambda url: mirrored(url, settings.mirrors),
        report=progress(),
    )
    with repositories:
        revisions = used_by(targets, revisions_of)
        commits = repositories.resolve(revisions, revisions)
        requests = used_by(targets, lambda target: requests_of(target, commits))
        manifests = render_all(requests, repositories, warnings(), requests)
    return tuple(_rendered(target, commits, manifests) for target in targets)


def _rendered(
    target: Target,
    commits: Mapping[Revision, str],
    manifests: Mapping[RenderRequest, tuple[Manifest, ...]],
) -> Rendered:
    objects, repeated = combined([manifests[each] for each in requests_of(target, commits)], target.namespace)
    report = warnings()
    for line in repeated:
        report(f"{target.application.name}: {line}")
    return Rendered(target, tuple(commits[each] for each in revisions_of(target)), objects)
