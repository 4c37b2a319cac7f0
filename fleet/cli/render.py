"""`fleet render`: the manifests that the clusters should hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from fleet.cli import exit_codes, offline, options
from fleet.cli.rendered import RenderedObject, chosen, with_yaml
from fleet.cli.selection import selection
from fleet.cli.tree import write_tree

_OUTPUT = click.option(
    "-o",
    "--output",
    type=click.Choice(("yaml", "json", "dir")),
    default="yaml",
    show_default=True,
    help="Print YAML documents or a JSON list, or write a file per object below --into.",
)
_INTO = click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("rendered"),
    show_default=True,
    metavar="DIR",
    help="With `-o dir`: where to write. What an earlier run wrote there is replaced.",
)


@click.command(epilog=exit_codes.epilog())
@click.argument("application", required=False, metavar="[APP]")
@click.argument("cluster", required=False, metavar="[CLUSTER]")
@options.options(options.STACK, _OUTPUT, _INTO, *options.SELECTION)
@click.pass_context
def render(
    context: click.Context, /, application: str | None, cluster: str | None, output: str, into: Path, **flags: Any
) -> None:
    """Print the manifests that the clusters should hold: what an update would register.

    Reads the declaration and Git, and renders everything, as a run does. No cluster is asked, no state is read and no
    engine is needed. Values of Secrets are printed as they are in Git.

    \b
    Examples:
      fleet render -s demo                          # everything, in every cluster
      fleet render shop prod -s demo                # one application in one cluster
      fleet render -s demo -l team=web -o json
      fleet render -s demo -o dir --into rendered   # a file per object, to keep or to compare
    """
    project, name = offline.open_stack(context, flags["stack"])
    wanted = selection(flags["project"], flags["app"], flags["selector"])
    asked = offline.question("render", project, name, base=project.folder)
    answer = offline.answered(context, asked, project)
    found = chosen(answer, application=application, cluster=cluster, wanted=wanted)
    if output == "dir":
        written = write_tree(into, found)
        click.echo(f"wrote {written} manifests to {into}", err=True)
    elif output == "json":
        click.echo(json.dumps([_entry(each) for each in found], indent=2))
    else:
        texts = (f"---\n# {_place(each)}\n{text}" for each, text in with_yaml(found))
        click.echo("".join(texts), nl=False)


def _place(each: RenderedObject) -> str:
    return f"{each.application} in {each.cluster}{', ' if each.turn else ''}{each.turn}"


def _entry(each: RenderedObject) -> dict[str, Any]:
    turn = {"turn": each.turn} if each.turn else {}
    return {"cluster": each.cluster, "application": each.application, **turn, "manifest": each.body}
