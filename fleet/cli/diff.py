"""`fleet diff`: what a change of the declaration or of the manifests would do to every cluster, before it is merged."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from fleet.cli import conduct, exit_codes, offline, options, terminal
from fleet.cli.rendered import RenderedObject, check, chosen
from fleet.cli.selection import ApplicationSelection, selection
from fleet.cli.views import changes
from fleet.cli.views.comparison import as_data, compared, summary
from fleet.engine import project as projects
from fleet.engine.project import Project
from fleet.errors import ChangesFoundError, DeclarationError, FleetError, StackNotFoundError
from fleet.program.asking import ask
from fleet.program.question import Question
from fleet.program.say import Say

_AGAINST = click.option(
    "--against",
    required=True,
    metavar="REV",
    help="The revision of the project's repository to compare with: a branch, tag or commit that is fetched.",
)
_STAT = click.option("--stat", is_flag=True, help="Print which objects differ, and not how.")
_JSON = click.option(
    "-j", "--json", "as_json", is_flag=True, help="Print a JSON list, an entry per object and cluster."
)
_NOTHING: Mapping[str, Any] = {"applications": [], "clusters": [], "objects": [], "bodies": []}


@click.command(epilog=exit_codes.epilog())
@click.argument("application", required=False, metavar="[APP]")
@click.argument("cluster", required=False, metavar="[CLUSTER]")
@options.options(options.STACK, _AGAINST, _STAT, _JSON, options.EXPECT_NO_CHANGES, *options.SELECTION)
@click.pass_context
def diff(context: click.Context, /, application: str | None, cluster: str | None, **flags: Any) -> None:
    """Compare the manifests that the clusters should hold with those of another revision of everything.

    Renders the whole stack twice, declaration, configuration and manifests: as it is in the working tree, and as it
    was at the other revision. Sources in the project's own repository that follow a branch are taken at the two
    commits; all other sources are the same on both sides. No cluster is asked and no state is read: this is what a
    pull request would change, not what has drifted. Equal changes in several clusters are shown once. Values of
    Secrets are masked.

    \b
    Examples:
      fleet diff --against origin/main -s demo              # what would this branch change, and where?
      fleet diff shop prod --against HEAD~1 -s demo
      fleet diff --against v1.4.0 -s demo --stat
      fleet diff --against origin/main -s demo --expect-no-changes    # for CI: exit code 7 on any difference
    """
    project, stack = offline.open_stack(context, flags["stack"])
    wanted = selection(flags["project"], flags["app"], flags["selector"])
    old, new = _both(context, project, stack, flags["against"])
    _check(old, new, application, cluster, wanted)
    before, after = (_chosen(each, application, cluster, wanted) for each in (old, new))
    found = compared(before, after)
    if flags["as_json"]:
        click.echo(json.dumps(list(as_data(found)), indent=2))
    else:
        console = terminal.of(context).console()
        shown = [replace(each, changes=()) for each in found] if flags["stat"] else found
        for line in changes.render(shown):
            console.print(line, soft_wrap=True)
        same = len(after) - sum(each.label.split()[-1] != "delete" for each in found)
        console.print(summary(found, same), soft_wrap=True)
    conduct.end(context, ChangesFoundError.exit_code if found and flags["expect_no_changes"] else 0)


def _both(
    context: click.Context, project: Project, stack: str, against: str
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return what was wanted at the other revision, and what is wanted now. Both are rendered at once."""
    # Imported here: what reads repositories is nothing that another command waits for.
    from fleet.program.history import History  # noqa: PLC0415

    history = History.of(project.folder)
    base, head = history.commit(against), history.commit("HEAD")
    asked = offline.question("render", project, stack, base=project.folder)
    asked = replace(asked, pin=history.pin(head, against))
    python = project.python
    with (
        offline.showing(context) as say,
        tempfile.TemporaryDirectory(prefix="fleet-") as directory,
        ThreadPoolExecutor(max_workers=2) as pool,
    ):
        if history.is_changed():
            say.warning("changes that are not committed count in the declaration, and not in the manifests")
        earlier = history.write(base, Path(directory).resolve())
        new = pool.submit(ask, asked, python, say)
        old = pool.submit(_earlier, earlier, replace(asked, pin=history.pin(base, against)), python, say)
        # What is wrong now is of more interest than what was wrong then.
        now = new.result()
        try:
            return old.result(), now
        except FleetError as error:
            raise type(error)(
                *(replace(each, summary=f"at {against}: {each.summary}") for each in error.problems)
            ) from None


def _earlier(project_dir: Path | None, asked: Question, python: str, say: Say) -> Mapping[str, Any]:
    """Return what was wanted by the project in a directory; nothing where project or stack were not there yet."""
    try:
        if project_dir is None:
            return _NOTHING
        earlier = offline.question("render", projects.load(project_dir), asked.stack, base=asked.base)
        quiet = Say(say.progress, lambda _: None)
        answer: Mapping[str, Any] = ask(replace(earlier, pin=asked.pin), python, quiet)
    except StackNotFoundError:
        return _NOTHING
    return answer


def _check(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    application: str | None,
    cluster: str | None,
    wanted: ApplicationSelection | None,
) -> None:
    """Raise DeclarationError for names that are on neither side."""
    applications = {each["application"]: each for side in (old, new) for each in side["applications"]}
    clusters = sorted({*old["clusters"], *new["clusters"]})
    both = {"applications": list(applications.values()), "clusters": clusters}
    check(both, application=application, cluster=cluster, wanted=wanted)


def _chosen(
    answer: Mapping[str, Any], application: str | None, cluster: str | None, wanted: ApplicationSelection | None
) -> tuple[RenderedObject, ...]:
    try:
        return chosen(answer, application=application, cluster=cluster, wanted=wanted)
    except DeclarationError:
        # The other side has it.
        return ()
