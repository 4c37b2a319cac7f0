"""`spec.overrides`, and what else an entry of `spec.destination.servers` says → Overrides. All of it is our own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from fleet.argo.fields import Section
from fleet.argo.keys import KEYS
from fleet.argo.tools import parse_helm, parse_kustomize
from fleet.model import checks
from fleet.model.override import EVERY_CLUSTER, Override
from fleet.model.patch import Patch, PatchTarget
from fleet.model.selector import check_selector
from fleet.yamlio import YamlProblem, load_documents

_PATCHES = "spec.overrides[].patches[]"


def parse_overrides(spec: Section) -> tuple[Override, ...]:
    """Return the overrides in the order of the file; those with something wrong are left out."""
    found: list[Override | None] = []
    for where, entry in spec.entries("overrides"):
        section = replace(spec, where=where)
        if isinstance(entry, dict):
            found.append(_override(replace(section, data=entry)))
        else:
            section.wrong_type(where, entry, "a mapping")
    return tuple(each for each in found if each is not None)


def _override(section: Section) -> Override | None:
    section.known(KEYS["spec.overrides[]"])
    values = {
        "clusters": _clusters(section),
        "selector": section.text("selector", check_selector),
        **parse_changes(section),
    }
    if section.problems:
        return None
    return section.checked(section.where, lambda: Override(**values, where=section.where))


def parse_changes(section: Section) -> dict[str, Any]:
    """Return the fields that an Override and a Destination have in common."""
    labels, annotations = section.section("labels"), section.section("annotations")
    return {
        "source": _source(section),
        "namespace": section.text("namespace", checks.namespace) or None,
        "revision": section.text("targetRevision", checks.revision) or None,
        "path": section.text("path", checks.relative_path) or None,
        "kustomize": parse_kustomize(section.section("kustomize")),
        "helm": parse_helm(section.section("helm")),
        "patches": _patches(section),
        "labels": labels.texts() if labels else {},
        "annotations": annotations.texts() if annotations else {},
        "skip": section.flag("skip"),
    }


def _patches(section: Section) -> tuple[Patch, ...]:
    found: list[Patch | None] = []
    for where, entry in section.entries("patches"):
        each = replace(section, where=where)
        if isinstance(entry, dict):
            found.append(_patch(replace(each, data=entry)))
        else:
            each.wrong_type(where, entry, "a mapping")
    return tuple(each for each in found if each is not None)


def _patch(section: Section) -> Patch | None:
    """Return a patch; as in a kustomization it may be a text that holds YAML."""
    section.known(KEYS[_PATCHES])
    target = section.section("target")
    if target:
        target.known(KEYS[f"{_PATCHES}.target"])
    patch, optional = _content(section), section.flag("optional") or False
    if section.problems:
        return None
    chosen = section.checked(target.where, lambda: _target(target)) if target else None
    if section.problems:
        return None
    return section.checked(section.where, lambda: Patch(patch, target=chosen, optional=optional))


def _content(section: Section) -> Any:
    content = section.data.get("patch")
    if isinstance(content, str):
        try:
            documents = load_documents(content, file="")
        except YamlProblem as error:
            for problem in error.problems:
                section.note(section.at("patch"), f"line {problem.where.line} of the patch: {problem.summary}")
            return {}
        content = documents[0].data if len(documents) == 1 else None
    if not isinstance(content, dict | list):
        hint = "A mapping is a strategic merge patch; a list of operations is a JSON patch."
        section.note(section.at("patch"), "must be one mapping or one list", hint=hint)
    return content


def _target(section: Section) -> PatchTarget:
    return PatchTarget(
        group=section.text("group"),
        version=section.text("version"),
        kind=section.text("kind"),
        name=section.text("name"),
        namespace=section.text("namespace"),
        label_selector=section.text("labelSelector"),
        annotation_selector=section.text("annotationSelector"),
    )


def _clusters(section: Section) -> tuple[str, ...]:
    """Return the clusters that an override is about; where it does not say, all of them."""
    found: list[str] = []
    for where, entry in section.entries("clusters"):
        if isinstance(entry, str):
            section.checked(where, partial(checks.glob, "Application", "clusters", entry))
            found.append(entry)
        else:
            section.wrong_type(where, entry, "a string")
    if section.data.get("clusters") == []:
        hint = "Name clusters, or leave the key out to mean all of them."
        section.note(section.at("clusters"), "must have at least one entry", hint=hint)
    return tuple(found) or EVERY_CLUSTER


def _source(section: Section) -> str:
    """Return the name of a source. Whoever writes a mapping there means what stands beside it."""
    if isinstance(section.data.get("source"), dict):
        hint = "What is different goes beside it: targetRevision, path, helm, kustomize."
        summary = "must be the name of one of the Application's sources"
        section.note(section.at("source"), summary, "It is a mapping.", hint)
        return ""
    return section.text("source")
