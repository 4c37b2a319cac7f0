"""`spec.source` → GitSource."""

from __future__ import annotations

import re
from typing import Any

from fleet.argo.fields import Section, is_empty
from fleet.argo.keys import DEFAULT_REVISION, KEYS
from fleet.argo.tools import parse_helm, parse_kustomize
from fleet.errors import DeclarationError, Problem
from fleet.model import checks
from fleet.model.source import Directory, GitSource

# What github.com/Masterminds/semver takes for a constraint and not for a version; Argo CD would look for the newest tag
# that fits, and only without one for a branch of that name. `HEAD~1` and `feature/x` are none.
_CONSTRAINT = re.compile(r"[=<>!~^*].*|.*(?:\s|\|\|).*|[vV]?(?:\d+\.){0,2}[xX*](?:\.[xX*])?")


def parse_source(section: Section) -> GitSource | None:
    """Return the source; None if something is wrong with it."""
    section.known(KEYS["spec.source"])
    root = 'The root of the repository is ".".' if is_empty(section.data.get("chart")) else ""
    values: dict[str, Any] = {
        "repo": section.text(
            "repoURL", _check_repository, required="Name the Git repository that holds the manifests."
        ),
        "path": section.text("path", checks.relative_path, required=root),
        "revision": section.text("targetRevision", check_revision) or DEFAULT_REVISION,
    }
    directory = _directory(section.section("directory"))
    kustomize, helm = parse_kustomize(section.section("kustomize")), parse_helm(section.section("helm"))
    if section.problems:
        return None
    return section.checked(
        section.where, lambda: GitSource(**values, directory=directory, kustomize=kustomize, helm=helm)
    )


def _directory(section: Section | None) -> Directory:
    if section is None:
        return Directory()
    section.known(KEYS["spec.source.directory"])
    return Directory(
        recurse=section.flag("recurse") or False,
        include=section.text("include"),
        exclude=section.text("exclude"),
    )


def check_revision(owner: str, field: str, value: str) -> None:
    """Check a revision as `GitSource` does, and that it is no version constraint."""
    checks.text(owner, field, value)
    if value.startswith("-"):
        raise checks.fail(owner, field, value, "a branch, tag, SHA, HEAD or refs/…")
    if _CONSTRAINT.fullmatch(value):
        hint = f"Name one tag. If it is a branch, write refs/heads/{value}."
        raise DeclarationError(
            Problem("version constraints are not supported yet", detail=f"It is {value!r}.", hint=hint)
        )


def _check_repository(owner: str, field: str, value: str) -> None:
    checks.text(owner, field, value)
    if value.startswith("oci://"):
        hint = "Commit what it holds to a Git repository."
        raise DeclarationError(Problem("OCI registries are not supported yet", hint=hint))
