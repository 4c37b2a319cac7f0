"""Keys of people, made by the real gpg and ssh-keygen, and repositories that they sign in."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.render.world import Repo

PROGRAMS = ("gpg", "gpgconf", "ssh-keygen")
MISSING = [program for program in PROGRAMS if shutil.which(program) is None]
SEAL = "Sealed.\n\nArgocd-gpg-seal: reviewed"


@dataclass(frozen=True)
class People:
    """Who can sign. `alice`, `bob` and `old` have GPG keys, the one of `old` has expired; `carol`, `dave` SSH keys.

    directory: `<name>.asc` are the public GPG keys, `<name>.signers` the allowed signers of one SSH key.
    """

    directory: Path

    def fingerprint(self, name: str) -> str:
        listed = self._gpg("--with-colons", "--list-keys", f"{name}@example.com")
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))

    def make(self) -> None:
        (self.directory / "gnupg").mkdir(mode=0o700)
        for name, options in (("alice", ()), ("bob", ()), ("old", ("--faked-system-time", "20200101T000000"))):
            expires = "1y" if options else "never"
            self._gpg(*options, "--quick-gen-key", f"{name} <{name}@example.com>", "ed25519", "sign", expires)
            public = self._gpg("--armor", "--export", f"{name}@example.com")
            (self.directory / f"{name}.asc").write_text(public)
        for name in ("carol", "dave"):
            key = self.directory / name
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key], check=True)
            public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
            (self.directory / f"{name}.signers").write_text(f"{name}@example.com {public}\n")
        # Signs at a time when the key had not expired.
        script = self.directory / "gpg-2020"
        script.write_text('#!/bin/sh\nexec gpg --faked-system-time 20200601T000000 "$@"\n')
        script.chmod(0o700)

    def options(self, name: str) -> tuple[str, ...]:
        """What git has to be told for this person to sign; nothing for nobody."""
        if name in {"carol", "dave"}:
            program = ("-c", "gpg.format=ssh", "-c", "gpg.ssh.program=ssh-keygen")
            return (*program, "-c", f"user.signingKey={self.directory / name}")
        gpg = self.directory / "gpg-2020" if name == "old" else "gpg"
        program = ("-c", f"gpg.program={gpg}", "-c", f"gpg.openpgp.program={gpg}")
        return (*program, "-c", f"user.signingKey={name}@example.com")

    def commit(self, repo: Repo, name: str = "", message: str = "change") -> str:
        """Commit, signed by somebody or not at all."""
        sign = ("--gpg-sign",) if name else ("--no-gpg-sign",)
        self._git(repo, *self.options(name), "commit", "--quiet", "--allow-empty", *sign, "--message", message)
        return repo.git("rev-parse", "HEAD")

    def tag(self, repo: Repo, tag: str, name: str = "", at: str = "HEAD") -> None:
        """Make an annotated tag, signed by somebody or not at all."""
        sign = "--sign" if name else "--annotate"
        self._git(repo, *self.options(name), "tag", sign, "--message", tag, tag, at)

    def _git(self, repo: Repo, *arguments: str) -> None:
        environ = os.environ | {"GNUPGHOME": str(self.directory / "gnupg")}
        subprocess.run(["git", *arguments], cwd=repo.path, check=True, capture_output=True, env=environ)

    def _gpg(self, *arguments: str) -> str:
        home = ("--homedir", str(self.directory / "gnupg"))
        quiet = ("--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
        done = subprocess.run(["gpg", *home, *quiet, *arguments], check=True, capture_output=True, text=True)
        return done.stdout


@contextmanager
def people() -> Iterator[People]:
    """Make keys; gpg's agent, which signs, ends with the block. Its socket needs a short path."""
    directory = Path(tempfile.mkdtemp(prefix="fleet-keys-"))
    try:
        found = People(directory)
        found.make()
        yield found
    finally:
        subprocess.run(["gpgconf", "--homedir", directory / "gnupg", "--kill", "all"], check=False)
        shutil.rmtree(directory, ignore_errors=True)
