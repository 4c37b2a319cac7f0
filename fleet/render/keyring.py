"""Keyring: the keys of one SignaturePolicy, where gpg and ssh-keygen find them, and no others.

In: a policy, and the directory that its files are in. Out: a temporary place with the keys, and what git has to be told
to use it. Neither the user's keys nor the user's settings of git for signatures have a say in it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from fleet.errors import PolicyError, Problem, Where
from fleet.frozen import dataclass
from fleet.model.signatures import SignaturePolicy
from fleet.render.runner import ToolFailed, run_tool

_TIMEOUT_S = 60.0
# The files are the project's own, so whatever is in them is trusted; nothing is looked for elsewhere.
_GPG_SETTINGS = "trust-model always\nno-autostart\nno-auto-key-retrieve\nno-auto-key-locate\nno-auto-check-trustdb\n"
_KEY = re.compile(r"^(?:pub|sub):(?:[^:]*:){3}([0-9A-F]{16}):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Keys:
    """The contents of a policy's files, in the policy's order."""

    gpg: tuple[bytes, ...]
    ssh: tuple[bytes, ...]

    def digest(self, policy: SignaturePolicy) -> str:
        """Return what changes with everything that makes the policy accept something else."""
        parts = (
            policy.mode,
            *sorted(policy.gpg_key_ids),
            "gpg",
            *map(_digest, self.gpg),
            "ssh",
            *map(_digest, self.ssh),
        )
        return _digest("\n".join(parts).encode())


@dataclass(frozen=True, slots=True)
class Keyring:
    """What git needs to verify with a policy's keys. options go before git's command."""

    options: tuple[str, ...]
    environ: Mapping[str, str]


def read_keys(policy: SignaturePolicy, directory: Path) -> Keys:
    """Return the contents of the policy's files. Raises PolicyError with every file that cannot be read."""
    problems: list[Problem] = []
    gpg, ssh = (tuple(_contents(files, directory, problems)) for files in (policy.gpg_keys, policy.ssh_allowed_signers))
    problems += _missing_programs(policy)
    if problems:
        raise PolicyError(*problems)
    return Keys(gpg, ssh)


@contextmanager
def keyring(policy: SignaturePolicy, keys: Keys) -> Iterator[Keyring]:
    """Provide the keys for verifying. Raises PolicyError for files that hold no keys, and for key IDs without a key."""
    with tempfile.TemporaryDirectory(prefix="fleet-") as place:
        home, signers = Path(place) / "gnupg", Path(place) / "allowed-signers"
        home.mkdir(mode=0o700)
        (home / "gpg.conf").write_text(_GPG_SETTINGS, encoding="utf-8")
        signers.write_bytes(b"\n".join(keys.ssh) + b"\n")
        if keys.gpg:
            _import(policy, keys, home)
        settings = {
            "gpg.program": "gpg",
            "gpg.openpgp.program": "gpg",
            "gpg.ssh.program": "ssh-keygen",
            "gpg.x509.program": "false",
            "gpg.ssh.allowedSignersFile": str(signers),
            "gpg.minTrustLevel": "undefined",
            "log.showSignature": "false",
            "log.mailmap": "false",
        }
        options = tuple(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
        yield Keyring(options, {"GNUPGHOME": str(home)})


def _contents(files: Iterable[str], directory: Path, problems: list[Problem]) -> Iterator[bytes]:
    for file in files:
        try:
            yield (directory / file).read_bytes()
        except OSError as error:
            hint = "Paths are relative to the project's directory."
            problems.append(Problem("this file of keys cannot be read", Where(file=file), error.strerror or "", hint))


def _missing_programs(policy: SignaturePolicy) -> Iterator[Problem]:
    wanted = (("gpg", policy.gpg_keys, "GnuPG"), ("ssh-keygen", policy.ssh_allowed_signers, "OpenSSH"))
    for program, files, package in wanted:
        if files and shutil.which(program) is None:
            yield Problem(f"{program} was not found on PATH, which verifies signatures", hint=f"Install {package}.")


def _import(policy: SignaturePolicy, keys: Keys, home: Path) -> None:
    problems: list[Problem] = []
    known: set[str] = set()
    # It makes the file that gpg otherwise misses about an expired key.
    _gpg(home, "--trust-model", "pgp", "--check-trustdb")
    for file, content in zip(policy.gpg_keys, keys.gpg, strict=True):
        path = home / "key"
        path.write_bytes(content)
        try:
            _gpg(home, "--import", str(path))
            listed = _gpg(home, "--with-colons", "--show-keys", str(path))
        except ToolFailed as failed:
            hint = "It must be what `gpg --export --armor KEY` writes."
            problems.append(Problem("gpg finds no public key in this file", Where(file=file), failed.words, hint))
        else:
            known |= set(_KEY.findall(listed))
    for key in policy.gpg_key_ids:
        if key[-16:].upper() not in known and not problems:
            summary = f"there is no public key for {key}"
            hint = "Add the file with it to gpg_keys; in YAML, to the annotation fleet.pulumi.com/gpg-keys."
            problems.append(Problem(summary, detail=f"The files have {', '.join(sorted(known)) or 'none'}.", hint=hint))
    if problems:
        raise PolicyError(*problems)


def _gpg(home: Path, *arguments: str) -> str:
    environ = {"PATH": os.environ.get("PATH", ""), "HOME": str(home), "GNUPGHOME": str(home), "LC_ALL": "C"}
    command: Sequence[str] = ("gpg", "--batch", "--no-tty", *arguments)
    written, _ = run_tool(command, directory=home, environ=environ, timeout_s=_TIMEOUT_S)
    return written.decode(errors="replace")


def _digest(data: bytes | str) -> str:
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()
