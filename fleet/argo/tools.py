"""`directory`, `kustomize` and `helm`, of a source and of what is put on top of it → Directory, Kustomize and Helm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from fleet.argo.fields import Section, shown
from fleet.argo.keys import KEYS
from fleet.model import checks
from fleet.model.directory import Directory, Jsonnet
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize
from fleet.yamlio import YamlProblem, load_documents

_DIRECTORY = "spec.source.directory"
_KUSTOMIZE = "spec.source.kustomize"
_HELM = "spec.source.helm"

Made = TypeVar("Made", Directory, Kustomize, Helm)


def parse_directory(section: Section | None) -> Directory:
    """Return what a `directory` block says."""
    if section is None:
        return Directory()
    section.known(KEYS[_DIRECTORY])
    values: dict[str, Any] = {
        "recurse": section.flag("recurse") or False,
        "include": section.text("include"),
        "exclude": section.text("exclude"),
        "disable_extension_filter": section.flag("disableExtensionFilter") or False,
        "jsonnet": _jsonnet(section.section("jsonnet")),
    }
    return _made(section, Directory, lambda: Directory(**values))


def _jsonnet(section: Section | None) -> Jsonnet:
    if section is None:
        return Jsonnet()
    section.known(KEYS[f"{_DIRECTORY}.jsonnet"])
    ext_vars, ext_code = _variables(section, "extVars")
    tlas, tla_code = _variables(section, "tlas")
    libs = _texts(section, "libs", lambda text: checks.relative_path("Jsonnet", "libs", text.removeprefix("/") or "."))
    return Jsonnet(
        ext_vars=ext_vars, ext_code=ext_code, tlas=tlas, tla_code=tla_code, libs=() if section.problems else libs
    )


def _variables(section: Section, key: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return texts and code by name; of several for one name the last counts."""
    found: dict[str, tuple[str, bool]] = {}
    for entry in _sections(section, key, f"{_DIRECTORY}.jsonnet"):
        code = entry.flag("code") or False
        found[entry.text("name", required="Name the variable.")] = (entry.text("value"), code)
    return (
        {name: text for name, (text, is_code) in found.items() if not is_code},
        {name: text for name, (text, is_code) in found.items() if is_code},
    )


def parse_kustomize(section: Section | None) -> Kustomize:
    """Return what a `kustomize` block says."""
    if section is None:
        return Kustomize()
    section.known(KEYS[_KUSTOMIZE])
    values: dict[str, Any] = {
        "name_prefix": section.text("namePrefix"),
        "name_suffix": section.text("nameSuffix"),
        "namespace": section.text("namespace"),
        "images": _texts(section, "images"),
        "replicas": dict(_replicas(section)),
        "common_labels": _mapping(section, "commonLabels"),
        "label_without_selector": section.flag("labelWithoutSelector"),
        "label_include_templates": section.flag("labelIncludeTemplates"),
        "force_common_labels": section.flag("forceCommonLabels"),
        "common_annotations": _mapping(section, "commonAnnotations"),
        "common_annotations_envsubst": section.flag("commonAnnotationsEnvsubst"),
        "force_common_annotations": section.flag("forceCommonAnnotations"),
        "patches": tuple(map(_patch, _sections(section, "patches", _KUSTOMIZE))),
        "components": _texts(section, "components"),
        "ignore_missing_components": section.flag("ignoreMissingComponents"),
        "enable_helm": section.flag("enableHelm"),
        "kube_version": section.text("kubeVersion"),
        "api_versions": _texts(section, "apiVersions"),
    }
    return _made(section, Kustomize, lambda: Kustomize(**values))


def parse_helm(section: Section | None) -> Helm:
    """Return what a `helm` block says; with `valuesObject`, `values` does not count (Argo CD, `ValuesYAML`)."""
    if section is None:
        return Helm()
    section.known(KEYS[_HELM])
    parameters = list(_sections(section, "parameters", _HELM))
    plain, strings = (dict(_parameters(parameters, forced=forced)) for forced in (False, True))
    whole = section.section("valuesObject")
    values: dict[str, Any] = {
        "release_name": section.text("releaseName"),
        "namespace": section.text("namespace"),
        "value_files": _texts(section, "valueFiles"),
        "ignore_missing_value_files": section.flag("ignoreMissingValueFiles"),
        "values": _values(section) if whole is None else whole.data,
        "parameters": plain,
        "string_parameters": strings,
        "file_parameters": dict(map(_file_parameter, _sections(section, "fileParameters", _HELM))),
        "kube_version": section.text("kubeVersion"),
        "api_versions": _texts(section, "apiVersions"),
        "skip_crds": section.flag("skipCrds"),
        "skip_tests": section.flag("skipTests"),
        "skip_schema_validation": section.flag("skipSchemaValidation"),
        "pass_credentials": section.flag("passCredentials"),
    }
    return _made(section, Helm, lambda: Helm(**values))


def _made(section: Section, kind: Callable[[], Made], make: Callable[[], Made]) -> Made:
    """Return what `make` makes, unless something is wrong already: then nothing makes use of it."""
    made = None if section.problems else section.checked(section.where, make)
    return kind() if made is None else made


def _texts(section: Section, key: str, check: Callable[[str], None] = lambda _: None) -> tuple[str, ...]:
    found: list[str] = []
    for where, entry in section.entries(key):
        if isinstance(entry, str):
            section.checked(where, partial(check, entry))
            found.append(entry)
        else:
            section.wrong_type(where, entry, "a string")
    return tuple(found)


def _mapping(section: Section, key: str) -> dict[str, str]:
    found = section.section(key)
    return found.texts() if found else {}


def _sections(section: Section, key: str, owner: str) -> Iterator[Section]:
    """Yield the mappings of a list. owner: the place in KEYS of what has it."""
    place = f"{owner}.{key}[]"
    for where, entry in section.entries(key):
        if isinstance(entry, dict):
            each = replace(section, data=entry, where=where)
            each.known(KEYS[place])
            yield each
        else:
            section.wrong_type(where, entry, "a mapping")


def _replicas(section: Section) -> Iterator[tuple[str, int]]:
    """Yield names and counts; as in Argo CD, a count may be a text (`IntOrString`)."""
    for entry in _sections(section, "replicas", _KUSTOMIZE):
        name, count = entry.text("name", required="Name the Deployment or StatefulSet."), entry.data.get("count")
        if isinstance(count, str) and count.isdecimal():
            count = int(count)
        if isinstance(count, int) and not isinstance(count, bool):
            yield name, count
        else:
            entry.note(entry.at("count"), "must be a number", f"It is {shown(count)}.")


def _patch(section: Section) -> dict[str, Any]:
    target, options = section.section("target"), section.section("options")
    if target:
        target.known(KEYS[f"{_KUSTOMIZE}.patches[].target"])
    values = {
        "path": section.text("path"),
        "patch": section.text("patch"),
        "target": target.texts() if target else {},
        "options": {name: options.flag(name) for name in options.data} if options else {},
    }
    return {key: value for key, value in values.items() if value}


def _parameters(sections: list[Section], *, forced: bool) -> Iterator[tuple[str, str]]:
    """Yield names and values of those with, or without, `forceString`; of several for one name the last counts."""
    for entry in sections:
        if bool(entry.data.get("forceString")) == forced:
            entry.flag("forceString")
            yield entry.text("name", required="Name the parameter."), entry.text("value")


def _file_parameter(section: Section) -> tuple[str, str]:
    return section.text("name", required="Name the parameter."), section.text("path", required="Name the file.")


def _values(section: Section) -> dict[str, Any]:
    """Return what the text `values` holds, which is YAML of its own."""
    text = section.text("values")
    try:
        documents = load_documents(text, file="")
    except YamlProblem as error:
        for problem in error.problems:
            section.note(section.at("values"), f"line {problem.where.line} of the values: {problem.summary}")
        return {}
    data = documents[0].data if documents else {}
    if len(documents) > 1 or not isinstance(data, dict):
        section.note(section.at("values"), "must be one YAML mapping", hint="Write `key: value` lines.")
        return {}
    return data
