"""Stack configuration: `Pulumi.<stack>.yaml`, and what it and the project's schema come to.

In: a Project and a stack's name. Out: the configuration as the program gets it. Only `write_salt` writes, and only adds
one line to what the user wrote. Rules as in Pulumi's pkg/workspace/config.go and sdk/go/common/workspace/loaders.go.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from fleet.engine import files, schema
from fleet.engine.project import Project, located, mapping, read_text
from fleet.engine.schema import ConfigType
from fleet.errors import DeclarationError, Problem, StackNotFoundError, StateError, UnsupportedError, Where
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StackConfig:
    """What `Pulumi.<stack>.yaml` says; nothing at all where there is no such file.

    text: empty where there is no file. values: full key → value, in which `{"secure": <ciphertext>}` is a secret.
    written: full key → key as the file has it. secrets_provider: empty for the default.
    """

    stack: str
    file: Path
    text: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    salt: str = ""
    secrets_provider: str = ""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The configuration of a run.

    values: full key → text, as Pulumi hands it to a program: objects and lists as JSON, secrets in the clear.
    secret_keys: those whose value is secret, or holds something secret; sorted.
    recorded: full key → value as the history keeps it, secrets encrypted.
    """

    values: Mapping[str, str]
    secret_keys: tuple[str, ...] = ()
    recorded: Mapping[str, Any] = field(default_factory=dict)


def file_of(project: Project, stack: str) -> Path:
    """Return where a stack's configuration is, or would be."""
    return project.stack_config_dir / f"Pulumi.{stack}{project.file.suffix}"


def configured_stacks(project: Project) -> tuple[str, ...]:
    """Return the stacks that have a configuration file, sorted."""
    found = project.stack_config_dir.glob(f"Pulumi.*{project.file.suffix}")
    return tuple(sorted(path.name.removeprefix("Pulumi.").removesuffix(project.file.suffix) for path in found))


def require(stack: str, known: Iterable[str]) -> None:
    """Raise StackNotFoundError, which lists the known stacks, where this is none of them."""
    names = sorted(set(known))
    if stack not in names:
        there = f"There are: {', '.join(names)}." if names else "There is none yet."
        raise StackNotFoundError(Problem(f"There is no stack {stack!r}", detail=there))


def load(project: Project, stack: str) -> StackConfig:
    """Return what the stack's file says. Raises DeclarationError with everything that is wrong with the file.

    Raises UnsupportedError where its configuration comes from an environment of Pulumi ESC.
    """
    file = file_of(project, stack)
    if not file.is_file():
        return StackConfig(stack=stack, file=file)
    text, shown = read_text(file), project.shown(file)
    data = mapping(text, shown)
    if data.get("environment"):
        hint = "Use Pulumi for this stack, or write the values into its configuration."
        where = Where(file=shown, key="environment")
        raise UnsupportedError(Problem("The embedded engine has no environments of Pulumi ESC", where, "", hint))
    problems = [located(problem, text, shown) for problem in _mistakes(data)]
    if problems:
        raise DeclarationError(*problems)
    entries = data.get("config") or {}
    return StackConfig(
        stack=stack,
        file=file,
        text=text,
        values={schema.full_key(project.name, key): value for key, value in entries.items()},
        written={schema.full_key(project.name, key): key for key in entries},
        salt=data.get("encryptionsalt") or "",
        secrets_provider=data.get("secretsprovider") or "",
    )


def _mistakes(data: Mapping[str, Any]) -> Iterable[Problem]:
    entries = data.get("config") or {}
    if isinstance(entries, dict):
        wrong = (key for key in entries if not schema.is_key(key))
        summary = "a configuration key reads `<name>` or `<namespace>:<name>`"
        yield from (Problem(summary, Where(key=f"config.{key}")) for key in wrong)
    else:
        yield Problem("config must be a mapping", Where(key="config"))
    for key in ("encryptionsalt", "secretsprovider"):
        if not isinstance(data.get(key) or "", str):
            yield Problem(f"{key} must be a text", Where(key=key))


def resolve(project: Project, config: StackConfig, decrypt: Callable[[str], str]) -> Configuration:
    """Return the configuration of a run: the stack's own values, and the project's for what it has not.

    decrypt: ciphertext → plaintext; called only where there is a secret. Raises DeclarationError with every value that
    is missing or of another type than the schema wants.
    """
    declared = project.config
    recorded = {key: each.given for key, each in declared.items() if each.given is not None} | dict(config.values)
    opened = {key: reveal(value, decrypt) for key, value in recorded.items()}
    own = (each for each in declared.values() if each.key.startswith(f"{project.name}:"))
    problems = [problem for each in own for problem in _violations(project, config, each, opened)]
    if problems:
        raise DeclarationError(*problems)
    return Configuration(
        values={key: as_text(value) for key, value in sorted(opened.items())},
        secret_keys=tuple(sorted(key for key, value in recorded.items() if is_secret(value))),
        recorded={key: value if _is_composite(value) else as_text(value) for key, value in recorded.items()},
    )


def _violations(
    project: Project, config: StackConfig, declared: ConfigType, opened: Mapping[str, Any]
) -> Iterable[Problem]:
    where = _where(project, config, declared)
    if declared.key not in opened:
        hint = f"Add it to `config:` in {project.shown(config.file)}, or give it a default in {project.file.name}."
        yield Problem(f"configuration key {declared.written!r} has no value", where, "", hint)
        return
    value = opened[declared.key]
    if declared.secret and not is_secret(config.values.get(declared.key)):
        hint = f"Encrypt it: `pulumi config set --secret {declared.written}`."
        yield Problem(f"configuration key {declared.written!r} must be a secret", where, "", hint)
    if not declared.accepts(value if _is_composite(value) else as_text(value)):
        yield Problem(f"configuration key {declared.written!r} must be of type {declared.type_name}", where)


def _where(project: Project, config: StackConfig, declared: ConfigType) -> Where:
    key = f"config.{config.written.get(declared.key, declared.written)}"
    place = Problem("", Where(key=key))
    if declared.key in config.values:
        return located(place, config.text, project.shown(config.file)).where
    return place.at(file=project.shown(config.file)).where


def _is_composite(value: Any) -> bool:
    return isinstance(value, (dict, list))


def _is_sealed(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("secure"), str)


def is_secret(value: Any) -> bool:
    """Return whether a value is secret, or holds something that is."""
    if isinstance(value, list):
        return any(map(is_secret, value))
    return _is_sealed(value) or (isinstance(value, dict) and any(map(is_secret, value.values())))


def reveal(value: Any, decrypt: Callable[[str], str]) -> Any:
    """Return a value with what is encrypted in it decrypted."""
    if _is_sealed(value):
        return decrypt(value["secure"])
    if isinstance(value, dict):
        return {key: reveal(entry, decrypt) for key, entry in value.items()}
    if isinstance(value, list):
        return [reveal(entry, decrypt) for entry in value]
    return value


def as_text(value: Any) -> str:
    """Return a value as the program gets it. Nothing is an empty text, as in Pulumi."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write_salt(config: StackConfig, salt: str) -> None:
    """Add `encryptionsalt` to the stack's file, which is made where it is missing. Nothing else in it changes.

    Raises StateError where a line cannot simply be added; the message has the line.
    """
    before = config.file.read_bytes() if config.file.is_file() else b""
    line = f"encryptionsalt: {salt}\n"
    kept = b"".join(each for each in before.splitlines(keepends=True) if each.rstrip() != b"encryptionsalt:")
    after = kept + (b"" if kept.endswith(b"\n") or not kept else b"\n") + line.encode()
    if not _says(after.decode("utf-8-sig"), mapping(before.decode("utf-8-sig"), "") | {"encryptionsalt": salt}):
        hint = f"Add this line to it:\n{line}"
        raise StateError(Problem("The encryption salt could not be added", Where(file=str(config.file)), "", hint))
    files.replace(config.file, after)


def _says(text: str, data: Mapping[str, Any]) -> bool:
    try:
        return mapping(text, "") == data
    except DeclarationError:
        return False
