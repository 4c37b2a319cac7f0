"""Reading: targets → what their sources hold. Each repository is fetched once, each directory read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from fleet.errors import FleetError, RenderError, gather
from fleet.model.manifest import Manifest
from fleet.model.plan import PatchRequest, Rendered, RenderRequest, Revision, Target
from fleet.model.settings import Settings
from fleet.model.source import Tool
from fleet.plan.combined import combined
from fleet.plan.expand import mirrored
from fleet.plan.policy import Policies
from fleet.plan.sources import passing_credentials, patches_of, requests_of, revisions_of, used_by
from fleet.program.integrity import trusted
from fleet.program.say import Say
from fleet.render import Charts, Repositories, Sources, render_possible

_Commits = Mapping[Revision, str]


def read_sources(
    targets: tuple[Target, ...], settings: Settings, say: Say, rules: Policies, *, base: Path | None = None
) -> tuple[Rendered, ...]:
    """Return the targets with what their sources hold.

    rules: what is not signed as they want it is not read. base: as for `opened`. Raises SourceError, RenderError or
    PolicyError with every problem.
    """
    with opened(settings, say, base=base) as sources:
        revisions = used_by(targets, revisions_of, lambda target: target.sources)
        commits = sources.resolve(revisions, revisions, everywhere=passing_credentials(targets))
        signed, unsigned = trusted(targets, commits, rules, sources.git, settings.project_dir)
        requests = used_by(signed, lambda target: requests_of(target, commits), lambda target: target.rendering)
        manifests, failed = render_possible(requests, sources, say.warning, requests, overrule=_overrule)
        whole = [target for target in signed if manifests.keys() >= set(requests_of(target, commits))]
        together = {target: _together(target, commits, manifests) for target in whole}
        for line in dict.fromkeys(line for _, repeated in together.values() for line in repeated):
            say.warning(line)
        objects = {target: objects for target, (objects, _) in together.items()}
        patched = _patched(objects, commits, sources.cache_dir, (unsigned, failed))
    return tuple(
        Rendered(target, tuple(commits[each] for each in revisions_of(target)), patched[target]) for target in targets
    )


def opened(settings: Settings, say: Say, *, base: Path | None = None) -> Sources:
    """Return what a run reads from, to be entered.

    base: where relative paths of repositories start; None is the project's directory.
    """
    repositories = Repositories(
        cache_dir=settings.cache_dir,
        project_dir=base or settings.project_dir,
        timeout_s=settings.git_timeout_s,
        run_id=settings.run_id,
        substitute=lambda url: mirrored(url, settings.mirrors),
        report=say.progress,
    )
    charts = Charts(
        cache_dir=repositories.cache_dir,
        timeout_s=settings.git_timeout_s,
        run_id=settings.run_id,
        substitute=lambda url: mirrored(url, settings.mirrors),
        report=say.progress,
        warn=say.warning,
    )
    return Sources(repositories, charts, settings.cache_days)


def _together(
    target: Target, commits: _Commits, manifests: Mapping[RenderRequest, tuple[Manifest, ...]]
) -> tuple[tuple[Manifest, ...], tuple[str, ...]]:
    """Return the objects of all of a target's sources, and warnings."""
    objects, repeated = combined([manifests[each] for each in requests_of(target, commits)], target.namespace)
    return objects, tuple(f"{target.application.name}: {line}" for line in repeated)


def _overrule(request: RenderRequest, file: str, text: str) -> Tool:
    from fleet.program import source_files  # noqa: PLC0415 - few repositories have such a file

    return source_files.overrule(request, file, text)


def _patched(
    together: Mapping[Target, tuple[Manifest, ...]],
    commits: _Commits,
    cache_dir: Path,
    failed: Iterable[FleetError | None],
) -> Mapping[Target, tuple[Manifest, ...]]:
    """Return the objects with the targets' patches applied; targets that come to the same are patched once.

    failed: what is wrong with other targets, to be raised together with what is wrong with patches.
    """
    requests = {target: request for target in together for request in patches_of(target, commits)}
    rendered = {request: together[target] for target, request in requests.items()}
    errors = [each for each in failed if each]
    patched: Mapping[PatchRequest, tuple[Manifest, ...]] = {}
    try:
        if requests:
            from fleet.render.patching import patch_all  # noqa: PLC0415 - most stacks patch nothing

            patched = patch_all(rendered, cache_dir, used_by(requests, lambda target: (requests[target],)))
    except RenderError as error:
        errors.append(error)
    wrong = gather(errors)
    if wrong is not None:
        raise wrong
    return {target: patched[requests[target]] if target in requests else each for target, each in together.items()}
