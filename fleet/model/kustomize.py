"""Kustomize: what is changed in a kustomization before it is built; Argo CD's `kustomize`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Final

from fleet.model import checks
from fleet.model.values import Values

_OWNER = "Kustomize"
_PATCH = frozenset({"patch", "path", "target", "options"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kustomize:
    """Fields that go into the path's kustomization as `kustomize edit` would write them; empty ones change nothing.

    A flag that is None says nothing: what is below it holds, and False at the bottom.

    images: `name:tag`, `name@digest` or `name=new-name:tag`, as for `kustomize edit set image`.
    replicas: name → count.
    common_labels: on objects and selectors; label_without_selector leaves selectors and templates alone, and
        label_include_templates, which needs it, takes the templates in.
    force_common_labels, force_common_annotations: True replaces those that the kustomization sets itself; False makes
        them an error.
    common_annotations_envsubst: True replaces `$ARGOCD_APP_…` in annotations; in images and labels it always is.
    patches: as in a kustomization: `patch` or `path`, with `target` and `options`.
    components: directories, relative to the path, or remote ones; ignore_missing_components leaves out those that do
        not exist.
    enable_helm: True renders the charts that kustomizations name (`helmCharts`); False makes them an error.
    kube_version, api_versions: what such charts are told of the cluster; empty is what the cluster's declaration says.
    """

    name_prefix: str = ""
    name_suffix: str = ""
    namespace: str = ""
    images: Sequence[str] = ()
    replicas: Mapping[str, int] = field(default_factory=dict)
    common_labels: Mapping[str, str] = field(default_factory=dict)
    label_without_selector: bool | None = None
    label_include_templates: bool | None = None
    force_common_labels: bool | None = None
    common_annotations: Mapping[str, str] = field(default_factory=dict)
    common_annotations_envsubst: bool | None = None
    force_common_annotations: bool | None = None
    patches: Sequence[Mapping[str, Any]] = ()
    components: Sequence[str] = ()
    ignore_missing_components: bool | None = None
    enable_helm: bool | None = None
    kube_version: str = ""
    api_versions: Sequence[str] = ()

    def __post_init__(self) -> None:
        for text in ("name_prefix", "name_suffix", "namespace", "kube_version"):
            checks.any_text(_OWNER, text, getattr(self, text))
        for flag in FLAGS:
            checks.optional_flag(_OWNER, flag, getattr(self, flag))
        for texts in ("images", "components", "api_versions"):
            object.__setattr__(self, texts, checks.sequence(_OWNER, texts, getattr(self, texts), str, "strings"))
        for labels in ("common_labels", "common_annotations"):
            checks.labels(_OWNER, labels, getattr(self, labels))
            object.__setattr__(self, labels, Values(_OWNER, labels, getattr(self, labels)))
        object.__setattr__(self, "replicas", _replicas(self.replicas))
        object.__setattr__(self, "patches", _patches(self.patches))
        if self.label_include_templates and not self.label_without_selector:
            raise checks.fail(_OWNER, "label_include_templates", True, "False without label_without_selector")

    @property
    def is_zero(self) -> bool:
        """Whether nothing is changed. Flags that say how to change something do not count, as in Argo CD's `IsZero`."""
        return not any(_what(self))


_HOW: Final = (
    "label_include_templates",
    "label_without_selector",
    "force_common_labels",
    "common_annotations_envsubst",
    "force_common_annotations",
)
FLAGS: Final = (*_HOW, "ignore_missing_components", "enable_helm")
# Asked several times of each destination.
_what: Final = attrgetter(*(each.name for each in fields(Kustomize) if each.name not in _HOW))


def _replicas(value: object) -> Values:
    counts = Values(_OWNER, "replicas", value)
    for name, count in counts.plain().items():
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise checks.fail(_OWNER, f"replicas.{name}", count, "a number of replicas")
    return counts


def _patches(value: object) -> tuple[Values, ...]:
    entries = checks.sequence(_OWNER, "patches", value, Mapping, "mappings")
    patches = tuple(Values(_OWNER, f"patches[{position}]", entry) for position, entry in enumerate(entries))
    for position, patch in enumerate(patches):
        if set(patch) - _PATCH or not set(patch) & {"patch", "path"}:
            allowed = "a mapping with patch or path, and target and options"
            raise checks.fail(_OWNER, f"patches[{position}]", patch, allowed)
    return patches
