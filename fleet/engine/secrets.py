"""Secrets: Pulumi's passphrase provider, and nothing else.

A key is derived from the passphrase and a salt that is kept in `Pulumi.<stack>.yaml` (`encryptionsalt`) and in the
checkpoint. Formats as in Pulumi's pkg/secrets/passphrase/manager.go. Deriving a key takes a good part of a second on
purpose, and a stack without secret values needs no passphrase: so nothing is derived before a value has to be encrypted
or decrypted.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet.engine import codec
from fleet.engine.state import Secret, SecretsProvider
from fleet.errors import Problem, StateError, UnsupportedError

if TYPE_CHECKING:
    from fleet.engine.cipher import Cipher

_CANARY: Final = "pulumi"
_HOW_TO_GIVE_IT: Final = (
    "Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to the path of a file that holds it."
)


def passphrase(environ: Mapping[str, str]) -> str | None:
    """Return the passphrase that the environment gives; None when it gives none. An empty one is one.

    Raises StateError when the file that should hold it cannot be read.
    """
    if "PULUMI_CONFIG_PASSPHRASE" in environ:
        return environ["PULUMI_CONFIG_PASSPHRASE"]
    file = environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if not file:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        summary = f"PULUMI_CONFIG_PASSPHRASE_FILE: {file} cannot be read"
        raise StateError(Problem(summary, detail=str(error))) from error


def _opens(cipher: Cipher, canary: str) -> bool:
    try:
        return cipher.decrypt(canary) == _CANARY
    except ValueError:
        return False


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except binascii.Error:
        return False


def _cipher_of(phrase: str, salt: bytes) -> Cipher:
    from fleet.engine.cipher import Cipher  # noqa: PLC0415 - most runs have no secrets

    return Cipher(phrase, salt)


class Vault:
    """Encrypts and decrypts the secrets of one stack, and asks for the passphrase only when there is something to do.

    salt: `encryptionsalt` of the stack's configuration; empty when it has none.
    provider: the `secretsprovider` of the stack's configuration; empty for the default, which is the passphrase.
    keep_salt: called with a new salt before it is first used, to write it into the stack's configuration.
    """

    def __init__(
        self,
        stack: str,
        salt: str = "",
        *,
        environ: Mapping[str, str],
        provider: str = "",
        keep_salt: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._stack = stack
        self._salt = salt
        self._environ = environ
        self._provider = provider
        self._keep_salt = keep_salt
        self._ciphers: dict[str, Cipher] = {}

    @property
    def salt(self) -> str:
        """The salt of what is encrypted from now on; empty as long as there was nothing to encrypt."""
        return self._salt

    def secrets_provider(self, before: SecretsProvider | None) -> SecretsProvider | None:
        """Return what a checkpoint says of its secrets. before: what it said so far; None when it has said nothing."""
        return SecretsProvider("passphrase", {"salt": self._salt}) if self._salt else before

    def encrypt(self, plaintext: str) -> str:
        """Return ciphertext. Raises StateError when there is no passphrase or it is wrong."""
        self._refuse_other(self._provider)
        if not self._salt:
            self._salt = self._new_salt()
        return self._cipher(self._salt).encrypt(plaintext)

    def decrypt(self, ciphertext: str) -> str:
        """Return the plaintext of a secret in the stack's configuration. Raises StateError when that does not work."""
        self._refuse_other(self._provider)
        return self._decrypt(ciphertext, self._salt)

    def opener(self, provider: SecretsProvider | None) -> Callable[[str], str]:
        """Return what decrypts the secrets of a checkpoint. provider: what the checkpoint says of them.

        It raises StateError or UnsupportedError as `unlock` does.
        """

        def opened(ciphertext: str) -> str:
            self._refuse_other("" if provider is None else provider.type)
            return self._decrypt(ciphertext, "" if provider is None else provider.salt)

        return opened

    def unlock(self, secrets: Iterable[Secret], provider: SecretsProvider | None) -> None:
        """Give the secrets of a checkpoint their values. provider: what the checkpoint says of them.

        Takes over the checkpoint's salt where the stack's configuration has none. Raises StateError when a secret
        cannot be decrypted, UnsupportedError when another provider than the passphrase has encrypted it.
        """
        secrets = tuple(secrets)
        if provider is not None and not self._provider:
            self._salt = self._salt or provider.salt
        if not secrets:
            return
        self._refuse_other("" if provider is None else provider.type)
        salt = "" if provider is None else provider.salt
        try:
            codec.unlock(secrets, lambda ciphertext: self._decrypt(ciphertext, salt), keep=salt == self._salt)
        except (ValueError, KeyError) as error:
            raise StateError(Problem(f"A secret value of stack {self._stack!r} holds no property value")) from error

    def _decrypt(self, ciphertext: str, salt: str) -> str:
        try:
            return self._cipher(salt).decrypt(ciphertext)
        except ValueError as error:
            summary = f"A secret value of stack {self._stack!r} cannot be decrypted"
            raise StateError(Problem(summary, detail=str(error))) from error

    def _cipher(self, salt: str) -> Cipher:
        if salt not in self._ciphers:
            self._ciphers[salt] = self._unlocked(salt)
        return self._ciphers[salt]

    def _unlocked(self, salt: str) -> Cipher:
        """Return the cipher of a salt, `v1:<salt>:<canary, encrypted>`, after seeing that the passphrase is right."""
        version, _, rest = salt.partition(":")
        encoded, _, canary = rest.partition(":")
        if version != "v1" or not _is_base64(encoded):
            hint = "It reads `v1:<salt>:v1:<nonce>:<ciphertext>`."
            raise StateError(Problem(f"The encryption salt of stack {self._stack!r} is malformed", hint=hint))
        cipher = _cipher_of(self._passphrase(), base64.b64decode(encoded))
        if not _opens(cipher, canary):
            raise StateError(Problem(f"The passphrase is not that of stack {self._stack!r}", hint=_HOW_TO_GIVE_IT))
        return cipher

    def _new_salt(self) -> str:
        raw = os.urandom(8)
        cipher = _cipher_of(self._passphrase(), raw)
        salt = f"v1:{base64.b64encode(raw).decode()}:{cipher.encrypt(_CANARY)}"
        self._keep_salt(salt)
        self._ciphers[salt] = cipher
        return salt

    def _passphrase(self) -> str:
        phrase = passphrase(self._environ)
        if phrase is None:
            summary = f"Stack {self._stack!r} has secret values, and there is no passphrase for them"
            raise StateError(Problem(summary, hint=_HOW_TO_GIVE_IT))
        return phrase

    def _refuse_other(self, provider: str) -> None:
        if provider in ("", "default", "passphrase"):
            return
        summary = f"The secrets of stack {self._stack!r} are encrypted by {provider.partition(':')[0]!r}"
        hint = (
            "The embedded engine knows the passphrase provider only. Use Pulumi, or change the provider:\n"
            f"`pulumi stack change-secrets-provider passphrase --stack {self._stack}`."
        )
        raise UnsupportedError(Problem(summary, hint=hint))
