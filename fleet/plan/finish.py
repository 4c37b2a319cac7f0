"""Finish: manifests → what each cluster should hold. The last step of the plan.

In: what every target's source holds. Out: a ClusterPlan per cluster that any target is in. Each step takes the objects
of a cluster and returns new ones; none of them edits what it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from fleet.errors import PlanError, PolicyError, Problem, gather
from fleet.model.cluster import Cluster
from fleet.model.plan import ClusterPlan, PlannedApplication, PlannedBarrier, PlannedObject, Rendered
from fleet.plan import conflicts, hooks, kinds, marks, namespace, order, tokens
from fleet.plan.definitions import Definition, defined
from fleet.plan.metadata import labelled
from fleet.plan.policy import Policies, policies, refused_objects
from fleet.plan.wanted import Wanted

_Definitions = Mapping[tuple[str, str], Definition]


def finish(rendered: Sequence[Rendered], rules: Policies | None = None) -> tuple[ClusterPlan, ...]:
    """Return the plans, by the clusters' names.

    rules: of the projects; None has the project `default` only, which permits everything.
    Raises PolicyError with everything that is not permitted, and PlanError with everything, in all clusters, that
    cannot be deployed together; one error where there is both.
    """
    rules = policies() if rules is None else rules
    rendered = [hooks.without_left_out(each) for each in rendered]
    everywhere = _definitions(rendered)
    plans: list[ClusterPlan] = []
    problems: list[Problem] = []
    refused: list[Problem] = []
    for cluster, here in _by_cluster(rendered):
        own = _definitions(here)
        definitions = {**everywhere, **own}
        scopes = {**cluster.scopes, **_scopes(definitions)}
        wanted = _wanted(here, scopes)
        problems += (*conflicts.empty(here), *conflicts.clashes(wanted))
        refused += refused_objects(wanted, rules, scopes)
        objects, barriers = _objects(cluster, wanted, definitions)
        plans.append(ClusterPlan(cluster, _applications(here, wanted, own), objects, barriers))
    found = ((PolicyError, refused), (PlanError, problems))
    error = gather(kind(*each) for kind, each in found if each)
    if error is not None:
        raise error
    return tuple(plans)


def _by_cluster(rendered: Iterable[Rendered]) -> Iterable[tuple[Cluster, tuple[Rendered, ...]]]:
    ordered = sorted(rendered, key=lambda each: (each.target.cluster.name, each.target.application.name, _asked(each)))
    for _, group in groupby(ordered, key=lambda each: each.target.cluster.name):
        here = tuple(group)
        yield here[0].target.cluster, here


def _asked(rendered: Rendered) -> str:
    return rendered.target.namespace or ""


def _definitions(rendered: Iterable[Rendered]) -> dict[tuple[str, str], Definition]:
    return defined(manifest for each in rendered for manifest in each.manifests)


def _wanted(rendered: Sequence[Rendered], scopes: Mapping[tuple[str, str], bool]) -> tuple[Wanted, ...]:
    """Take the objects of one cluster through the steps, and order them. scopes: (group, kind) → namespaced."""
    read = [Wanted(each.target, labelled(manifest, each.target)) for each in rendered for manifest in each.manifests]
    placed = [namespace.settled(hooks.kept_on_record(each), scopes) for each in read]
    single = conflicts.merged(placed)
    complete = order.followed((*single, *namespace.created(single, [each.target for each in rendered])))
    return tuple(sorted(map(marks.annotated, complete), key=order.sort_key))


def _scopes(definitions: _Definitions) -> dict[tuple[str, str], bool]:
    return {kind: definition.namespaced for kind, definition in definitions.items()}


def _applications(
    rendered: Iterable[Rendered], wanted: Sequence[Wanted], definitions: _Definitions
) -> tuple[PlannedApplication, ...]:
    namespaces, served = namespace.required(wanted), kinds.required(wanted, definitions)
    planned: list[PlannedApplication] = []
    for name, group in groupby(rendered, key=lambda each: each.target.application.name):
        here = tuple(group)
        target = here[0].target
        planned.append(
            PlannedApplication(
                name=f"{target.cluster.name}/{name}",
                application=target.application,
                cluster=target.cluster.name,
                commits=tuple((_asked(each), each.commits) for each in here),
                required_namespaces=namespaces.get(name, ()),
                required_kinds=served.get(name, ()),
            )
        )
    return tuple(planned)


def _objects(
    cluster: Cluster, wanted: Sequence[Wanted], definitions: _Definitions
) -> tuple[tuple[PlannedObject, ...], tuple[PlannedBarrier, ...]]:
    before, barriers = order.dependencies(wanted)
    objects = (_object(each, definitions, needs) for each, needs in zip(wanted, before, strict=True))
    return tuple(objects), tuple(_barrier(cluster, each) for each in barriers)


def _barrier(cluster: Cluster, barrier: order.Barrier) -> PlannedBarrier:
    turn = barrier.turn
    ends = "definitions" if turn is None else f"{turn.phase_name}/{turn.wave}"
    return PlannedBarrier(barrier.application, f"{cluster.name}/{barrier.application}/{ends}", barrier.after)


def _object(wanted: Wanted, definitions: _Definitions, before: order.Before) -> PlannedObject:
    manifest, target = wanted.manifest, wanted.target
    return PlannedObject(
        application=wanted.application,
        name=tokens.resource_name(target.cluster.name, wanted.key),
        type_token=tokens.type_token(manifest.api_version, manifest.kind),
        manifest=manifest,
        aliases=tokens.aliases(manifest, definitions),
        depends_on=before.objects,
        barrier=before.barrier,
        retain=marks.retained(wanted),
        keep=marks.kept(wanted),
        adopt=wanted.generated or target.application.adopt,
        replaces=hooks.runs_once(manifest),
        waits=marks.waits(wanted),
        wait_timeout_s=marks.wait_timeout_s(wanted),
        turn=wanted.turn,
        awaited_by=marks.awaited_by(wanted),
    )
