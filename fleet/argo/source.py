"""`spec.source` → GitSource."""

from __future__ import annotations

import re

from fleet.argo.fields import Section
from fleet.argo.keys import DEFAULT_REVISION, KEYS
from fleet.model import checks
from fleet.model.source import Directory, GitSource

# What github.com/Masterminds/semver takes for a constraint and not for a version: Argo CD looks for the newest tag
# that fits. `HEAD~1` is none.
_CONSTRAINT = re.compile(r"[=<>!~^*]|[xX]$|[vV]?\d+(\.\d+)?\.[xX*]|.*(\s|\|\|)")


def parse_source(section: Section) -> GitSource | None:
    """Return the source; None if something is wrong with it."""
    section.known(KEYS["spec.source"])
    values = {
        "repo": section.text(
            "repoURL", _check_repository, required="Name the Git repository that holds the manifests."
        ),
        "path": section.text("path", checks.relative_path, required='The root of the repository is ".".'),
        "revision": section.text("targetRevision", check_revision) or DEFAULT_REVISION,
    }
    directory = _directory(section.section("directory"))
    if section.problems:
        return None
    return section.checked(section.where, lambda: GitSource(**values, directory=directory))


def _directory(section: Section | None) -> Directory:
    if section is None:
        return Directory()
    section.known(KEYS["spec.source.directory"])
    return Directory(
        recurse=section.flag("recurse") or False,
        include=section.text("include"),
        exclude=section.text("exclude"),
    )


def check_revision(owner: str, field: str, value: object) -> None:
    """Check a revision as `GitSource` does, and that it is no version constraint."""
    checks.text(owner, field, value)
    if isinstance(value, str) and value.startswith("-"):
        raise checks.fail(owner, field, value, "a branch, tag, SHA, HEAD or refs/…")
    if isinstance(value, str) and _CONSTRAINT.match(value):
        raise checks.fail(owner, field, value, "one revision: version constraints are not supported yet")


def _check_repository(owner: str, field: str, value: object) -> None:
    checks.text(owner, field, value)
    if str(value).startswith("oci://"):
        raise checks.fail(owner, field, value, "a Git repository: OCI registries are not supported yet")
