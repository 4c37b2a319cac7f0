"""`.argocd-source.yaml` of a source's path → what its tool is told then.

In: a tool, and the text of the file. Out: the tool with the file merged into it, as Argo CD merges it: as a JSON merge
patch (RFC 7386) of the source, of which only `directory`, `kustomize` and `helm` count. Lists are replaced, null takes
away. Source: `mergeSourceParameters` in Argo CD's reposerver/repository/repository.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fleet.argo.fields import Section
from fleet.argo.keys import Keys, Unsupported
from fleet.argo.tools import parse_directory, parse_helm, parse_kustomize
from fleet.errors import DeclarationError, Problem, Where
from fleet.model.directory import Directory, Jsonnet
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize
from fleet.model.source import Tool
from fleet.model.values import Values
from fleet.yamlio import Lines, YamlProblem, load_documents

_IGNORED = "Only what the tools are told is taken from the file."
_KEYS = Keys(
    read=("directory", "kustomize", "helm"),
    unused=dict.fromkeys(("repoURL", "path", "targetRevision", "chart", "ref", "name", "tagPrefix"), _IGNORED),
    unsupported={"plugin": Unsupported("Plain manifests, Jsonnet, Kustomize and Helm are rendered.", even_empty=True)},
)
_NAMES = {Directory: "directory", Kustomize: "kustomize", Helm: "helm"}


def overruled(tool: Tool, text: str, file: str) -> Tool:
    """Return the tool with the file's content on top. Raises DeclarationError with file, line and key."""
    try:
        documents = load_documents(text, file=file)
    except YamlProblem as error:
        raise DeclarationError(*error.problems) from None
    if not documents:
        return tool
    patch = documents[0].data
    if len(documents) > 1 or not isinstance(patch, dict):
        raise DeclarationError(
            Problem("this is not what a source may be told: it is not one mapping", Where(file=file))
        )
    problems: list[Problem] = []
    section = Section(_merged(_written(tool), _plain(patch)), Where(file=file), problems)
    section.known(_KEYS)
    directory = parse_directory(section.section("directory"))
    tools = (parse_kustomize(section.section("kustomize")), parse_helm(section.section("helm")), directory)
    said = [each for each in tools if not each.is_zero]
    if len(said) > 1:
        names = " and ".join(_NAMES[type(each)] for each in said)
        problems.append(Problem(f"{names} are given together", Where(file=file), hint="Keep one of them."))
    if problems:
        lines = Lines(text)
        raise DeclarationError(*(each.at(line=lines.locate(0, each.where.key)) for each in problems))
    return said[0] if said else directory


def _plain(patch: dict[str, Any]) -> dict[str, Any]:
    """Let `values` of the file, which is a text, replace values that the source gives in whatever form."""
    helm = patch.get("helm")
    if isinstance(helm, dict) and helm.get("values") is not None and helm.get("valuesObject") is None:
        return {**patch, "helm": {**helm, "valuesObject": None}}
    return patch


def _merged(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7386."""
    result = dict(base)
    for key, value in patch.items():
        if isinstance(value, Mapping):
            there = result.get(key)
            result[key] = _merged(there if isinstance(there, Mapping) else {}, value)
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result


def _written(tool: Tool) -> dict[str, Any]:
    """Return a tool as an Application would have it."""
    said: dict[str, Any]
    match tool:
        case Directory():
            said = {**_fields(tool, ("jsonnet",)), "jsonnet": _jsonnet(tool.jsonnet)}
        case Kustomize():
            replicas = [{"name": name, "count": count} for name, count in tool.replicas.items()]
            said = {**_fields(tool, ("replicas",)), "replicas": replicas}
        case Helm():
            said = {**_fields(tool, _HELM), **_helm(tool)}
    return {_NAMES[type(tool)]: {key: value for key, value in said.items() if value}}


_HELM = ("values", "parameters", "string_parameters", "file_parameters")


def _helm(tool: Helm) -> dict[str, Any]:
    strings = [{"name": name, "value": value, "forceString": True} for name, value in tool.string_parameters.items()]
    return {
        "valuesObject": tool.values.plain() if isinstance(tool.values, Values) else dict(tool.values),
        "parameters": [{"name": name, "value": value} for name, value in tool.parameters.items()] + strings,
        "fileParameters": [{"name": name, "path": path} for name, path in tool.file_parameters.items()],
    }


def _jsonnet(told: Jsonnet) -> dict[str, Any]:
    said = {
        "extVars": [*_variables(told.ext_vars, code=False), *_variables(told.ext_code, code=True)],
        "tlas": [*_variables(told.tlas, code=False), *_variables(told.tla_code, code=True)],
        "libs": list(told.libs),
    }
    return {key: value for key, value in said.items() if value}


def _variables(values: Mapping[str, str], *, code: bool) -> Iterator[dict[str, Any]]:
    return ({"name": name, "value": value, "code": code} for name, value in values.items())


def _fields(tool: Tool, without: tuple[str, ...]) -> dict[str, Any]:
    names = (name for name in tool.__slots__ if name not in without)
    return {_camel(name): _data(getattr(tool, name)) for name in names}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)


def _data(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _data(entry) for key, entry in value.items()}
    return [_data(entry) for entry in value] if isinstance(value, (list, tuple)) else value
