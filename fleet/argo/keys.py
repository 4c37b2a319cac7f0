"""What may stand in an Argo CD Application, as data: the one place that knows every key.

Keys and defaults are those of Argo CD 3.6, pkg/apis/application/v1alpha1/types.go; `servers`, what its
entries may hold, and `overrides` are this project's own. docs/reference/argo-yaml.md shows the same tables to users.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType

from fleet.frozen import dataclass

API_VERSION = "argoproj.io/v1alpha1"
DEFAULT_REVISION = "HEAD"
ADOPT = "fleet.pulumi.com/adopt"
WAIT = "fleet.pulumi.com/wait"
WAIT_TIMEOUT = "fleet.pulumi.com/wait-timeout-seconds"
SKIP_RECONCILE = "argocd.argoproj.io/skip-reconcile"


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A key that Argo CD knows and that would change what is deployed, so that it cannot be passed over.

    why: one sentence. instead: what to do. even_empty: an empty value means something to Argo CD too.
    """

    why: str
    instead: str = ""
    even_empty: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one mapping, or the words of one list.

    read: taken over into the model. unused: key → why it has no effect here. unsupported: an error, unless empty.
    """

    read: tuple[str, ...]
    unused: Mapping[str, str] = field(default_factory=dict)
    unsupported: Mapping[str, Unsupported] = field(default_factory=dict)

    @property
    def all(self) -> tuple[str, ...]:
        """Every key that is known, whatever becomes of it."""
        return (*self.read, *self.unused, *self.unsupported)


_WRITTEN_BY_KUBERNETES = "Kubernetes writes it into what it returns."
_NOT_RENDERED = "Plain manifests, Jsonnet, Kustomize and Helm are rendered."
_RENDER_FIRST = "Render it into a directory of a Git repository, and name that directory as path."

_DOCUMENT = Keys(
    read=("apiVersion", "kind", "metadata", "spec"),
    unused={
        "status": "Argo CD's controller writes it.",
        "operation": "It asks Argo CD's controller for one sync.",
    },
)

_METADATA = Keys(
    read=("name", "labels", "annotations"),
    unused={
        "namespace": "It says where Argo CD keeps the Application; here no cluster holds it.",
        "finalizers": "What becomes of the objects of an Application that is gone is decided by prune and by kind.",
        "ownerReferences": "No cluster holds the Application.",
        **dict.fromkeys(
            (
                "creationTimestamp",
                "deletionGracePeriodSeconds",
                "deletionTimestamp",
                "generation",
                "managedFields",
                "resourceVersion",
                "selfLink",
                "uid",
            ),
            _WRITTEN_BY_KUBERNETES,
        ),
    },
    unsupported={
        "generateName": Unsupported("An Application without a fixed name is a new one at every run.", "Give it a name.")
    },
)

_ANNOTATIONS = Keys(
    read=(ADOPT, WAIT, WAIT_TIMEOUT),
    unsupported={
        SKIP_RECONCILE: Unsupported(
            "It pauses the Application, and only a whole cluster can be paused here.",
            "Remove the annotation, or keep the file out of the stack while the Application is paused.",
        )
    },
)

_SPEC = Keys(
    read=("project", "source", "sources", "destination", "overrides", "syncPolicy"),
    unused={
        "info": "It is shown in Argo CD's user interface.",
        "revisionHistoryLimit": "The history is Git's and the state's.",
    },
    unsupported={
        "sourceHydrator": Unsupported("Nothing here writes to Git.", "Use source with what syncSource names."),
        "ignoreDifferences": Unsupported(
            "Every field that the manifests set is compared and healed.",
            "Leave those fields out of the manifests, so that others may set them.",
        ),
    },
)

_SOURCE = Keys(
    read=(
        "repoURL",
        "path",
        "chart",
        "targetRevision",
        "tagPrefix",
        "name",
        "ref",
        "directory",
        "kustomize",
        "helm",
    ),
    unsupported={"plugin": Unsupported(_NOT_RENDERED, _RENDER_FIRST, even_empty=True)},
)

_JSONNET = "spec.source.directory.jsonnet"
_VARIABLE = Keys(read=("name", "value", "code"))

_FROM_PATH = "The program is taken from PATH."

_KUSTOMIZE = Keys(
    read=(
        "namePrefix",
        "nameSuffix",
        "namespace",
        "images",
        "replicas",
        "commonLabels",
        "labelWithoutSelector",
        "labelIncludeTemplates",
        "forceCommonLabels",
        "commonAnnotations",
        "commonAnnotationsEnvsubst",
        "forceCommonAnnotations",
        "patches",
        "components",
        "ignoreMissingComponents",
        "enableHelm",
        "kubeVersion",
        "apiVersions",
    ),
    unused={"version": _FROM_PATH},
)

_HELM = Keys(
    read=(
        "releaseName",
        "namespace",
        "valueFiles",
        "ignoreMissingValueFiles",
        "values",
        "valuesObject",
        "parameters",
        "fileParameters",
        "kubeVersion",
        "apiVersions",
        "skipCrds",
        "skipTests",
        "skipSchemaValidation",
        "passCredentials",
    ),
    unused={"version": _FROM_PATH},
)

# What an override and an entry of `servers` can say; this project's own.
_CHANGES = (
    "source",
    "namespace",
    "targetRevision",
    "path",
    "kustomize",
    "helm",
    "patches",
    "labels",
    "annotations",
    "skip",
)
_SERVER = Keys(read=("server", "name", *_CHANGES))
_TARGET = Keys(read=("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"))

_SYNC_POLICY = Keys(
    read=("automated", "syncOptions", "managedNamespaceMetadata"),
    unused={"retry": "A run ends with what failed; the next run, or the same command again, is the retry."},
)

KEYS: Mapping[str, Keys] = MappingProxyType(
    {
        "": _DOCUMENT,
        "metadata": _METADATA,
        "metadata.annotations": _ANNOTATIONS,
        "spec": _SPEC,
        "spec.source": _SOURCE,
        "spec.source.directory": Keys(read=("recurse", "include", "exclude", "disableExtensionFilter", "jsonnet")),
        _JSONNET: Keys(read=("extVars", "tlas", "libs")),
        f"{_JSONNET}.extVars[]": _VARIABLE,
        f"{_JSONNET}.tlas[]": _VARIABLE,
        "spec.source.kustomize": _KUSTOMIZE,
        "spec.source.kustomize.replicas[]": Keys(read=("name", "count")),
        "spec.source.kustomize.patches[]": Keys(read=("patch", "path", "target", "options")),
        "spec.source.kustomize.patches[].target": _TARGET,
        "spec.source.helm": _HELM,
        "spec.source.helm.parameters[]": Keys(read=("name", "value", "forceString")),
        "spec.source.helm.fileParameters[]": Keys(read=("name", "path")),
        "spec.destination": Keys(read=("server", "name", "servers", "namespace")),
        "spec.destination.servers[]": _SERVER,
        "spec.overrides[]": Keys(read=("clusters", "selector", *_CHANGES)),
        "spec.overrides[].patches[]": Keys(read=("patch", "target", "optional")),
        "spec.overrides[].patches[].target": _TARGET,
        "spec.syncPolicy": _SYNC_POLICY,
        "spec.syncPolicy.automated": Keys(read=("enabled", "prune", "selfHeal", "allowEmpty")),
    }
)

_ALWAYS_SERVER_SIDE = "Every object is applied by the server, whatever it was applied by before."
_ALWAYS_CHANGED_ONLY = "Only what differs is ever applied."
_ALWAYS_LAST = "Pruning always comes last."
_ALWAYS_VALIDATED = "The API server validates what it is sent; nothing else does."
_ALWAYS_EXCLUSIVE = "One object in two Applications is always an error."
_ON_OBJECTS = "Say it on the objects, whose kinds are then not looked for beforehand."
_NOT_REPLACED = "Objects are applied; they are replaced only where a field cannot be changed."
_AT_THE_OBJECT = "Argo CD reads it in an object's annotation only."
_IS_THE_DEFAULT = "It is the default."

# Argo CD compares whole entries (`HasOption`), so these are whole entries too.
SYNC_OPTIONS = Keys(
    read=("CreateNamespace=true", "CreateNamespace=false", "Prune=false"),
    unused={
        "ServerSideApply=true": _ALWAYS_SERVER_SIDE,
        "ServerSideApply=false": _ALWAYS_SERVER_SIDE,
        "ClientSideApplyMigration=true": _ALWAYS_SERVER_SIDE,
        "ClientSideApplyMigration=false": _ALWAYS_SERVER_SIDE,
        "ApplyOutOfSyncOnly=true": _ALWAYS_CHANGED_ONLY,
        "ApplyOutOfSyncOnly=false": _ALWAYS_CHANGED_ONLY,
        "PruneLast=true": _ALWAYS_LAST,
        "PruneLast=false": _ALWAYS_LAST,
        "PrunePropagationPolicy=foreground": _IS_THE_DEFAULT,
        "PrunePropagationPolicy=background": "What is left in the end is the same.",
        "Prune=true": _IS_THE_DEFAULT,
        "Delete=true": _IS_THE_DEFAULT,
        "Replace=false": _NOT_REPLACED,
        "Force=true": _AT_THE_OBJECT,
        "Force=false": _AT_THE_OBJECT,
        "Validate=true": _ALWAYS_VALIDATED,
        "Validate=false": _ALWAYS_VALIDATED,
        "FailOnSharedResource=true": _ALWAYS_EXCLUSIVE,
        "FailOnSharedResource=false": _ALWAYS_EXCLUSIVE,
        "SkipDryRunOnMissingResource=true": _ON_OBJECTS,
        "SkipDryRunOnMissingResource=false": _IS_THE_DEFAULT,
        "RespectIgnoreDifferences=true": "Without ignoreDifferences it says nothing.",
        "RespectIgnoreDifferences=false": _IS_THE_DEFAULT,
    },
    unsupported={
        "Replace=true": Unsupported(
            "Objects are applied, so that fields which others own are kept.",
            "Remove it: objects of any size can be applied.",
        ),
        "PrunePropagationPolicy=orphan": Unsupported(
            "What is pruned is deleted with everything that it owns.", "Remove it."
        ),
        "Prune=confirm": Unsupported("No run waits for somebody to confirm.", "Use Prune=false, or preview before up."),
        "Delete=confirm": Unsupported("No run waits for somebody to confirm.", "Preview before up or destroy."),
        "Delete=false": Unsupported(
            "What stays when an Application leaves the stack is decided by prune and by kind.", "Use prune: false."
        ),
    },
)
