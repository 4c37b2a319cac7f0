"""`spec.source` and `spec.sources` → GitSources and ChartSources."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fleet.argo.fields import Section, is_empty
from fleet.argo.keys import DEFAULT_REVISION, KEYS
from fleet.argo.tools import parse_directory, parse_helm, parse_kustomize
from fleet.model import checks
from fleet.model.source import ChartSource, GitSource, Source


def parse_sources(spec: Section) -> tuple[Source, ...]:
    """Return the sources in the order of the file; with `sources`, `source` does not count (Argo CD, `GetSources`)."""
    if is_empty(spec.data.get("sources")):
        elsewhere = not is_empty(spec.data.get("sourceHydrator"))
        section = spec.section("source", required="" if elsewhere else "Give the Application a repoURL and a path.")
        found = [_source(section, several=False)] if section else []
    else:
        found = [_entry(replace(spec, where=where), entry) for where, entry in spec.entries("sources")]
    return tuple(each for each in found if each is not None)


def _entry(section: Section, entry: object) -> Source | None:
    if not isinstance(entry, dict):
        section.wrong_type(section.where, entry, "a mapping")
        return None
    return _source(replace(section, data=entry), several=True)


def _source(section: Section, *, several: bool) -> Source | None:
    """Return one source; None if something is wrong with it. several: it may be there for its `ref` only."""
    section.known(KEYS["spec.source"])
    repo = section.text("repoURL", _check_repository, required="Name the Git or chart repository.")
    name = section.text("name")
    if section.text("chart"):
        return _chart(section, repo, name)
    ref = section.text("ref") if several else ""
    values: dict[str, Any] = {
        "repo": repo,
        "path": section.text("path", checks.relative_path, required="" if ref else _ROOT) or None,
        "revision": section.text("targetRevision", checks.revision) or DEFAULT_REVISION,
        "tag_prefix": section.text("tagPrefix"),
        "directory": parse_directory(section.section("directory")),
        "kustomize": parse_kustomize(section.section("kustomize")),
        "helm": parse_helm(section.section("helm")),
        "name": name,
        "ref": ref,
        "where": section.where,
    }
    return None if section.problems else section.checked(section.where, lambda: GitSource(**values))


_ROOT = 'The root of the repository is ".".'


def _chart(section: Section, repo: str, name: str) -> Source | None:
    """Return a chart of a chart repository. As in Argo CD it has no path, and nothing can refer to it."""
    for key in ("path", "ref", "directory", "kustomize", "tagPrefix"):
        if not is_empty(section.data.get(key)):
            section.note(section.at(key), f"{key} and chart are given together", hint="Keep one of them.")
    helm, chart = parse_helm(section.section("helm")), section.text("chart")
    version = section.text(
        "targetRevision", checks.revision, required="Name the chart's version, such as 1.2.3 or 1.2.x."
    )
    if section.problems:
        return None
    place = section.where
    return section.checked(
        place, lambda: ChartSource(repo, chart=chart, version=version, helm=helm, name=name, where=place)
    )


def _check_repository(owner: str, field: str, value: str) -> None:
    checks.text(owner, field, value)
