"""Application: a document of Argo CD → the model's Application.

In: the document as a Section. Out: the Application, or None and what is wrong, by key path.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fleet.argo.destination import parse_destinations
from fleet.argo.fields import Section, is_empty, shown
from fleet.argo.keys import ADOPT, API_VERSION, KEYS, SKIP_RECONCILE, WAIT, WAIT_TIMEOUT
from fleet.argo.override import parse_overrides
from fleet.argo.source import parse_sources
from fleet.argo.sync import parse_sync_policy
from fleet.model import checks
from fleet.model.application import Application
from fleet.model.project import DEFAULT_PROJECT


def parse_application(section: Section) -> Application | None:
    """Return the Application; None if anything is wrong with it, which is noted."""
    section = _named(section)
    section.known(KEYS[""])
    section.text("apiVersion", _api_version, required=f"Write apiVersion: {API_VERSION}.")
    metadata = section.section("metadata", required="Give the Application a name.")
    spec = section.section("spec", required="Give the Application a source and a destination.")
    described = _metadata(metadata) if metadata else {}
    specified = _spec(spec) if spec else {}
    if section.problems:
        return None
    return section.checked(section.where, lambda: Application(**described, **specified, where=section.where))


def _named(section: Section) -> Section:
    """Return the section with the Application's name in every place that is made from it."""
    metadata = section.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return replace(section, where=replace(section.where, application=name)) if isinstance(name, str) else section


def _api_version(owner: str, field: str, value: str) -> None:
    if value != API_VERSION:
        raise checks.fail(owner, field, value, API_VERSION)


def _metadata(section: Section) -> dict[str, Any]:
    section.known(KEYS["metadata"])
    labels = section.section("labels")
    annotations = section.section("annotations")
    return {
        "name": section.text("name", checks.name, required="Give the Application a name."),
        "labels": labels.texts() if labels else {},
        **(_settings(_ours(annotations)) if annotations else {}),
    }


def _settings(annotations: Section) -> dict[str, Any]:
    """Return the fields that annotations of our own say."""
    found: dict[str, Any] = {"adopt": _flag(annotations, ADOPT) or False, "wait": _flag(annotations, WAIT)}
    limit = annotations.text(WAIT_TIMEOUT)
    if limit and not (limit.isascii() and limit.isdecimal() and int(limit)):
        annotations.note(annotations.at(WAIT_TIMEOUT), "must be a whole number above 0", f"It is {shown(limit)}.")
    return found | ({"wait_timeout_s": int(limit)} if limit.isdecimal() else {})


def _ours(section: Section) -> Section:
    """Return the annotations that are for us: all others are for other programs, except one that pauses."""
    values = section.texts()
    ours = {key: value for key, value in values.items() if key.startswith(ADOPT.rpartition("/")[0] + "/")}
    paused = {SKIP_RECONCILE: "true"} if values.get(SKIP_RECONCILE) == "true" else {}
    found = replace(section, data=ours | paused)
    found.known(KEYS["metadata.annotations"])
    return found


def _flag(section: Section, key: str) -> bool | None:
    """Return what an annotation says; None for nothing."""
    value = section.text(key)
    if value and value not in ("true", "false"):
        section.note(section.at(key), 'must be "true" or "false"', f"It is {shown(value)}.")
    return value == "true" if value else None


def _sources(section: Section) -> dict[str, Any]:
    found = parse_sources(section)
    return {"sources": found} if len(found) != 1 or not is_empty(section.data.get("sources")) else {"source": found[0]}


def _spec(section: Section) -> dict[str, Any]:
    section.known(KEYS["spec"])
    destination = section.section("destination", required="Give the Application a server, a name or servers.")
    return {
        "project": section.text("project", checks.name) or DEFAULT_PROJECT,
        **_sources(section),
        "destinations": parse_destinations(destination) if destination else (),
        "namespace": (destination.text("namespace", checks.namespace) if destination else "") or None,
        "overrides": parse_overrides(section),
        "sync": parse_sync_policy(section.section("syncPolicy")),
    }
