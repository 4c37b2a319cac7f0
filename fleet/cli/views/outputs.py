"""The stack's outputs, compact: first which commit of which application is where, then all others."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from rich.text import Text

from fleet.cli import words

# The output that programs of this project have: application → cluster → namespace → full SHA, or version of a chart;
# of several sources a list.
DEPLOYED = "deployed"
SHORT_SHA = 12
_SHA = re.compile(r"[0-9a-f]{40}")
MOST = 20


def deployed(outputs: Mapping[str, Any], failed: Container[str]) -> Iterator[Text]:
    """Yield `my-app  3f2c9ab1d2e4  dev, hub, prod`, one line per application and commit.

    failed: clusters in which something failed; what the outputs say is not yet true there, so they are left out.
    """
    places: dict[tuple[str, str], dict[str, list[str]]] = {}
    for (application, cluster, namespace), commit in _leaves((), outputs.get(DEPLOYED), depth=3):
        if cluster not in failed:
            places.setdefault((application, _short(commit)), {}).setdefault(cluster, []).append(namespace)
    width = max((len(application) for application, _ in places), default=0)
    for (application, commit), clusters in sorted(places.items()):
        where = words.listing([_cluster(name, spaces) for name, spaces in sorted(clusters.items())], most=8)
        head = words.clean(f"{application:<{width}}")
        yield Text.assemble("  ", (head, "bold"), words.clean(f"  {commit}  {where}"))


def others(outputs: Mapping[str, Any]) -> Iterator[Text]:
    """Yield `key inner-key: value`, the first few of them."""
    rest = {key: value for key, value in outputs.items() if key != DEPLOYED}
    flat = [each for key, value in rest.items() for each in _leaves((key,), value)]
    for path, value in flat[:MOST]:
        yield Text(f"  {words.clean(' '.join(path))}: {words.value(value)}")
    if len(flat) > MOST:
        yield Text(f"  … and {len(flat) - MOST:,} more; --json has them all", "dim")


def _short(commits: Any) -> str:
    each = (str(commit) for commit in (commits if isinstance(commits, list) else [commits]))
    return ", ".join(commit[:SHORT_SHA] if _SHA.fullmatch(commit) else commit for commit in each)


def _cluster(name: str, namespaces: list[str]) -> str:
    return name if namespaces == ["default"] else f"{name} ({', '.join(sorted(namespaces))})"


def _leaves(path: tuple[str, ...], value: Any, depth: int | None = None) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield (path, value) of what is no mapping; with a depth, only of what is exactly that deep."""
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _leaves((*path, str(key)), each, depth)
    elif depth in (None, len(path)):
        yield path, value
