"""The passphrase provider. The vectors were written by Pulumi 3.260."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine.cipher import Cipher
from fleet.engine.secrets import Vault, passphrase
from fleet.engine.state import Secret, SecretsProvider
from fleet.errors import StateError, UnsupportedError

SALT = "v1:AKM+Zk6wqA0=:v1:F5ZMxHvQUnCaSunF:2nw6cJxrfAUzw6cvJ9zYSkfOCd3Iww=="
CIPHERTEXT = "v1:OB28MapZ8wz3CJbY:/0V6vLJ6zt/3Wm6XTYBK5ccK6ThNx0+MzIcDjg=="
PLAINTEXT = 's3cr"et<>&é'
OTHER_SALT = "v1:F6OFbHqjeFU=:v1:nAcXjjq2YALjPOVL:uZdgdS9cY5H+Kk9PVwI+6bchOD2HYA=="
GIVEN = {"PULUMI_CONFIG_PASSPHRASE": "correct horse"}
CIPHER = Cipher("any", b"any salt")


@cache
def opened() -> Vault:
    """A vault that has derived its key."""
    return Vault("dev", SALT, environ=GIVEN)


def vault(salt: str = SALT, environ: Mapping[str, str] = GIVEN, provider: str = "") -> Vault:
    return Vault("dev", salt, environ=environ, provider=provider)


def test_it_decrypts_what_pulumi_encrypted() -> None:
    assert opened().decrypt(CIPHERTEXT) == PLAINTEXT


@given(st.text())
def test_what_is_encrypted_can_be_decrypted(text: str) -> None:
    assert CIPHER.decrypt(CIPHER.encrypt(text)) == text


def test_the_same_value_is_never_encrypted_the_same() -> None:
    assert CIPHER.encrypt("a") != CIPHER.encrypt("a")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("v1:a", id="too short"),
        pytest.param(CIPHERTEXT.replace("v1", "v2"), id="another version"),
        pytest.param("v1:*:*", id="no base64"),
        pytest.param("v1:AAAA:AAAA", id="no nonce"),
        pytest.param(CIPHERTEXT, id="another key"),
    ],
)
def test_what_cannot_be_decrypted(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - every reason counts
        CIPHER.decrypt(text)


def test_a_new_salt_is_kept_before_it_is_used_and_fits_the_passphrase() -> None:
    kept: list[str] = []
    first = Vault("dev", environ=GIVEN, keep_salt=kept.append)
    ciphertext = first.encrypt("hunter2")
    assert kept == [first.salt]
    assert vault(first.salt).decrypt(ciphertext) == "hunter2"
    assert first.encrypt("again")
    assert len(kept) == 1


def test_a_salt_that_cannot_be_kept_is_not_used() -> None:
    def refuse(_salt: str) -> None:
        raise StateError("the disk is full")

    refusing = Vault("dev", environ=GIVEN, keep_salt=refuse)
    with pytest.raises(StateError, match="the disk is full"):
        refusing.encrypt("hunter2")
    assert refusing.salt == ""


def test_without_secrets_nobody_asks_for_a_passphrase() -> None:
    silent = vault(environ={})
    silent.unlock([], SecretsProvider("passphrase", {"salt": SALT}))
    assert silent.salt == SALT


@pytest.mark.parametrize(
    ("environ", "salt", "message"),
    [
        pytest.param({}, SALT, "there is no passphrase", id="no passphrase"),
        pytest.param({}, "", "there is no passphrase", id="no passphrase for a new salt"),
        pytest.param({"PULUMI_CONFIG_PASSPHRASE": "wrong"}, SALT, "is not that of stack 'dev'", id="a wrong one"),
        pytest.param({"PULUMI_CONFIG_PASSPHRASE": ""}, SALT, "is not that of stack 'dev'", id="an empty one is one"),
        pytest.param({"PULUMI_CONFIG_PASSPHRASE_FILE": "/no/file"}, SALT, "cannot be read", id="no file"),
        pytest.param(GIVEN, "v1:", "malformed", id="no salt"),
        pytest.param(GIVEN, "v2:AAAA:v1:a:b", "malformed", id="a salt of another version"),
    ],
)
def test_what_is_missing_is_said(environ: Mapping[str, str], salt: str, message: str) -> None:
    with pytest.raises(StateError, match=message) as caught:
        vault(salt, environ).encrypt("hunter2")
    assert "hunter2" not in str(caught.value)


def test_the_message_says_what_to_set() -> None:
    with pytest.raises(StateError, match="PULUMI_CONFIG_PASSPHRASE_FILE"):
        vault(environ={}).decrypt(CIPHERTEXT)


def test_the_passphrase_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("correct horse\n", encoding="utf-8")
    assert vault(environ={"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}).decrypt(CIPHERTEXT) == PLAINTEXT


def test_where_the_passphrase_comes_from() -> None:
    both = {"PULUMI_CONFIG_PASSPHRASE": "a", "PULUMI_CONFIG_PASSPHRASE_FILE": "/no/file"}
    assert passphrase(both) == "a"
    assert passphrase({}) is None


@pytest.mark.parametrize("provider", ["awskms://alias/key", "gcpkms://a", "cloud"])
def test_other_providers_are_for_pulumi(provider: str) -> None:
    with pytest.raises(UnsupportedError, match="change-secrets-provider"):
        vault(provider=provider).decrypt(CIPHERTEXT)
    with pytest.raises(UnsupportedError, match="change-secrets-provider"):
        vault().unlock([Secret(None, CIPHERTEXT)], SecretsProvider("cloud", {"url": provider}))


def test_a_checkpoint_with_another_salt_is_read_and_written_anew() -> None:
    writer = Vault("dev", OTHER_SALT, environ={"PULUMI_CONFIG_PASSPHRASE": "correct-horse"})
    secret = Secret(None, writer.encrypt('{"a":1}'))
    with pytest.raises(StateError, match="is not that of stack"):
        vault().unlock([secret], SecretsProvider("passphrase", {"salt": OTHER_SALT}))


def test_ciphertexts_of_the_same_salt_are_kept_and_those_of_another_are_not() -> None:
    source = opened()
    kept, dropped = Secret(None, source.encrypt("1")), Secret(None, "")
    source.unlock([kept], SecretsProvider("passphrase", {"salt": SALT}))
    assert (kept.value, bool(kept.ciphertext)) == (1, True)
    target = Vault("dev", environ=GIVEN)
    target.encrypt("makes a salt of its own")
    dropped = Secret(None, source.encrypt('"x"'))
    target.unlock([dropped], SecretsProvider("passphrase", {"salt": SALT}))
    assert (dropped.value, dropped.ciphertext) == ("x", "")


def test_a_secret_that_is_no_json_is_said_without_its_content() -> None:
    source = opened()
    broken = Secret(None, source.encrypt("hunter2 is no JSON"))
    with pytest.raises(StateError, match="holds no property value") as caught:
        source.unlock([broken], SecretsProvider("passphrase", {"salt": SALT}))
    assert "hunter2" not in str(caught.value)


def test_secrets_hide_in_logs() -> None:
    assert "hunter2" not in repr(Secret("hunter2", "v1:x"))
