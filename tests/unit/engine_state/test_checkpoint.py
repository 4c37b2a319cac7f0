"""The checkpoint's format, against a file that Pulumi 3.260 wrote and against snapshots of any kind."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from fleet.engine import checkpoint
from fleet.engine.cipher import Cipher
from fleet.engine.codec import Codec
from fleet.engine.secrets import Vault
from fleet.engine.state import Resource, Secret, SecretsProvider, Snapshot
from fleet.errors import StateError
from tests.unit.engine_state.strategies import PASSPHRASE, snapshots, urn

REAL = Path(__file__).with_name("data") / "checkpoint.json"
SALT = "v1:AKM+Zk6wqA0=:v1:F5ZMxHvQUnCaSunF:2nw6cJxrfAUzw6cvJ9zYSkfOCd3Iww=="
STACK = "organization/sample/dev"
CLOCK = 1_795_360_649_770_373_591


class OpenVault(Vault):
    """A vault whose ciphertext is the plaintext: laws about the format need no cipher."""

    def __init__(self) -> None:
        super().__init__("dev", "salt", environ={})

    def _cipher(self, salt: str) -> Cipher:
        return OpenCipher.__new__(OpenCipher)


class OpenCipher(Cipher):
    def encrypt(self, plaintext: str) -> str:
        return plaintext

    def decrypt(self, ciphertext: str) -> str:
        return ciphertext


@cache
def vault() -> Vault:
    """The vault of the file that Pulumi wrote: its key is derived once."""
    return Vault("dev", SALT, environ={"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE})


def decode(data: bytes, by: Vault | None = None) -> Snapshot:
    return checkpoint.decode(data, file="dev.json", vault=by or vault())


def encode(snapshot: Snapshot, by: Vault) -> bytes:
    return checkpoint.encode(snapshot, stack=STACK, writer=Codec(by.encrypt))


def written(**changes: Any) -> bytes:
    """A checkpoint with the root stack alone, and the changes made to its deployment."""
    root = {"urn": urn("sample-dev", "pulumi:pulumi:Stack"), "custom": False, "type": "pulumi:pulumi:Stack"}
    latest = {"manifest": {"time": "", "magic": "", "version": ""}, "resources": [root], "metadata": {}} | changes
    return json.dumps({"version": 3, "checkpoint": {"stack": STACK, "latest": latest}}).encode()


def test_what_pulumi_wrote_comes_back_byte_for_byte() -> None:
    data, by = REAL.read_bytes(), vault()
    assert encode(decode(data, by), by) == data


def test_what_pulumi_wrote_is_understood() -> None:
    snapshot = decode(REAL.read_bytes())
    assert snapshot.outputs() == {"plain": {"a": [1, 2, 0.1]}, "token": Secret('s3cr"et<>&é')}
    by_name = {resource.urn.rpartition("::")[2]: resource for resource in snapshot.resources}
    login, namespace = by_name["dev/apps/login"], by_name["dev/-/apps"]
    assert login.inputs["data"] == Secret({"password": "czNjciJldDw+JsOp"})
    assert (login.deleted_with, login.custom_timeouts) == (namespace.urn, {"create": 300})
    assert (namespace.protect, namespace.retain_on_delete, namespace.id) == (True, True, "apps")
    assert login.provider_urn in snapshot.live()
    assert by_name["dev/apps/settings"].dependencies == (namespace.urn,)


@given(snapshots())
def test_nothing_is_lost(snapshot: Snapshot) -> None:
    by = OpenVault()
    provided = replace(snapshot, secrets_provider=SecretsProvider("passphrase", {"salt": "salt"}))
    back = decode(encode(provided, by), by)
    assert flat(back) == flat(provided)
    assert encode(back, by) == encode(provided, by)


def flat(snapshot: Snapshot) -> Any:
    """The snapshot with secrets inside secrets taken for what they hold: they are encrypted as one value."""

    def plain(value: Any, *, inside: bool = False) -> Any:
        if isinstance(value, Secret):
            inner = plain(value.value, inside=True)
            return inner if inside else Secret(inner)
        if isinstance(value, dict):
            return {key: plain(entry, inside=inside) for key, entry in value.items()}
        return [plain(entry, inside=inside) for entry in value] if isinstance(value, list) else value

    def of(resource: Resource) -> Resource:
        parts = {name: plain(getattr(resource, name)) for name in ("inputs", "outputs", "extra")}
        return replace(resource, **parts)

    return (
        tuple(map(of, snapshot.resources)),
        tuple((operation.type, of(operation.resource)) for operation in snapshot.pending_operations),
        plain(snapshot.extra),
        snapshot.secrets_provider,
    )


def test_secrets_are_not_in_the_file() -> None:
    by = vault()
    resource = Resource(urn=urn("a"), type="t", inputs={"data": Secret({"password": Secret("hunter2")})})
    data = encode(Snapshot(resources=(resource,)), by)
    assert b"hunter2" not in data
    provider = SecretsProvider("passphrase", {"salt": by.salt})
    back = decode(encode(Snapshot(resources=(resource,), secrets_provider=provider), by))
    assert back.resources[0].inputs["data"].value["password"] == Secret("hunter2")


def test_a_secret_that_stays_the_same_keeps_its_ciphertext_and_others_get_a_new_one() -> None:
    by = vault()
    before = decode(REAL.read_bytes(), by)
    changed = [fresh(resource) for resource in before.resources]
    root = changed[0]
    changed[0] = replace(root, outputs={**root.outputs, "token": Secret("new"), "other": Secret('s3cr"et<>&é')})
    after = checkpoint.encode(
        before.with_resources(tuple(changed)), stack=STACK, writer=Codec(by.encrypt, before.resources)
    )
    theirs, ours = _ciphertexts(REAL.read_bytes()), _ciphertexts(after)
    assert len(ours - theirs) == 2
    assert len(theirs - ours) == 1


def fresh(resource: Resource) -> Resource:
    """The resource as a program that registers it again would give it: no secret has a ciphertext."""

    def again(value: Any) -> Any:
        if isinstance(value, Secret):
            return Secret(value.value)
        if isinstance(value, dict):
            return {key: again(entry) for key, entry in value.items()}
        return [again(entry) for entry in value] if isinstance(value, list) else value

    return replace(resource, inputs=again(resource.inputs), outputs=again(resource.outputs))


def _ciphertexts(data: bytes) -> set[str]:
    return {part.partition(b'"')[0].decode() for part in data.split(b'"ciphertext":"')[1:]}


def test_a_ciphertext_is_not_kept_for_what_only_looks_the_same() -> None:
    by = vault()
    known = Resource(urn=urn("a"), type="t", inputs={"a": Secret(1, by.encrypt("1"))})
    changed = Resource(urn=urn("a"), type="t", inputs={"a": Secret(True)})
    text = Codec(by.encrypt, (known,)).resource(changed)
    assert by.decrypt(json.loads(text)["inputs"]["a"]["ciphertext"]) == "true"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"version":0,"checkpoint":{"stack":"organization/sample/dev"}}', id="just made by Pulumi"),
        pytest.param(
            b'{"version":3,"checkpoint":{"stack":"organization/sample/dev","latest":null}}', id="no deployment"
        ),
        pytest.param(b'{"version":3,"checkpoint":{"stack":"organization/sample/dev"}}', id="nothing"),
    ],
)
def test_a_stack_without_a_deployment(data: bytes) -> None:
    assert decode(data) == Snapshot()


def test_a_secret_in_the_clear_is_taken_and_encrypted() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"hunter2"'}
    root = {"urn": urn("r", "pulumi:pulumi:Stack"), "custom": False, "type": "pulumi:pulumi:Stack"}
    by = vault()
    snapshot = decode(written(resources=[root | {"outputs": {"a": secret}}]), by)
    assert snapshot.outputs() == {"a": Secret("hunter2")}
    assert b"hunter2" not in encode(snapshot, by)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(written(), None, id="sound"),
        pytest.param(written().replace(b'"version": 3', b'"version": 5', 1), "format version 5", id="newer"),
        pytest.param(
            written().replace(b'"version": 3', b'"version": 4, "features": ["hooks", "views"]', 1),
            "format version 4 and uses hooks, views",
            id="features",
        ),
        pytest.param(written().replace(b'"version": 3', b'"version": 2', 1), "old format version 2", id="older"),
    ],
)
def test_what_cannot_be_used_is_left_untouched(data: bytes, message: str | None) -> None:
    if message is None:
        assert len(decode(data).resources) == 1
        return
    with pytest.raises(StateError, match=message) as caught:
        decode(data)
    assert "left untouched" in str(caught.value)
    assert "dev.json" in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(written(manifest={"time": "", "magic": "0", "version": "v3.1.0"}), id="tampered with"),
        pytest.param(
            written(resources=[{"urn": urn("a"), "custom": True, "type": "t", "parent": urn("b")}]),
            id="a parent that is missing",
        ),
    ],
)
def test_what_contradicts_itself(data: bytes) -> None:
    with pytest.raises(checkpoint.ContradictionError):
        decode(data)
    assert not checkpoint.is_sound(data)


def test_what_is_sound() -> None:
    assert checkpoint.is_sound(REAL.read_bytes())
    assert checkpoint.is_sound(written())
    assert not checkpoint.is_sound(written().replace(b'"version": 3', b'"version": 5', 1))
    assert not checkpoint.is_sound(b"{")


def test_every_cut_off_checkpoint_is_found_out() -> None:
    data = written()
    for length in range(len(data)):
        with pytest.raises(checkpoint.CorruptCheckpointError):
            decode(data[:length])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="nothing in it"),
        pytest.param(b'{"version":"3","checkpoint":{}}', id="a version that is no number"),
        pytest.param(b'{"version":3,"checkpoint":[]}', id="a checkpoint that is no object"),
        pytest.param(written(resources={"a": 1}), id="resources that are no list"),
        pytest.param(written(resources=["a"]), id="resources that are no objects"),
        pytest.param(written(resources=[{"type": "t"}]), id="a resource without a URN"),
        pytest.param(b"\xff\xfe", id="no text"),
    ],
)
def test_what_is_no_checkpoint(data: bytes) -> None:
    with pytest.raises(checkpoint.CorruptCheckpointError):
        decode(data)


def test_what_is_no_property_value_is_not_written() -> None:
    with pytest.raises(TypeError, match="object is no property value"):
        encode(Snapshot(resources=(Resource(urn=urn("a"), type="t", inputs={"a": object()}),)), vault())


def test_half_a_surrogate_pair_survives() -> None:
    by = vault()
    snapshot = Snapshot(resources=(Resource(urn=urn("a"), type="t", inputs={"a": "\ud800", "b": Secret("\ud800é😀")}),))
    data = encode(replace(snapshot, secrets_provider=by.secrets_provider(None)), by)
    provided = replace(snapshot, secrets_provider=SecretsProvider("passphrase", {"salt": by.salt}))
    assert decode(encode(provided, by), by).resources == snapshot.resources
    assert data.decode()


def test_a_stamp_is_one_that_pulumi_takes() -> None:
    stamped = checkpoint.stamp(Snapshot(), CLOCK)
    assert stamped.manifest["time"] == "2026-11-22T15:17:29.770373591Z"
    assert decode(encode(stamped, vault())).manifest == stamped.manifest
