"""What only Pulumi can work with is refused, and named."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.engine import foreign
from fleet.engine.state import Operation, Resource, Snapshot
from fleet.errors import UnsupportedError

OURS = "urn:pulumi:dev::sample::pulumi:providers:kubernetes::hub"
DEFAULT = "urn:pulumi:dev::sample::pulumi:providers:kubernetes::default_4_34_2"


def resource(type_: str, name: str = "a", **fields: Any) -> Resource:
    made = {"custom": True, "provider": f"{OURS}::1", **fields}
    return Resource(urn=f"urn:pulumi:dev::sample::{type_}::{name}", type=type_, **made)


KNOWN = {
    "nothing": (),
    "the stack": (resource("pulumi:pulumi:Stack", custom=False, provider=""),),
    "an object": (resource("kubernetes:apps/v1:Deployment"),),
    "a custom object": (resource("kubernetes:example.com/v1:WidgetList"),),
    "a kind that ends so": (resource("kubernetes:example.com/v1:Patch", inputs={"kind": "Patch"}),),
    "what was only read": (resource("aws:s3/bucket:Bucket", external=True),),
    "another provider that holds nothing": (resource("pulumi:providers:random", provider=""),),
    "a component of another package": (resource("awsx:ec2:Vpc", custom=False, provider=""),),
}


@pytest.mark.parametrize("resources", KNOWN.values(), ids=KNOWN)
def test_what_is_known(resources: tuple[Resource, ...]) -> None:
    foreign.refuse(Snapshot(resources=resources))


FOREIGN = {
    "another provider": (resource("random:index/randomPet:RandomPet"), "holds a random:index/randomPet:RandomPet"),
    "a chart": (resource("kubernetes:helm.sh/v3:Release"), "does not support resources of type kubernetes:helm.sh/v3"),
    "a list": (resource("kubernetes:core/v1:ConfigMapList"), "resources of type kubernetes:core/v1:ConfigMapList"),
    "a patch": (resource("kubernetes:core/v1:ConfigMapPatch", inputs={"kind": "ConfigMap"}), "that patch objects"),
    "a patch that was imported": (
        resource("kubernetes:core/v1:ConfigMapPatch", outputs={"kind": "ConfigMap"}),
        "that patch objects",
    ),
    "the default provider": (
        resource("kubernetes:core/v1:ConfigMap", provider=f"{DEFAULT}::1"),
        "objects of Pulumi's default provider",
    ),
    "no type at all": (resource("kubernetes:x"), "holds a kubernetes:x"),
}


@pytest.mark.parametrize(("found", "words"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_foreign(found: Resource, words: str) -> None:
    snapshots = (
        Snapshot(resources=(found,)),
        Snapshot(pending_operations=(Operation("creating", found),)),
    )
    for snapshot in snapshots:
        with pytest.raises(UnsupportedError, match=words) as caught:
            foreign.refuse(snapshot)
        assert found.urn in str(caught.value)
        assert "left untouched" in str(caught.value)


@pytest.mark.parametrize("type_", ["creating", "updating", "deleting"])
def test_operations_that_are_taken_up(type_: str) -> None:
    foreign.refuse(Snapshot(pending_operations=(Operation(type_, resource("kubernetes:core/v1:ConfigMap")),)))


@pytest.mark.parametrize("type_", ["reading", "importing"])
def test_operations_that_nobody_here_would_take_up(type_: str) -> None:
    found = resource("kubernetes:core/v1:ConfigMap")
    with pytest.raises(UnsupportedError, match=f"does not know: {type_}") as caught:
        foreign.refuse(Snapshot(pending_operations=(Operation(type_, found),)))
    assert found.urn in str(caught.value)


def test_everything_is_named_at_once_and_what_is_alike_together() -> None:
    pets = tuple(resource("random:index/randomPet:RandomPet", name=f"pet{number}") for number in range(9))
    with pytest.raises(UnsupportedError) as caught:
        foreign.refuse(Snapshot(resources=(*pets, resource("aws:s3/bucket:Bucket"))))
    bucket, pet = caught.value.problems
    assert "aws:s3/bucket:Bucket" in bucket.summary
    assert pet.detail.splitlines()[0].endswith("::pet0")
    assert pet.detail.splitlines()[-1] == "and 4 more"
