"""Kustomization: Argo CD's `kustomize` fields put into a kustomization as `kustomize edit` would put them. Pure.

In: the data of a kustomization file and a Kustomize. Out: the data with the fields in it, or what is wrong.
Source: Argo CD's `Build` (util/kustomize/kustomize.go) and kustomize 5.8 (kustomize/commands/edit).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fleet.errors import Problem
from fleet.frozen import dataclass
from fleet.model.kustomize import Kustomize

# Where a kustomization names directories, which may be anywhere in the repository. Files must be in its own directory.
_REFERENCES = ("resources", "bases", "components", "generators", "transformers", "validators")
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|git::|[\w.-]+@[\w.-]+:|(?:[\w-]+\.)+[a-z]{2,}[:/]|.*\?ref=|.*//")

Data = dict[str, Any]


class CannotEdit(Exception):  # noqa: N818 - named as what happened; it never leaves fleet.render
    """A field of Kustomize cannot be put into the kustomization."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def references(data: object) -> Iterator[tuple[str, str]]:
    """Yield (key path, text) of everything that may be a directory elsewhere."""
    if not isinstance(data, Mapping):
        return
    for key in _REFERENCES:
        entries = data.get(key)
        for position, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, str) and "\n" not in entry:
                yield f"{key}[{position}]", entry


@dataclass(frozen=True, slots=True)
class NamedChart:
    """A chart that a kustomization names. repo: empty for one that has to be in the same repository. version: empty is
    the newest. directory: the one that holds the chart's own, below the kustomization's (`absChartHome` in kustomize's
    HelmChartInflationGenerator).
    """

    repo: str
    name: str
    version: str
    directory: str


def charts(data: object) -> Iterator[tuple[str, NamedChart]]:
    """Yield (key path, chart) of each of `helmCharts`."""
    if not isinstance(data, Mapping):
        return
    settings, entries = data.get("helmGlobals"), data.get("helmCharts")
    home = settings.get("chartHome") if isinstance(settings, Mapping) else None
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping):
            repo, name, version = (str(entry.get(key) or "") for key in ("repo", "name", "version"))
            directory = posixpath.join(str(home or "charts"), f"{name}-{version}" if repo and version else "")
            if name:
                yield f"helmCharts[{position}]", NamedChart(repo, name, version, directory)


def with_local(data: Mapping[str, Any], local: Mapping[str, str]) -> Data:
    """Return the data with references replaced by what they are in the copy."""
    found = dict(data)
    for key in _REFERENCES:
        entries = data.get(key)
        if isinstance(entries, list):
            found[key] = [local.get(each, each) if isinstance(each, str) else each for each in entries]
    return found


def is_remote(reference: str) -> bool:
    """Return whether a reference that is nothing in the repository would make kustomize ask the network."""
    return bool(_REMOTE.match(reference))


def edited(data: Mapping[str, Any], wanted: Kustomize, components: Iterable[str]) -> Data:
    """Return the data with the fields put in. components: those that exist. Raises CannotEdit."""
    result = dict(data)
    texts = {"namePrefix": wanted.name_prefix, "nameSuffix": wanted.name_suffix, "namespace": wanted.namespace}
    result |= {key: text for key, text in texts.items() if text}
    if wanted.images:
        result["images"] = _images(_list(data, "images"), wanted.images)
    if wanted.replicas:
        there = {entry.get("name"): entry for entry in _list(data, "replicas")}
        named = {name: {"name": name, "count": count} for name, count in wanted.replicas.items()}
        result["replicas"] = list((there | named).values())
    _label(result, wanted)
    if wanted.common_annotations:
        added = dict(wanted.common_annotations)
        force = wanted.force_common_annotations is True
        result["commonAnnotations"] = _added(_mapping(data, "commonAnnotations"), added, "annotation", force=force)
    if wanted.patches:
        result["patches"] = [*_list(data, "patches"), *(dict(patch) for patch in wanted.patches)]
    own = list(dict.fromkeys((*_list(data, "components"), *components)))
    return result | ({"components": own} if own else {})


def _label(result: Data, wanted: Kustomize) -> None:
    labels, force = dict(wanted.common_labels), wanted.force_common_labels is True
    if not labels:
        return
    if not wanted.label_without_selector:
        result["commonLabels"] = _added(_mapping(result, "commonLabels"), labels, "label", force=force)
        return
    entries = [dict(entry) for entry in _list(result, "labels")]
    templates = wanted.label_include_templates is True
    fitting = [entry for entry in entries if _settings(entry) == (False, templates)]
    if fitting:
        fitting[0]["pairs"] = _added(_mapping(fitting[0], "pairs"), labels, "label", force=force)
    else:
        entries.append({"pairs": labels, **({"includeTemplates": True} if templates else {})})
    result["labels"] = entries


def _settings(label: Mapping[str, Any]) -> tuple[bool, bool]:
    return bool(label.get("includeSelectors")), bool(label.get("includeTemplates"))


def _added(there: Data, added: Mapping[str, str], what: str, *, force: bool) -> Data:
    twice = sorted(set(there) & set(added))
    if twice and not force:
        summary = f"the kustomization sets {what} {twice[0]} already"
        hint = f"Leave it out of one of them, or set force_common_{what}s, in YAML forceCommon{what.title()}s: true."
        raise CannotEdit(Problem(summary, hint=hint))
    return {**there, **added}


def _images(there: list[Data], images: Iterable[str]) -> list[Data]:
    """As RunSetImage: `*` keeps what the kustomization has; the result is sorted by name."""
    known = {entry.get("name"): entry for entry in there}
    for text in images:
        image = _image(text)
        kept = known.get(image["name"], {})
        fields = {key: kept.get(key, "") if value == "*" else value for key, value in image.items()}
        known[image["name"]] = {key: value for key, value in fields.items() if value}
    return sorted(known.values(), key=lambda entry: str(entry.get("name")))


def _image(text: str) -> dict[str, str]:
    key, separator, value = text.rpartition("=") if text.count("=") == 1 else text.partition("=")
    if not separator:
        key, value = "", text
    name, tag, digest = _split(value)
    if name == text:
        hint = "Write name:tag, name@digest, name=new-name, name=new-name:tag or name=new-name@digest."
        raise CannotEdit(Problem(f"{text} is no image for kustomize", hint=hint))
    fields = {"newTag": tag, "digest": digest}
    return {"name": key, "newName": name, **fields} if key else {"name": name, **fields}


def _split(image: str) -> tuple[str, str, str]:
    """Return name, tag and digest; a colon before the first slash is a registry's port."""
    start = max(image.find("/"), 0)
    at, colon = image.find("@", start), image.find(":", start)
    if at >= 0 and (colon < 0 or at < colon):
        return image[:at], "", image[at + 1 :]
    if colon < 0:
        return image, "", ""
    end = at if at >= 0 else len(image)
    return image[:colon], image[colon + 1 : end], image[end + 1 :]


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    return list(_typed(data, key, list) or [])


def _mapping(data: Mapping[str, Any], key: str) -> Data:
    return dict(_typed(data, key, dict) or {})


def _typed(data: Mapping[str, Any], key: str, kind: type) -> Any:
    value = data.get(key)
    if value is None or isinstance(value, kind):
        return value
    raise CannotEdit(Problem(f"{key} of the kustomization is no {'list' if kind is list else 'mapping'}"))
