"""Build environment: the `$ARGOCD_APP_…` variables, put into the fields of a tool that Argo CD puts them into.

In: a tool, and the variables of a target. Out: the tool with every variable replaced. Variables are replaced as Go's
`os.Expand` does it, unknown ones by nothing; `$$` is `$` (Argo CD, `Env.Envsubst`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import replace

from fleet.model.directory import Directory, Jsonnet
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize
from fleet.model.plan import Target, TargetSource
from fleet.model.source import GitSource, Tool

# Go's special shell names are one character; a `$` before anything else stays, as with os.Expand.
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[^}]*)\}|(?P<special>[*#$@!?0-9-])|(?P<plain>[A-Za-z_][A-Za-z0-9_]*))")

_REF = re.compile(r"\$([A-Za-z0-9_-]+)/")
# All variables start with it.
PREFIX = "ARGOCD_"

_Change = Callable[[str], str]


def variables(target: Target, source: TargetSource, commit: str) -> Mapping[str, str]:
    """Return the variables of Argo CD's `newEnv` (reposerver/repository/repository.go), for one of several sources.

    `KUBE_VERSION` and `KUBE_API_VERSIONS`, which its documents list as well, are added for plugins only
    (`getPluginEnvs`): everywhere else they are nothing.
    """
    return {
        "$": "$",
        "ARGOCD_APP_NAME": target.application.name,
        "ARGOCD_APP_NAMESPACE": target.namespace or "",
        "ARGOCD_APP_PROJECT_NAME": target.application.project,
        "ARGOCD_APP_REVISION": commit,
        "ARGOCD_APP_REVISION_SHORT": commit[:7],
        "ARGOCD_APP_REVISION_SHORT_8": commit[:8],
        "ARGOCD_APP_SOURCE_REPO_URL": source.source.repo,
        "ARGOCD_APP_SOURCE_PATH": source.path if isinstance(source.source, GitSource) else "",
        "ARGOCD_APP_SOURCE_TARGET_REVISION": source.revision.name,
    }


def substituted(tool: Tool, values: Mapping[str, str], refs: Container[str] = ()) -> Tool:
    """Return the tool with the variables replaced where Argo CD does it.

    refs: of the application's sources; the `$<ref>/` before a file's path is no variable (`getReferencedSource`).
    """
    return _changed(tool, lambda text: expand(text, values), lambda text: _file(text, values, refs))


def escaped(tool: Tool) -> Tool:
    """Return the tool that `substituted` makes this one of, whatever the variables."""
    return _changed(tool, _escaped, _escaped)


def _escaped(text: str) -> str:
    return text.replace("$", "$$")


def _changed(tool: Tool, text: _Change, file: _Change) -> Tool:
    """Return the tool with every text changed that Argo CD replaces variables in. file: for the paths of files."""
    match tool:
        case Directory():
            told = tool.jsonnet
            texts = told.ext_vars or told.ext_code or told.tlas or told.tla_code
            return replace(tool, jsonnet=_jsonnet(told, text)) if texts else tool
        case Kustomize():
            annotations = tool.common_annotations
            if not (tool.images or tool.common_labels or annotations):
                return tool
            return replace(
                tool,
                images=tuple(map(text, tool.images)),
                common_labels=_entries(tool.common_labels, text),
                common_annotations=_entries(annotations, text) if tool.common_annotations_envsubst else annotations,
            )
        case Helm():
            if not (tool.value_files or tool.parameters or tool.string_parameters or tool.file_parameters):
                return tool
            return replace(
                tool,
                value_files=tuple(map(file, tool.value_files)),
                parameters=_entries(tool.parameters, text),
                string_parameters=_entries(tool.string_parameters, text),
                file_parameters=_entries(tool.file_parameters, file),
            )


def _jsonnet(told: Jsonnet, text: _Change) -> Jsonnet:
    return replace(
        told,
        ext_vars=_entries(told.ext_vars, text),
        ext_code=_entries(told.ext_code, text),
        tlas=_entries(told.tlas, text),
        tla_code=_entries(told.tla_code, text),
    )


def ref_of(path: str) -> str:
    """Return what a value file's path has for the `ref` of a source: `values` of `$values/a.yaml`; else nothing."""
    found = _REF.match(path)
    return found[1] if found else ""


def _file(text: str, values: Mapping[str, str], refs: Container[str]) -> str:
    ref = ref_of(text)
    return f"${ref}/{expand(text.partition('/')[2], values)}" if ref and ref in refs else expand(text, values)


def _entries(texts: Mapping[str, str], change: _Change) -> dict[str, str]:
    return {key: change(text) for key, text in texts.items()}


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return the text with `$name` and `${name}` replaced."""
    return _VARIABLE.sub(lambda found: values.get(found[found.lastgroup or 0], ""), text)
