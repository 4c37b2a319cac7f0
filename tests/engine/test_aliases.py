"""Our table of API versions against the typed classes of the installed pulumi_kubernetes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from fleet.plan.tokens import FAMILIES

_CLASS = re.compile(r"super\(\w+, __self__\).__init__\(\s*'kubernetes:([^:']+):(\w+)'")
_ALIAS = re.compile(r'pulumi\.Alias\(type_="kubernetes:([^:"]+):\w+"\)')

# What nobody keeps in Git: kinds that controllers write, lists, and Pulumi's own.
LEFT_OUT = {
    "CSINode",
    "CSIStorageCapacity",
    "CertificateSigningRequest",
    "ControllerRevision",
    "DeviceTaintRule",
    "Event",
    "IPAddress",
    "LeaseCandidate",
    "PodCertificateRequest",
    "PodGroup",
    "PodSchedulingContext",
    "ResourceClass",
    "ResourceSlice",
    "StorageVersionMigration",
    "VolumeAttachment",
    "Workload",
}
# A group that pulumi_kubernetes once misspelled; no manifest names it.
MISSPELLED = "apiregistration/"


def families() -> Iterator[tuple[tuple[str, str], frozenset[str]]]:
    """Yield (group, kind) and all API versions of the kind, as the classes alias them."""
    spec = find_spec("pulumi_kubernetes")
    assert spec is not None
    assert spec.origin is not None
    for file in sorted(Path(spec.origin).parent.glob("*/v*/*.py")):
        text = file.read_text()
        registered = _CLASS.search(text)
        if registered is None:
            continue
        api_version, kind = registered.groups()
        versions = frozenset({api_version, *_ALIAS.findall(text)})
        listed = kind.endswith(("List", "Patch")) or kind in LEFT_OUT
        if len(versions) > 1 and not listed and not api_version.startswith(MISSPELLED):
            group = api_version.partition("/")[0]
            yield (group, kind), frozenset(each for each in versions if not each.startswith(MISSPELLED))


def test_the_table_is_what_pulumis_typed_classes_alias() -> None:
    assert {key: frozenset(family) for key, family in FAMILIES.items()} == dict(families())
