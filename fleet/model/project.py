"""Project: what a group of applications may deploy, from where, and where to; Argo CD's AppProject.

Here is what a project says; whether an application keeps to it is decided by `fleet.plan.policy`. Fields and defaults
are those of Argo CD 3.6 (pkg/apis/application/v1alpha1: types.go, app_project_types.go). Patterns that could never
match are errors here: in Argo CD a `!` before one of them denies nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fleet.errors import Where
from fleet.model import checks
from fleet.model.glob import compile_glob, compile_name_glob
from fleet.model.here import here
from fleet.model.selector import parse_selector
from fleet.model.signatures import SignaturePolicy

DEFAULT_PROJECT = "default"
DENY = "!"

# Argo CD compares patterns as URLs (util/git: NormalizeGitURL), and these are escaped in a URL.
_NOT_IN_URLS = frozenset('{}\\"<>^`| ')


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDestination:
    """Clusters and namespaces that a project permits, or denies with a `!` before a pattern.

    server, name: globs for a cluster's URL and for its name; one that matches is enough. Empty matches none.
    namespace: a glob. Empty matches none.
    """

    server: str = ""
    name: str = ""
    namespace: str = ""

    def __post_init__(self) -> None:
        for attribute in ("server", "name", "namespace"):
            _pattern("ProjectDestination", attribute, getattr(self, attribute), compile_glob)
        if not (self.server or self.name):
            raise checks.fail("ProjectDestination", "server or name", "", 'given: "*" means every cluster')


@dataclass(frozen=True, slots=True)
class GroupKind:
    """Kinds of objects. The fields are patterns as Go's path.Match has them: `*`, `?`, `[a-z]`.

    group: empty is the core group. name: of the objects, for cluster-scoped kinds only; empty means all.
    """

    kind: str
    group: str = field(default="", kw_only=True)
    name: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        checks.text("GroupKind", "kind", self.kind)
        for attribute in ("kind", "group", "name"):
            _pattern("GroupKind", attribute, getattr(self, attribute), compile_name_glob)

    def __str__(self) -> str:
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return f"{kind} {self.name}" if self.name else kind


@dataclass(frozen=True, slots=True)
class Project:
    """What its applications may deploy. A new one permits namespaced kinds, and no repository and no destination.

    The project `default` permits everything, unless it is declared.

    description: for people.
    source_repos: globs for repository URLs as applications write them, where `*` does not cross a `/` and `**` does;
        `!` denies. `*` alone means all.
    destinations: clusters and namespaces.
    cluster_resource_whitelist, cluster_resource_blacklist: kinds that are cluster-scoped; none is permitted by default.
    namespace_resource_whitelist: kinds that live in a namespace; None permits all, an empty list none.
    namespace_resource_blacklist: the same, denied.
    permit_only_project_scoped_clusters: only clusters whose `project` is this one are destinations.
    signatures: who has to have signed what is deployed. Repositories that none of them names need no signature.
    labels: for `global_for` of other projects.
    global_for: a label selector over projects: those inherit this one's lists. None is nobody.
    where: the place in a file that the project was read from; for messages only.
    """

    name: str
    description: str = field(default="", kw_only=True)
    source_repos: Sequence[str] = field(default=(), kw_only=True)
    destinations: Sequence[ProjectDestination] = field(default=(), kw_only=True)
    cluster_resource_whitelist: Sequence[GroupKind] = field(default=(), kw_only=True)
    cluster_resource_blacklist: Sequence[GroupKind] = field(default=(), kw_only=True)
    namespace_resource_whitelist: Sequence[GroupKind] | None = field(default=None, kw_only=True)
    namespace_resource_blacklist: Sequence[GroupKind] = field(default=(), kw_only=True)
    permit_only_project_scoped_clusters: bool = field(default=False, kw_only=True)
    signatures: Sequence[SignaturePolicy] = field(default=(), kw_only=True)
    labels: Mapping[str, str] = field(default_factory=dict, kw_only=True, hash=False)
    global_for: str | None = field(default=None, kw_only=True)
    where: Where = field(default_factory=here, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        checks.name("Project", "name", self.name)
        owner = f"Project {self.name!r}"
        if not isinstance(self.description, str):
            raise checks.fail(owner, "description", self.description, "a string")
        checks.flag(owner, "permit_only_project_scoped_clusters", self.permit_only_project_scoped_clusters)
        self._set("source_repos", str, "URLs and globs")
        self._set("destinations", ProjectDestination, "ProjectDestinations")
        self._set("signatures", SignaturePolicy, "SignaturePolicies")
        for scope in ("cluster", "namespace"):
            self._set(f"{scope}_resource_whitelist", GroupKind, "GroupKinds")
            self._set(f"{scope}_resource_blacklist", GroupKind, "GroupKinds")
        for position, repo in enumerate(self.source_repos):
            check_repository(owner, f"source_repos[{position}]", repo)
        self._check_names(owner)
        object.__setattr__(self, "labels", checks.labels(owner, "labels", self.labels))
        if self.global_for is not None:
            parse_selector(self.global_for)

    def _set(self, attribute: str, kind: type, what: str) -> None:
        value = getattr(self, attribute)
        if value is not None or attribute != "namespace_resource_whitelist":
            entries = checks.sequence(f"Project {self.name!r}", attribute, value, kind, what)
            object.__setattr__(self, attribute, entries)

    def _check_names(self, owner: str) -> None:
        for attribute in ("namespace_resource_whitelist", "namespace_resource_blacklist"):
            for position, kind in enumerate(getattr(self, attribute) or ()):
                if kind.name:
                    allowed = "empty: only cluster-scoped objects are restricted by name"
                    raise checks.fail(owner, f"{attribute}[{position}].name", kind.name, allowed)


def _pattern(owner: str, attribute: str, value: object, compile_: Callable[[str], object]) -> None:
    if not isinstance(value, str):
        raise checks.fail(owner, attribute, value, "a string")
    denies = compile_ is compile_glob and value.startswith(DENY)
    if denies and value in (DENY, f"{DENY}*"):
        raise checks.fail(owner, attribute, value, "something else: it denies everything, and permits nothing")
    try:
        compile_(value.removeprefix(DENY) if denies else value)
    except ValueError as error:
        raise checks.fail(owner, attribute, value, f"a pattern: {error}") from None


def check_repository(owner: str, attribute: str, value: str) -> None:
    """Check a pattern for repositories' URLs."""
    checks.text(owner, attribute, value)
    if not _NOT_IN_URLS.isdisjoint(value.strip()):
        raise checks.fail(owner, attribute, value, "one URL or glob, without { }, blanks and what else URLs escape")
    _pattern(owner, attribute, value.strip(), compile_glob)
