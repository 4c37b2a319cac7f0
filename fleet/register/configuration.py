"""Configuration: `fleet:clusters` and `fleet:repositories` of a stack → clusters and mirrors.

In: what Pulumi makes of `stacks/Pulumi.<stack>.yaml`. Out: model values beside every problem, each with its key path.
Nothing here needs Pulumi.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from fleet.errors import DeclarationError, Problem, Where
from fleet.model import checks
from fleet.model.cluster import Cluster


def _urls(owner: str, field: str, value: object) -> None:
    for position, url in enumerate(checks.sequence(owner, field, value, str, "URLs")):
        checks.text(owner, f"{field}[{position}]", url)


# Key in the file → the Cluster's field, and the check that it is of use.
_FIELDS: Final[Mapping[str, tuple[str, Callable[[str, str, object], object]]]] = MappingProxyType(
    {
        "kubeconfig": ("kubeconfig", checks.text),
        "context": ("context", checks.text),
        "server": ("server", checks.text),
        "urls": ("urls", _urls),
        "inCluster": ("in_cluster", checks.flag),
        "labels": ("labels", checks.labels),
        "project": ("project", checks.name),
        "paused": ("paused", checks.flag),
        "identifier": ("identifier", checks.text),
        "kubeVersion": ("kube_version", checks.kube_version),
        "apiVersions": ("api_versions", checks.api_versions),
    }
)

# As Cargo does with what it would have to fetch anew.
_CACHE_DAYS = 90

# What a run may delete is for the embedded engine to heed (`fleet.engine.budget`).
_KEYS: Final = ("fleet:clusters", "fleet:deletions", "fleet:repositories")


def file_of(stack: str) -> str:
    """Return where the stack's configuration is, relative to the project; for messages."""
    return f"stacks/Pulumi.{stack}.yaml"


def cache_dir(environment: Mapping[str, str]) -> Path:
    """Return the directory that FLEET_CACHE_DIR or XDG_CACHE_HOME say."""
    given = environment.get("FLEET_CACHE_DIR")
    if given:
        return Path(given).expanduser().absolute()
    base = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "fleet"


def cache_days(environment: Mapping[str, str]) -> tuple[int | None, tuple[Problem, ...]]:
    """Return for how many days the cache keeps what no run uses, by FLEET_CACHE_DAYS; None is for ever."""
    given = environment.get("FLEET_CACHE_DAYS", "").strip()
    if given == "never":
        return None, ()
    if given and not re.fullmatch(r"[1-9]\d{0,4}", given):
        hint = "Give a number of days, or `never` for a cache that keeps everything."
        return None, (Problem(f"the environment variable FLEET_CACHE_DAYS is {given!r}", hint=hint),)
    return int(given or _CACHE_DAYS), ()


def read_clusters(configured: object, file: str) -> tuple[tuple[Cluster, ...], tuple[Problem, ...]]:
    """Return the clusters of `fleet:clusters` by name, and what is wrong with it. None is none.

    file: the configuration's, for messages.
    """
    where = Where(file, key="config.fleet:clusters")
    entries, problems = _mapping(configured, where, "cluster names to their settings")
    clusters: list[Cluster] = []
    for name, entry in sorted(entries.items()):
        cluster, wrong = _cluster(name, entry, _below(where, name))
        problems += wrong
        clusters += [cluster] if cluster else []
    return tuple(clusters), problems


def read_mirrors(configured: object, file: str) -> tuple[Mapping[str, str], tuple[Problem, ...]]:
    """Return `fleet:repositories`, repository URL → URL or path to fetch from instead, and what is wrong with it."""
    where = Where(file, key="config.fleet:repositories")
    entries, problems = _mapping(configured, where, "repository URLs to the URLs or paths to use instead")
    for url, mirror in sorted(entries.items()):
        problems += _checked(_below(where, url), checks.text, f"Repository {url!r}", "the mirror", mirror)
    return MappingProxyType(dict(entries)), problems


def read_keys(keys: Iterable[str], file: str) -> tuple[Problem, ...]:
    """Return a problem for each key of the namespace `fleet` that means nothing. keys: in full, of all namespaces."""
    unknown = sorted(key for key in keys if key.startswith("fleet:") and key not in _KEYS)
    return tuple(_unknown(key, Where(file, key="config"), _KEYS, "The configuration") for key in unknown)


def _cluster(name: str, entry: object, where: Where) -> tuple[Cluster | None, tuple[Problem, ...]]:
    fields, problems = _mapping(entry, where, "a cluster's settings")
    problems += _checked(where, checks.name, "Cluster", "name", name)
    for key, value in fields.items():
        if key in _FIELDS:
            problems += _checked(_below(where, key), _FIELDS[key][1], f"Cluster {name!r}", key, value)
        else:
            problems += (_unknown(key, where, _FIELDS, "A cluster"),)
    if problems:
        return None, problems
    return Cluster(name, **{_FIELDS[key][0]: value for key, value in fields.items()}), ()


def _mapping(value: object, where: Where, what: str) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    if value is None:
        return {}, ()
    if isinstance(value, Mapping):
        return value, ()
    return {}, (Problem(f"a mapping of {what} is needed here", where),)


def _checked(
    where: Where, check: Callable[[str, str, object], object], owner: str, field: str, value: object
) -> tuple[Problem, ...]:
    try:
        check(owner, field, value)
    except DeclarationError as error:
        return tuple(problem.at(file=where.file, key=where.key) for problem in error.problems)
    return ()


def _unknown(key: str, where: Where, known: Collection[str], owner: str) -> Problem:
    nearest = difflib.get_close_matches(key, known, n=1)
    hint = f"Did you mean `{nearest[0]}`?" if nearest else f"{owner} has {', '.join(known)}."
    return Problem(f"unknown key `{key}`", _below(where, key), hint=hint)


def _below(where: Where, key: str) -> Where:
    return Where(where.file, key=f"{where.key}.{key}")
