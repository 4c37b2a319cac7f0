"""`spec.destination` → Destinations.

A destination keeps the cluster as the file names it, by URL or by name: which cluster that is, is decided when the
clusters of the stack are known. `spec.destination.namespace` is the application's, for all that name none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fleet.argo.fields import Section
from fleet.argo.keys import KEYS
from fleet.argo.override import parse_changes
from fleet.model import checks
from fleet.model.application import Destination

_ENTRY = "a cluster's URL or name, or a mapping with server or name"


def parse_destinations(section: Section) -> tuple[Destination, ...]:
    """Return the destinations in the order of the file; those with something wrong are left out."""
    section.known(KEYS["spec.destination"])
    found: list[Destination | None] = []
    for key in _given(section, ("server", "name", "servers")):
        if key == "servers":
            found += _servers(section)
        else:
            cluster = section.text(key, checks.text)
            found.append(_destination(replace(section, where=section.at(key)), cluster))
    return tuple(each for each in found if each is not None)


def _servers(section: Section) -> list[Destination | None]:
    if section.data["servers"] == []:
        section.note(section.at("servers"), "must have at least one entry", hint="List the clusters to deploy to.")
    return [_entry(replace(section, where=where), entry) for where, entry in section.entries("servers")]


def _entry(section: Section, entry: object) -> Destination | None:
    if isinstance(entry, str) and entry.strip():
        return _destination(section, entry)
    if not isinstance(entry, dict):
        section.wrong_type(section.where, entry, _ENTRY)
        return None
    section = replace(section, data=entry)
    section.known(KEYS["spec.destination.servers[]"])
    clusters = [section.text(key, checks.text) for key in _given(section, ("server", "name"))]
    return _destination(section, "".join(clusters), **parse_changes(section))


def _destination(section: Section, cluster: str, **changes: Any) -> Destination | None:
    if section.problems:
        return None
    return section.checked(section.where, lambda: Destination(cluster, **changes, where=section.where))


def _given(section: Section, references: tuple[str, ...]) -> list[str]:
    """Return which of the keys that name a cluster are there, and note it unless it is exactly one."""
    given = [key for key in references if section.data.get(key) not in (None, "")]
    hint = f"Give exactly one of {', '.join(references[:-1])} and {references[-1]}."
    if not given:
        section.note(section.where, "no cluster is named", hint=hint)
    elif len(given) > 1:
        section.note(section.where, f"{' and '.join(given)} are given together", hint=hint)
    return given
