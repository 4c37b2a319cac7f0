"""`fleet clusters`: the stack's clusters; and `fleet clusters discover`: what they are, asked and written down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from fleet.cli import exit_codes, offline, options, terminal, words
from fleet.engine import files
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.project import Project
from fleet.errors import ChangesFoundError, ClusterError, FleetError, Problem, gather
from fleet.frozen import dataclass
from fleet.model.discovered import Discovered
from fleet.program import remembered

_JSON = click.option("-j", "--json", "as_json", is_flag=True, help="Print a JSON list, an entry per cluster.")
_CHECK = click.option("--check", is_flag=True, help="Write nothing; exit with 7 if the file would change.")


@click.group(epilog=exit_codes.epilog(), invoke_without_command=True)
@options.options(options.STACK, _JSON)
@click.pass_context
def clusters(context: click.Context, /, stack: str | None, *, as_json: bool) -> None:
    """List the stack's clusters, and what charts are told of them.

    No cluster is asked: the version of Kubernetes is the one that is declared, or that `discover` wrote down.

    \b
    Examples:
      fleet clusters -s demo
      fleet clusters discover -s demo
    """
    if context.invoked_subcommand is not None:
        return
    project, name = offline.open_stack(context, stack)
    found = offline.answered(context, offline.question("clusters", project, name, base=project.folder), project)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif found:
        terminal.of(context).console().print(_table(found))
    else:
        click.echo(f"the stack {name} has no clusters")


def _table(found: Iterable[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for title in ("CLUSTER", "CONTEXT", "SERVER", "LABELS", "PAUSED", "KUBERNETES"):
        table.add_column(title, no_wrap=True)
    for each in found:
        labels = ",".join(f"{key}={value}" for key, value in sorted(each["labels"].items()))
        version = f"{each['kubeVersion']} ({each['versionFrom']})" if each["versionFrom"] else "-"
        cells = (each["name"], each["context"], each["server"], labels, "yes" if each["paused"] else "", version)
        table.add_row(*(Text(words.clean(cell or "-")) for cell in cells))
    return table


@clusters.command(epilog=exit_codes.epilog())
@click.argument("names", nargs=-1, metavar="[CLUSTER]...")
@options.options(options.STACK, _CHECK)
@click.pass_context
def discover(context: click.Context, /, names: tuple[str, ...], stack: str | None, *, check: bool) -> None:
    """Ask clusters for their version and the kinds that they serve, and write both down.

    The answers are what charts are told (`.Capabilities`), and tell which custom kinds live in namespaces. They go into
    stacks/<stack>.clusters.yaml, a file to commit: previews and pull requests need no cluster then, and show what a new
    version of Kubernetes changes. What a cluster declares of itself goes first. Nothing is changed in any cluster. Of
    one that does not answer, the file says what it said before. Paused clusters are asked only by name.

    \b
    Examples:
      fleet clusters discover -s demo                # all of them
      fleet clusters discover prod -s demo           # one, the others stay as they are written down
      fleet clusters discover -s demo --check        # for CI: is the file still true?
    """
    parent = context.parent.params.get("stack") if context.parent else None
    project, name = offline.open_stack(context, stack or parent)
    asked = offline.question("connections", project, name, base=project.folder, clusters=list(names))
    answer = offline.answered(context, asked, project)
    before, _ = remembered.read(project.folder, name)
    with offline.showing(context) as say:
        say.progress(f"asking {words.listing(sorted(answer['reached']))}")
        # Imported when clusters are asked: other commands need nothing that talks to them, and are to start fast.
        from fleet.program.discovery import discover as ask  # noqa: PLC0415

        found = asyncio.run(ask(_inputs(project, answer["reached"]), before))
    outcome = _Outcome(project, name, answer["declared"], before, found)
    for cluster in answer["paused"]:
        click.echo(f"{cluster}: paused, not asked")
    for line in outcome.lines():
        click.echo(line)
    outcome.end(check=check)


def _inputs(project: Project, reached: Mapping[str, Mapping[str, Any]]) -> list[ProviderInputs]:
    return [ProviderInputs(name=name, base_dir=project.folder, **each) for name, each in sorted(reached.items())]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of asking. declared: the names of the stack's clusters; all others are forgotten."""

    project: Project
    stack: str
    declared: Sequence[str]
    before: remembered.Remembered
    found: Mapping[str, Discovered | Problem]

    def lines(self) -> Iterable[str]:
        """Yield what to say of each cluster that has answered."""
        for name, each in self.found.items():
            if isinstance(each, Discovered):
                known = words.count(len(each.kinds), "kind")
                yield f"{name}: Kubernetes {each.kube_version}, {known}{_change(self.before.get(name), each)}"

    def end(self, *, check: bool) -> None:
        """Write the file. Raises ClusterError for clusters that have not answered, ChangesFoundError with `check`."""
        file = remembered.file_of(self.stack)
        place = self.project.folder / file
        text = remembered.text_of(self._all(), self.stack)
        is_same = place.read_bytes() == text.encode() if place.is_file() else not self._all()
        errors: list[FleetError] = []
        silent = [each for each in self.found.values() if isinstance(each, Problem)]
        if silent:
            errors.append(ClusterError(*silent))
        if check and not is_same:
            hint = f"Write it anew and commit it: fleet clusters discover -s {self.stack}"
            errors.append(ChangesFoundError(Problem(f"{file} is out of date", hint=hint)))
        elif is_same:
            click.echo(f"{file} is up to date")
        else:
            files.replace(place, text.encode())
            click.echo(f"wrote {file}")
        error = gather(errors)
        if error is not None:
            raise error

    def _all(self) -> remembered.Remembered:
        found = {name: each for name, each in self.found.items() if isinstance(each, Discovered)}
        return remembered.merged(self.declared, self.before, found)


def _change(before: Discovered | None, now: Discovered) -> str:
    if before is None:
        return ", new"
    if before == now:
        return ", as before"
    more, less = len(now.kinds.keys() - before.kinds.keys()), len(before.kinds.keys() - now.kinds.keys())
    version = f", was {before.kube_version}" if before.kube_version != now.kube_version else ""
    return version + (f", {more} more" if more else "") + (f", {less} less" if less else "")
