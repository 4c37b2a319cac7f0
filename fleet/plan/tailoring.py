"""Tailoring: what an override says about Kustomize or Helm, put on top of what the source and earlier ones say.

In: a tool and an Override. Out: the tool with it, or a Problem where the two do not fit. Each field keeps the rank that
it has in Argo CD; within a field the later one has the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from fleet.errors import Problem
from fleet.model import helm, kustomize
from fleet.model.directory import Directory
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize
from fleet.model.override import Override
from fleet.model.source import Tool


def tailored(tool: Tool, override: Override) -> Tool | Problem:
    """Return the tool with the override's own on top.

    Texts and flags are replaced, mappings merged, files and patches added. Flags alone make no Kustomize of a source
    that is none.
    """
    flags_alone = override.kustomize.is_zero and override.helm != Helm()
    own: Tool = override.helm if flags_alone else override.kustomize
    if own.is_zero and type(own) is not type(tool):
        return tool
    match tool, own:
        case Kustomize(), Kustomize():
            return _kustomize(tool, own)
        case Helm(), Helm():
            return _helm(tool, own)
        case Directory(), _ if tool.is_zero:
            return own
        case _:
            theirs, ours = type(tool).__name__.lower(), type(own).__name__.lower()
            return Problem(
                f"{ours} is given here, and the source is one for {theirs}",
                override.where,
                hint=f"Leave {ours} out here, or {theirs} out of the source.",
            )


def _kustomize(base: Kustomize, own: Kustomize) -> Kustomize:
    flags = _flags(base, own, kustomize.FLAGS)
    if own.label_without_selector is False:
        flags["label_include_templates"] = False  # selectors and templates are labelled then in any case
    images = {image_name(image): image for image in (*base.images, *own.images)}
    return replace(
        base,
        **_texts(base, own, ("name_prefix", "name_suffix", "namespace", "kube_version")),
        **flags,
        images=tuple(images.values()),
        replicas={**base.replicas, **own.replicas},
        common_labels={**base.common_labels, **own.common_labels},
        common_annotations={**base.common_annotations, **own.common_annotations},
        patches=(*base.patches, *own.patches),
        components=tuple(dict.fromkeys((*base.components, *own.components))),
        api_versions=own.api_versions or base.api_versions,
    )


def image_name(image: str) -> str:
    """Return what an image is recognised by: what stands before `=`, else before the tag and the digest."""
    if "=" in image:
        return image.partition("=")[0]
    directory, slash, last = image.partition("@")[0].rpartition("/")
    return f"{directory}{slash}{last.partition(':')[0]}"


def _helm(base: Helm, own: Helm) -> Helm:
    def kept(parameters: Mapping[str, str]) -> dict[str, str]:
        replaced = {*own.parameters, *own.string_parameters, *own.file_parameters}
        return {name: value for name, value in parameters.items() if name not in replaced}

    return replace(
        base,
        **_texts(base, own, ("release_name", "namespace", "kube_version")),
        **_flags(base, own, helm.FLAGS),
        value_files=(*base.value_files, *own.value_files),
        values=merged(base.values, own.values),
        parameters=kept(base.parameters) | dict(own.parameters),
        string_parameters=kept(base.string_parameters) | dict(own.string_parameters),
        file_parameters=kept(base.file_parameters) | dict(own.file_parameters),
        api_versions=own.api_versions or base.api_versions,
    )


def merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return both mappings in one, at any depth. Lists are replaced; null is kept: to Helm it removes a value."""
    both = dict(base)
    for key, value in own.items():
        there = both.get(key)
        nested = isinstance(there, Mapping) and isinstance(value, Mapping)
        both[key] = merged(there, value) if nested else value  # type: ignore[arg-type]
    return both


def _texts(base: Tool, own: Tool, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(own, name) or getattr(base, name) for name in names}


def _flags(base: Tool, own: Tool, names: Iterable[str]) -> dict[str, Any]:
    said = {name: getattr(own, name) for name in names}
    return {name: getattr(base, name) if value is None else value for name, value in said.items()}
