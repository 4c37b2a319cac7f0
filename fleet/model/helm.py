"""Helm: how a chart is rendered; Argo CD's `helm`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Final

from fleet.model import checks
from fleet.model.values import Values

_OWNER = "Helm"
FLAGS: Final = ("ignore_missing_value_files", "skip_crds", "skip_tests", "skip_schema_validation", "pass_credentials")


@dataclass(frozen=True, slots=True, kw_only=True)
class Helm:
    """What `helm template` is told. Of several values for one thing, the first in this order counts: file_parameters,
    string_parameters, parameters, values, value_files (the last file first), the chart's own values.yaml.

    A flag that is None says nothing: what is below it holds, and False at the bottom.

    release_name: empty is the application's name. namespace: empty is the destination's.
    value_files: paths relative to the chart, or to the repository's root with a leading `/`; may be globs.
    ignore_missing_value_files: True leaves out the files that do not exist; False makes them an error.
    parameters: as for `--set`: `a.b` → text, which Helm may take for a number or boolean; string_parameters: as for
        `--set-string`. file_parameters: `a.b` → path of the file whose content is the value, as for `--set-file`.
    kube_version, api_versions: what the chart is told of the cluster; empty is what Helm assumes by itself.
    pass_credentials: True sends a chart repository's password to other hosts, too, where its index has charts there.
    """

    release_name: str = ""
    namespace: str = ""
    value_files: Sequence[str] = ()
    ignore_missing_value_files: bool | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    string_parameters: Mapping[str, str] = field(default_factory=dict)
    file_parameters: Mapping[str, str] = field(default_factory=dict)
    kube_version: str = ""
    api_versions: Sequence[str] = ()
    skip_crds: bool | None = None
    skip_tests: bool | None = None
    skip_schema_validation: bool | None = None
    pass_credentials: bool | None = None

    def __post_init__(self) -> None:
        for text in ("release_name", "namespace", "kube_version"):
            checks.any_text(_OWNER, text, getattr(self, text))
        for flag in FLAGS:
            checks.optional_flag(_OWNER, flag, getattr(self, flag))
        for texts in ("value_files", "api_versions"):
            object.__setattr__(self, texts, checks.sequence(_OWNER, texts, getattr(self, texts), str, "strings"))
        for mapping in ("parameters", "string_parameters", "file_parameters"):
            checks.labels(_OWNER, mapping, getattr(self, mapping))
        for mapping in ("values", "parameters", "string_parameters", "file_parameters"):
            object.__setattr__(self, mapping, Values(_OWNER, mapping, getattr(self, mapping)))

    @property
    def is_zero(self) -> bool:
        """Whether nothing is said, as in Argo CD's `IsZero`."""
        return not any(_everything(self))


# Asked several times of each destination.
_everything: Final = attrgetter(*(each.name for each in fields(Helm)))
