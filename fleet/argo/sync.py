"""`spec.syncPolicy` → SyncPolicy."""

from __future__ import annotations

from fleet.argo.fields import Section, is_empty, nearest, shown
from fleet.argo.keys import KEYS, SYNC_OPTIONS
from fleet.errors import Where
from fleet.model.application import SyncPolicy


def parse_sync_policy(section: Section | None) -> SyncPolicy:
    """Return the policy; without `automated` nothing is, and with it everything but `enabled` is off by default.

    Source: Argo CD, SyncPolicy.IsAutomatedSyncEnabled and SyncPolicyAutomated.Get*.
    """
    if section is None:
        return SyncPolicy()
    section.known(KEYS["spec.syncPolicy"])
    options = _options(section)
    create_namespace = "CreateNamespace=true" in options
    if create_namespace and not is_empty(section.data.get("managedNamespaceMetadata")):
        section.note(
            section.at("managedNamespaceMetadata"),
            "managedNamespaceMetadata is not supported yet",
            "A namespace that CreateNamespace=true creates has no labels or annotations of its own.",
            "Put a manifest of the Namespace into the source instead.",
        )
    automated = section.section("automated")
    if automated is None:
        return SyncPolicy(create_namespace=create_namespace)
    automated.known(KEYS["spec.syncPolicy.automated"])
    return SyncPolicy(
        automated=automated.flag("enabled") is not False,
        prune=bool(automated.flag("prune")) and "Prune=false" not in options,
        self_heal=bool(automated.flag("selfHeal")),
        allow_empty=bool(automated.flag("allowEmpty")),
        create_namespace=create_namespace,
    )


def _options(section: Section) -> frozenset[str]:
    found: dict[str, str] = {}
    for where, option in section.entries("syncOptions"):
        if not isinstance(option, str):
            hint = "Write it as in CreateNamespace=true, without a space."
            section.note(where, "must be a string", f"It is {shown(option)}.", hint)
            continue
        _check_option(section, where, option)
        name, _, value = option.partition("=")
        if option in SYNC_OPTIONS.all and found.setdefault(name, value) != value:
            section.note(where, f"{name} is given twice, with different values", hint="Keep one of them.")
    return frozenset(f"{name}={value}" for name, value in found.items())


def _check_option(section: Section, where: Where, option: str) -> None:
    if option in SYNC_OPTIONS.unsupported:
        unsupported = SYNC_OPTIONS.unsupported[option]
        section.note(where, f"{option} is not supported yet", unsupported.why, unsupported.instead)
    elif option not in SYNC_OPTIONS.all:
        meant = nearest(option, SYNC_OPTIONS.all)
        hint = f"Did you mean {meant}?" if meant else "docs/reference/argo-yaml.md lists the options."
        section.note(where, "unknown sync option", f"It is {shown(option)}.", hint)
