"""`fleet explain`: what holds for an application in a cluster, and who says so."""

from __future__ import annotations

import json

import click
from rich.text import Text

from fleet.cli import exit_codes, offline, options, terminal
from fleet.cli.views import explanation

_FETCH = click.option(
    "--fetch", is_flag=True, help="Read the sources, too, for what .argocd-source.yaml files in them say."
)
_JSON = click.option("-j", "--json", "as_json", is_flag=True, help="Print a JSON object.")


@click.command(epilog=exit_codes.epilog())
@click.argument("application", metavar="APP")
@click.argument("cluster")
@options.options(options.STACK, _FETCH, _JSON)
@click.pass_context
def explain(
    context: click.Context, /, application: str, cluster: str, stack: str | None, *, fetch: bool, as_json: bool
) -> None:
    """Print what holds for an application in a cluster, who says so, where, and what it replaces.

    What is said about an application is put together from the application itself, from those of its overrides that are
    about the cluster, and from the destination; the last word wins. Only the declaration is read: nothing is rendered,
    no cluster is asked, no engine is needed, and nothing is fetched without --fetch. Values are printed as they are
    declared. CLUSTER is a cluster's name, or one of its URLs.

    \b
    Examples:
      fleet explain shop prod -s demo
      fleet explain shop prod -s demo --fetch   # with what the repositories' .argocd-source.yaml files say
      fleet explain shop prod -s demo --json    # for programs
    """
    project, name = offline.open_stack(context, stack)
    names = {"application": application, "cluster": cluster}
    asked = offline.question("explain", project, name, base=project.folder, **names, fetch=fetch)
    answer = offline.answered(context, asked, project)
    if as_json:
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    console = terminal.of(context).console()
    for part in explanation.render(answer, console.width):
        console.print(part, soft_wrap=isinstance(part, Text))
