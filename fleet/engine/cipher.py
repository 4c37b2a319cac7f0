"""Cipher: AES-256-GCM with a key from a passphrase, as Pulumi has it (sdk/go/common/resource/config/crypt.go).

Imported when there is something to encrypt or to decrypt, as the package behind it takes long.
"""

from __future__ import annotations

import base64
import binascii
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

_ITERATIONS: Final = 1_000_000


class Cipher:
    """AES-256-GCM with a key from a passphrase."""

    def __init__(self, phrase: str, salt: bytes) -> None:
        derivation = PBKDF2HMAC(algorithm=SHA256(), length=32, salt=salt, iterations=_ITERATIONS)
        self._aes = AESGCM(derivation.derive(phrase.encode()))

    def encrypt(self, plaintext: str) -> str:
        """Return `v1:<nonce>:<ciphertext>`, different each time."""
        nonce, data = os.urandom(12), plaintext.encode("utf-8", "backslashreplace")
        return f"v1:{encoded(nonce)}:{encoded(self._aes.encrypt(nonce, data, None))}"

    def decrypt(self, ciphertext: str) -> str:
        """Return the plaintext. Raises ValueError when the text, or the key, is not right."""
        parts = ciphertext.split(":")
        if len(parts) != 3 or parts[0] != "v1":
            raise ValueError("it does not read `v1:<nonce>:<ciphertext>`")
        try:
            return self._aes.decrypt(decoded(parts[1]), decoded(parts[2]), None).decode()
        except InvalidTag as error:
            raise ValueError("it was encrypted with another key, or altered") from error


def encoded(data: bytes) -> str:
    """Return the base64 of data."""
    return base64.b64encode(data).decode("ascii")


def decoded(text: str) -> bytes:
    """Return the data of base64. Raises ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("it is not base64") from error
