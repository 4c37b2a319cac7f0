"""Whether a live object holds what is wanted, decided without the API server's help. Pure.

Only for where a server-side dry run is not possible: this is a guess. Defaults, webhooks and normalisation are known to
the server alone; what they commonly do (drop empty values, rewrite quantities, append to lists of named things) is
allowed for. Additions to lists of plain values count as differences, other additions do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from fleet.engine.kubernetes.diff import Difference, Path, differences

# Keys by which Kubernetes tells the entries of its lists apart, the most telling first.
_IDENTITIES = ("name", "key", "mountPath", "devicePath", "containerPort", "port", "topologyKey", "ip", "uid")
_QUANTITY = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_FACTORS = {
    "m": Decimal("0.001"),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", start=1)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)},
}


def unmet(wanted: Any, live: Any, path: Path = ()) -> Iterator[Difference]:
    """Yield the fields of `wanted` (before) that `live` (after) does not have, or has differently."""
    if _is_empty(wanted) and _is_empty(live):
        return
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        for key, value in wanted.items():
            if value is not None:
                yield from unmet(value, live.get(key), (*path, key))
    elif isinstance(wanted, list | tuple) and isinstance(live, list | tuple):
        yield from _unmet_entries(wanted, live, path)
    elif any(differences(wanted, live)) and not _same_quantity(wanted, live):
        yield Difference(path, wanted, live)


def _unmet_entries(wanted: Sequence[Any], live: Sequence[Any], path: Path) -> Iterator[Difference]:
    identity = _identity(wanted, live)
    if identity:
        there = {each[identity]: each for each in live}
        for index, entry in enumerate(wanted):
            yield from unmet(entry, there.get(entry[identity]), (*path, index))
    elif all(isinstance(each, Mapping) for each in (*wanted, *live)):
        for index, (entry, counterpart) in enumerate(zip_longest(wanted, live)):
            yield from unmet(entry, counterpart, (*path, index))
    elif any(differences(wanted, live)):
        yield Difference(path, wanted, live)


def _identity(*lists: Sequence[Any]) -> str | None:
    """Return the key that tells all entries of each list apart, if there is one."""
    for key in _IDENTITIES:
        if all(_tells_apart(key, entries) for entries in lists):
            return key
    return None


def _tells_apart(key: str, entries: Sequence[Any]) -> bool:
    if not all(isinstance(each, Mapping) and isinstance(each.get(key), str | int) for each in entries):
        return False
    return len({each[key] for each in entries}) == len(entries)


def _is_empty(value: Any) -> bool:
    """Return whether Go's `omitempty` would leave the value out."""
    return value is None or value in ("", 0, False) or (isinstance(value, Mapping | list | tuple) and not value)


def _same_quantity(wanted: Any, live: Any) -> bool:
    left, right = _quantity(wanted), _quantity(live)
    return left is not None and left == right


def _quantity(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    match = _QUANTITY.fullmatch(str(value))
    return Decimal(match[1]) * _FACTORS.get(match[2] or "", Decimal(1)) if match else None
