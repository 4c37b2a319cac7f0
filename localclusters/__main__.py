"""The command line: `python -m localclusters up | status | down | kubeconfig | build`."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from localclusters.binaries import ensure_binaries
from localclusters.clusters import DEFAULT_DIRECTORY, LocalClusters
from localclusters.errors import LocalClustersError
from localclusters.identities import USERS, context_name
from localclusters.kubeconfig import only_context
from localclusters.progress import elapsed, to_stderr
from localclusters.spec import DEFAULT_NAMES, default_names, make_specs

EXAMPLES = """examples:
  python -m localclusters up 3                      hub, dev and prod, in .localclusters/
  export KUBECONFIG=$PWD/.localclusters/kubeconfig  contexts hub, dev, prod and hub-reader, dev-reader, prod-reader
  python -m localclusters up --names eu,us --dir /tmp/two
  python -m localclusters up 1 --no-controllers --no-scheduler --no-nodes   an API server alone
  python -m localclusters status --json
  python -m localclusters kubeconfig dev --user reader > dev.yaml
  python -m localclusters down

exit codes: 0 done (status: all is well), 1 failed (status: something died; its last log lines are shown),
2 wrong usage, 3 nothing is up (status)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is the answer."""
    parsed = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = parsed.command
    try:
        return command(parsed)
    except LocalClustersError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _up(parsed: argparse.Namespace) -> int:
    names = parsed.names.split(",") if parsed.names else default_names(parsed.count or len(DEFAULT_NAMES))
    if parsed.count and parsed.count != len(names):
        raise LocalClustersError(f"{parsed.count} clusters were asked for and {len(names)} names given")
    specs = make_specs(names, controllers=parsed.controllers, scheduler=parsed.scheduler, nodes=parsed.nodes)
    began, clusters = time.monotonic(), LocalClusters(parsed.dir)
    clusters.up(specs)
    to_stderr(f"ready after {elapsed(began)}: {', '.join(clusters.names)}; logs in {clusters.logs}")
    print(f"export KUBECONFIG={clusters.kubeconfig}")
    return 0


def _status(parsed: argparse.Namespace) -> int:
    report = LocalClusters(parsed.dir).report()
    if report is None:
        to_stderr(f"nothing is up in {Path(parsed.dir).absolute()}")
        return 3
    print(json.dumps(report.as_json(), indent=2) if parsed.json else report.as_text())
    return 0 if report.healthy else 1


def _down(parsed: argparse.Namespace) -> int:
    clusters = LocalClusters(parsed.dir)
    names = clusters.names
    clusters.down()
    to_stderr(f"down: {', '.join(names)}" if names else f"nothing was up in {clusters.directory}")
    return 0


def _kubeconfig(parsed: argparse.Namespace) -> int:
    cluster = LocalClusters(parsed.dir)[parsed.name]
    document = yaml.safe_load(cluster.kubeconfig.read_text())
    wanted = only_context(document, context_name(cluster.name, parsed.user))
    print(yaml.safe_dump(wanted, sort_keys=False), end="")
    return 0


def _build(_parsed: argparse.Namespace) -> int:
    print(ensure_binaries().directory)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m localclusters",
        description="Real Kubernetes control planes on this machine.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_up(_add(commands, "up", _up, "start clusters, build what they need first; leaves alone what runs"))
    status = _add(commands, "status", _status, "what runs where, and what died")
    status.add_argument("--json", action="store_true", help="for programs")
    _add(commands, "down", _down, "end every process and remove all data; the logs stay")
    kubeconfig = _add(commands, "kubeconfig", _kubeconfig, "print the kubeconfig of one cluster")
    kubeconfig.add_argument("name", metavar="NAME", help="the cluster")
    kubeconfig.add_argument("--user", choices=list(USERS), default="admin", help="whose (default: admin)")
    _add(commands, "build", _build, "build the programs, if they are not cached, and print where they are")
    return parser


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    command: Callable[[argparse.Namespace], int],
    what: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=what, description=what, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(command=command)
    parser.add_argument(
        "--dir",
        default=DEFAULT_DIRECTORY,
        metavar="DIR",
        help=f"the folder of the clusters (default: {DEFAULT_DIRECTORY})",
    )
    return parser


def _add_up(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "count", nargs="?", type=_positive, metavar="N", help="how many (default: 3, or as many as --names)"
    )
    parser.add_argument("--names", metavar="A,B,...", help="their names (default: hub, dev, prod, cluster-4, ...)")
    for part in ("controllers", "scheduler", "nodes"):
        parser.add_argument(f"--no-{part}", dest=part, action="store_false", help=f"leave out the {part}")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
