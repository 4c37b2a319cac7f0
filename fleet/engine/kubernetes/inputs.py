"""What a provider is configured with: Pulumi's provider inputs, read into a value. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from fleet.errors import DeclarationError, Problem, UnsupportedError, Where
from fleet.frozen import dataclass

DEFAULT_TIMEOUT_S = 30.0

# Inputs that need nothing done here: the engine reads them itself, or they are about Pulumi's own machinery.
_WITHOUT_EFFECT = frozenset(
    {
        "clusterIdentifier",  # decides about replacing the provider
        "enableConfigMapMutable",  # updates are always tried in place; what cannot be changed is replaced
        "enableSecretMutable",
        "enablePatchForce",  # conflicts are always decided for the program
        "enableReplaceCRD",
        "skipUpdateUnreachable",  # an unreachable cluster never touches the others
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
        "helmReleaseSettings",  # Helm releases are refused as such
        "version",
        "pluginDownloadURL",
    }
)
_READ = frozenset({"kubeconfig", "context", "cluster", "namespace", "upsertExistingObjects", "kubeClientSettings"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderInputs:
    """How one cluster is reached.

    name: of the cluster, for messages.
    base_dir: what relative paths are relative to.
    kubeconfig: a path, or the text of a kubeconfig itself; None for $KUBECONFIG or ~/.kube/config.
    context, cluster: of the kubeconfig, instead of those it names; namespace: instead of the context's.
    upsert: whether creating an object that exists takes it over.
    timeout_s: for each request.
    """

    name: str
    base_dir: Path
    kubeconfig: str | None = field(default=None, repr=False)
    context: str | None = None
    cluster: str | None = None
    namespace: str | None = None
    upsert: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S

    @classmethod
    def from_pulumi(cls, name: str, inputs: Mapping[str, Any], *, base_dir: Path) -> ProviderInputs:
        """Read the inputs of a `pulumi:providers:kubernetes` resource as they come over the protocol.

        Booleans and structures may be JSON strings. Raises UnsupportedError for what only Pulumi's provider does and
        DeclarationError for values that are none.
        """
        read = _Reader(name, inputs)
        read.refuse_unsupported()
        return cls(
            name=name,
            base_dir=base_dir,
            kubeconfig=read.text("kubeconfig"),
            context=read.text("context"),
            cluster=read.text("cluster"),
            namespace=read.text("namespace"),
            upsert=read.flag("upsertExistingObjects"),
            timeout_s=read.timeout_s(),
        )

    @property
    def is_inline(self) -> bool:
        """Whether `kubeconfig` is the text of one rather than a path; JSON and YAML mappings cannot be file names."""
        text = (self.kubeconfig or "").strip()
        return text.startswith("{") or "\n" in text


@dataclass(frozen=True, slots=True)
class _Reader:
    name: str
    inputs: Mapping[str, Any]

    def refuse_unsupported(self) -> None:
        refused = [feature for key, (applies, feature) in _UNSUPPORTED.items() if applies(self.decoded(key))]
        known = {*_READ, *_WITHOUT_EFFECT, *_UNSUPPORTED}
        refused += [f"the provider input {key}" for key in sorted(set(self.inputs) - known) if not key.startswith("__")]
        if refused:
            raise UnsupportedError(*(self._problem(f"the embedded engine cannot do {each}") for each in refused))

    def decoded(self, key: str) -> Any:
        """Return a value that may have come as JSON in a string."""
        value = self.inputs.get(key)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            return value

    def text(self, key: str) -> str | None:
        value = self.inputs.get(key)
        if isinstance(value, Mapping) and key == "kubeconfig":
            return json.dumps(value)
        if value is None or isinstance(value, str):
            return value or None
        raise DeclarationError(self._problem(f"{key} is not a string", hint=""))

    def flag(self, key: str) -> bool:
        value = self.decoded(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise DeclarationError(self._problem(f"{key} is neither true nor false", hint=""))

    def timeout_s(self) -> float:
        """Return `kubeClientSettings.timeout`, in seconds. Its qps and burst are for clients without flow control."""
        settings = self.decoded("kubeClientSettings")
        if settings is None:
            return DEFAULT_TIMEOUT_S
        timeout = settings.get("timeout") if isinstance(settings, Mapping) else settings
        if timeout is None:
            return DEFAULT_TIMEOUT_S
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0:
            problem = self._problem("kubeClientSettings.timeout is not a number of seconds above 0", hint="")
            raise DeclarationError(problem)
        return float(timeout)

    def _problem(self, summary: str, hint: str = "Run this program with Pulumi (`pulumi up`).") -> Problem:
        return Problem(f"Kubernetes provider {self.name}: {summary}", Where(cluster=self.name), hint=hint)


_UNSUPPORTED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "renderYamlToDirectory": (bool, "renderYamlToDirectory (writing YAML instead of applying it)"),
    "alwaysRender": (bool, "alwaysRender (writing YAML instead of applying it)"),
    "enableServerSideApply": (lambda value: value is False, "enableServerSideApply=false (client-side apply)"),
    "deleteUnreachable": (bool, "deleteUnreachable (forgetting objects of a cluster that cannot be reached)"),
    "strictMode": (bool, "strictMode"),
}
