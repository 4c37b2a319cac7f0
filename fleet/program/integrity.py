"""Integrity: only what is signed as its project wants it is read. It is asked here, and answered elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from fleet.errors import PolicyError
from fleet.model.plan import Revision, Target
from fleet.plan.integrity import ambiguous, checks_of, refusal
from fleet.plan.policy import Policies
from fleet.render import Repositories


def trusted(
    targets: tuple[Target, ...],
    commits: Mapping[Revision, str],
    rules: Policies,
    repositories: Repositories,
    project_dir: Path,
) -> tuple[tuple[Target, ...], PolicyError | None]:
    """Return the targets that may be read, and what is wrong with the others; None if nothing is.

    commits: of all revisions, fetched. project_dir: where the paths of files of keys start.
    """
    unclear = ambiguous(targets, rules)
    checks = {target: checks_of(target, commits, rules) for target in targets if target not in unclear}
    if not (unclear or any(checks.values())):
        return targets, None
    from fleet.render.signatures import verify  # noqa: PLC0415 - most stacks have nothing to verify

    try:
        verdicts = verify(chain(*checks.values()), repositories, project_dir)
    except PolicyError as error:
        without = tuple(target for target, several in checks.items() if not several)
        return without, PolicyError(*chain(*unclear.values()), *error.problems)
    refused = {
        target: [refusal(target, check, verdicts[check]) for check in several if verdicts[check]]
        for target, several in checks.items()
    }
    problems = (*chain(*unclear.values()), *chain(*refused.values()))
    allowed = tuple(target for target, several in refused.items() if not several)
    return allowed, PolicyError(*problems) if problems else None
