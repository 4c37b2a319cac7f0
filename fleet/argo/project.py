"""AppProject: a document of Argo CD → the model's Project.

In: the document as a Section. Out: the Project, or None and what is wrong, by key path. What the rules mean is no
matter of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from fleet.argo.fields import Section, shown
from fleet.argo.keys import API_VERSION
from fleet.argo.project_keys import GLOBAL_FOR, PROJECT_KEYS
from fleet.argo.project_signatures import parse_signatures
from fleet.model import checks
from fleet.model.project import GroupKind, Project, ProjectDestination, check_repository
from fleet.model.selector import parse_selector

Entry = TypeVar("Entry")


def parse_project(section: Section) -> Project | None:
    """Return the Project; None if anything is wrong with it, which is noted."""
    section = replace(section, places=PROJECT_KEYS)
    section.known(PROJECT_KEYS["AppProject"])
    section.text("apiVersion", _api_version, required=f"Write apiVersion: {API_VERSION}.")
    metadata = section.section("metadata", required="Give the AppProject a name.")
    spec = section.section("spec")
    described = _metadata(metadata) if metadata else {}
    specified = _spec(spec) if spec else {}
    asked = spec or replace(section, data={}, where=section.at("spec"))
    specified["signatures"] = parse_signatures(asked, metadata.section("annotations") if metadata else None)
    if section.problems:
        return None
    return section.checked(section.where, lambda: Project(**described, **specified, where=section.where))


def _api_version(owner: str, field: str, value: str) -> None:
    if value != API_VERSION:
        raise checks.fail(owner, field, value, API_VERSION)


def _metadata(section: Section) -> dict[str, Any]:
    section.known(PROJECT_KEYS["AppProject.metadata"])
    labels, annotations = section.section("labels"), section.section("annotations")
    return {
        "name": section.text("name", checks.name, required="Give the AppProject a name."),
        "labels": labels.texts() if labels else {},
        "global_for": _global_for(annotations) if annotations else None,
    }


def _global_for(section: Section) -> str | None:
    """Return what our own annotation says. All others are for other programs."""
    values = section.texts()
    prefix = GLOBAL_FOR.rpartition("/")[0] + "/"
    ours = {key: value for key, value in values.items() if key.startswith(prefix)}
    replace(section, data=ours).known(PROJECT_KEYS["AppProject.metadata.annotations"])
    selector = values.get(GLOBAL_FOR)
    if selector is not None:
        section.checked(section.at(GLOBAL_FOR), partial(parse_selector, selector))
    return selector


def _spec(section: Section) -> dict[str, Any]:
    section.known(PROJECT_KEYS["AppProject.spec"])
    return {
        "description": section.text("description"),
        "source_repos": tuple(_texts(section, "sourceRepos")),
        "destinations": tuple(_listed(section, "destinations", _destination)),
        "cluster_resource_whitelist": tuple(_listed(section, "clusterResourceWhitelist", _kind)),
        "cluster_resource_blacklist": tuple(_listed(section, "clusterResourceBlacklist", _kind)),
        "namespace_resource_whitelist": _whitelist(section),
        "namespace_resource_blacklist": tuple(_listed(section, "namespaceResourceBlacklist", _kind)),
        "permit_only_project_scoped_clusters": section.flag("permitOnlyProjectScopedClusters") or False,
    }


def _whitelist(section: Section) -> tuple[GroupKind, ...] | None:
    """An empty list permits nothing, none permits everything."""
    key = "namespaceResourceWhitelist"
    return None if section.data.get(key) is None else tuple(_listed(section, key, _kind))


def _texts(section: Section, key: str) -> Iterator[str]:
    for where, entry in section.entries(key):
        if isinstance(entry, str) and entry.strip():
            section.checked(where, partial(check_repository, "AppProject", key, entry))
            yield entry
        else:
            section.note(where, "must be a string that is not empty", f"It is {shown(entry)}.")


def _listed(section: Section, key: str, make: Callable[[Section], Entry]) -> Iterator[Entry]:
    for where, entry in section.entries(key):
        if not isinstance(entry, dict):
            section.wrong_type(where, entry, "a mapping")
            continue
        place = replace(section, data=entry, where=where)
        place.known(PROJECT_KEYS[f"AppProject.spec.{key}[]"])
        made = place.checked(where, partial(make, place))
        if made is not None:
            yield made


def _destination(section: Section) -> ProjectDestination:
    fields = {key: section.text(key) for key in ("server", "name", "namespace")}
    return ProjectDestination(**fields)


def _kind(section: Section) -> GroupKind:
    return GroupKind(section.text("kind"), group=section.text("group"), name=section.text("name"))
