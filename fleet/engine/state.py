"""State: what the engine knows of a stack after a run, as values.

Read from and written to a checkpoint by `fleet.engine.checkpoint`, changed by the steps of a run. Nothing here touches
a file. Properties (inputs, outputs) are plain dicts, lists, strings, numbers, booleans and None, with `Secret` around
what is secret. They are shared between values and never changed in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple

from fleet.frozen import dataclass

ROOT_STACK: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"


@dataclass(frozen=True, slots=True)
class Secret:
    """A property value that leaves memory only encrypted. A secret inside a secret adds nothing.

    ciphertext: of exactly this value, where it has been encrypted already, so that it stays the same from one
    checkpoint to the next; empty otherwise. It takes no part in comparisons. Another value needs another Secret.
    """

    value: Any = field(repr=False)
    ciphertext: str = field(default="", compare=False, repr=False)


class Key(NamedTuple):
    """What tells the resources of a snapshot apart: those pending deletion share their URN with what replaced them.

    id: empty for resources that are not pending deletion.
    """

    urn: str
    delete: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource of a snapshot: ResourceV3 in Pulumi's sdk/go/common/apitype/core.go.

    provider: `<urn>::<id>` of a provider resource; empty for components and providers.
    delete: it has been replaced, and what it stands for is still to be deleted.
    pending_replacement: it has been deleted to be replaced, and is not there again yet.
    external: it was only read; its life is not ours.
    deleted_with: a URN; deleting that one deletes this one too.
    custom_timeouts: `create`, `update`, `delete` → seconds.
    created, modified: RFC 3339 with nanoseconds; empty when unknown.
    extra: every other field of the checkpoint, by its name there, kept as it was.
    """

    urn: str
    type: str
    custom: bool = False
    id: str = ""
    parent: str = ""
    provider: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    external: bool = False
    delete: bool = False
    pending_replacement: bool = False
    init_errors: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)
    import_id: str = ""
    deleted_with: str = ""
    created: str = ""
    modified: str = ""
    source_position: str = ""
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What tells it apart within its snapshot."""
        return Key(self.urn, delete=True, id=self.id) if self.delete else Key(self.urn)

    @property
    def is_provider(self) -> bool:
        """Whether it is the configuration of a provider, which others refer to by `reference`."""
        return self.type.startswith(PROVIDER_PREFIX)

    @property
    def reference(self) -> str:
        """What `provider` of another resource says when it means this one."""
        return f"{self.urn}::{self.id}"

    @property
    def provider_urn(self) -> str:
        """The URN part of `provider`; empty without one."""
        return self.provider.rpartition("::")[0]

    def needs(self) -> tuple[str, ...]:
        """Return the URNs of all that must stand before it in a snapshot, with repetitions."""
        by_property = chain.from_iterable(self.property_dependencies.values())
        single = (self.parent, self.provider_urn, self.deleted_with)
        return tuple(filter(None, (*single, *self.dependencies, *by_property)))


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that was begun and of which the end is not known, because the run was cut off.

    type: `creating`, `updating`, `deleting` or `reading`. resource: as it was to become, or was, for a deletion.
    """

    type: str
    resource: Resource

    @property
    def touches(self) -> bool:
        """Whether it is about something that was there before, and may be as it was, or not."""
        return self.type in ("updating", "deleting")


@dataclass(frozen=True, slots=True)
class SecretsProvider:
    """What encrypts the secrets of a checkpoint. For type `passphrase` the state is `{"salt": …}`."""

    type: str
    state: Mapping[str, Any] = field(default_factory=dict)

    @property
    def salt(self) -> str:
        """The salt of a passphrase provider; empty for any other."""
        return str(self.state.get("salt", "")) if self.type == "passphrase" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that the engine knows of a stack. Resources stand behind everything that they depend on.

    manifest: `time`, `magic` and `version` as the checkpoint has them; empty before the first save.
    extra: every other field of the deployment, by its name there, kept as it was.
    """

    resources: tuple[Resource, ...] = ()
    pending_operations: tuple[Operation, ...] = ()
    secrets_provider: SecretsProvider | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def live(self) -> dict[str, Resource]:
        """Return the resources that are not pending deletion, by URN, in their order."""
        return {resource.urn: resource for resource in self.resources if not resource.delete}

    def outputs(self) -> Mapping[str, Any]:
        """Return the stack's outputs; empty before the first deployment."""
        found = (each for each in self.resources if each.type == ROOT_STACK and not each.parent)
        root = next(found, None)
        return {} if root is None else root.outputs

    def with_resources(self, resources: tuple[Resource, ...]) -> Snapshot:
        """Return the snapshot with other resources."""
        return replace(self, resources=resources)


def timestamp(now_ns: int) -> str:
    """Return RFC 3339 with nanoseconds, in UTC, as Go writes it: without trailing zeros. now_ns: `time.time_ns()`."""
    seconds, nanoseconds = divmod(now_ns, 1_000_000_000)
    fraction = f".{nanoseconds:09d}".rstrip("0").rstrip(".")
    return f"{_whole(seconds)}{fraction}Z"


@lru_cache(maxsize=4)
def _whole(seconds: int) -> str:
    """Return the part that thousands of resources have in common which a run records within a second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
