"""`spec.sourceIntegrity` and `spec.signatureKeys` of an AppProject → SignaturePolicies.

Argo CD's server keeps the keys that IDs stand for. Here they are files of the project, which annotations name, so that
the document stays one that Argo CD takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fleet.argo.fields import Section, is_empty, shown
from fleet.argo.project_keys import GPG_KEYS, PROJECT_KEYS, SSH_ALLOWED_SIGNERS
from fleet.frozen import dataclass
from fleet.model.signatures import HEAD, NONE, SignaturePolicy

_POLICY = "AppProject.spec.sourceIntegrity.git.policies[]"


def parse_signatures(spec: Section, annotations: Section | None) -> tuple[SignaturePolicy, ...]:
    """Return the policies in the order of the file. As in Argo CD, `signatureKeys` are a policy for everything."""
    files = _Files(_split(annotations, GPG_KEYS), _split(annotations, SSH_ALLOWED_SIGNERS))
    git = _git(spec)
    old = not is_empty(spec.data.get("signatureKeys"))
    if old and git:
        hint = "Keep sourceIntegrity: Argo CD takes no notice of signatureKeys beside it."
        spec.note(spec.at("signatureKeys"), "signatureKeys and sourceIntegrity are given together", hint=hint)
        return ()
    policies = [_policy(each, files) for each in _mappings(git, "policies", _POLICY)] if git else []
    if old:
        keys = [each.text("keyID", required="Name a key by its ID.") for each in _old_keys(spec)]
        policies.append(_checked(spec, ("*",), HEAD, keys, files))
    if annotations and (files.gpg or files.ssh) and not (policies or spec.problems):
        hint = "Say in spec.sourceIntegrity.git.policies what has to be signed, or remove the annotation."
        spec.note(annotations.where, "files of keys are named, and nothing has to be signed", hint=hint)
    return tuple(each for each in policies if each)


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of keys that an AppProject names."""

    gpg: tuple[str, ...]
    ssh: tuple[str, ...]


def _git(spec: Section) -> Section | None:
    integrity = spec.section("sourceIntegrity")
    if integrity is None or is_empty(integrity.data):
        return None
    integrity.known(PROJECT_KEYS["AppProject.spec.sourceIntegrity"])
    git = integrity.section("git")
    if git:
        git.known(PROJECT_KEYS["AppProject.spec.sourceIntegrity.git"])
    return git


def _old_keys(spec: Section) -> Iterator[Section]:
    return _mappings(spec, "signatureKeys", "AppProject.spec.signatureKeys[]")


def _mappings(section: Section, key: str, place: str) -> Iterator[Section]:
    for where, entry in section.entries(key):
        if isinstance(entry, dict):
            found = replace(section, data=entry, where=where)
            found.known(PROJECT_KEYS[place])
            yield found
        else:
            section.wrong_type(where, entry, "a mapping")


def _policy(section: Section, files: _Files) -> SignaturePolicy | None:
    hint = "Name a repository, or write * for every one."
    repos = tuple(each.text("url", required=hint) for each in _mappings(section, "repos", f"{_POLICY}.repos[]"))
    gpg = section.section(
        "gpg", required="Say what is verified: {mode: head, keys: [...]}. Argo CD verifies nothing without it."
    )
    if gpg is None:
        return None
    gpg.known(PROJECT_KEYS[f"{_POLICY}.gpg"])
    mode = gpg.text("mode", required="It is none, head or strict.")
    return _checked(section, repos, mode, list(_texts(gpg, "keys")), files)


def _checked(
    section: Section, repos: tuple[str, ...], mode: str, keys: list[str], files: _Files
) -> SignaturePolicy | None:
    if keys and not files.gpg and mode != NONE:
        hint = f"Name files with the public keys in the annotation {GPG_KEYS}, with commas between them."
        section.note(section.where, "nobody knows the keys that these IDs stand for", hint=hint)
    if section.problems:
        return None
    return section.checked(
        section.where,
        lambda: SignaturePolicy(
            repos=repos,
            mode=mode,
            gpg_keys=files.gpg if keys else (),
            gpg_key_ids=keys,
            ssh_allowed_signers=files.ssh,
        ),
    )


def _texts(section: Section, key: str) -> Iterator[str]:
    for where, entry in section.entries(key):
        if isinstance(entry, str) and entry.strip():
            yield entry.strip()
        else:
            section.note(where, "must be a string that is not empty", f"It is {shown(entry)}.")


def _split(annotations: Section | None, key: str) -> tuple[str, ...]:
    value = annotations.data.get(key) if annotations else None
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else ()
