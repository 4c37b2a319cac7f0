"""What may stand in an Argo CD AppProject, as data: the one place that knows every key.

Keys are those of Argo CD 3.6, pkg/apis/application/v1alpha1/types.go. docs/reference/argo-yaml.md shows the same tables
to users. What is an error here restricts, in Argo CD, what may be deployed: to pass over it would permit more.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fleet.argo.keys import KEYS, Keys, Unsupported

GLOBAL_FOR: Final = "fleet.pulumi.com/global-for"
GPG_KEYS: Final = "fleet.pulumi.com/gpg-keys"
SSH_ALLOWED_SIGNERS: Final = "fleet.pulumi.com/ssh-allowed-signers"

_DOCUMENT = Keys(
    read=("apiVersion", "kind", "metadata", "spec"),
    unused={"status": "Argo CD's server keeps tokens there."},
)

_METADATA = Keys(
    read=("name", "labels", "annotations"),
    unused={
        **KEYS["metadata"].unused,
        "namespace": "It says where Argo CD keeps the AppProject; here no cluster holds it.",
        "finalizers": "A project that is gone while it has Applications is an error.",
        "ownerReferences": "No cluster holds the AppProject.",
    },
    unsupported={"generateName": Unsupported("Applications name their project.", "Give it a name.")},
)

_SPEC = Keys(
    read=(
        "description",
        "sourceRepos",
        "destinations",
        "clusterResourceWhitelist",
        "clusterResourceBlacklist",
        "namespaceResourceWhitelist",
        "namespaceResourceBlacklist",
        "permitOnlyProjectScopedClusters",
        "signatureKeys",
        "sourceIntegrity",
    ),
    unused={
        "sourceNamespaces": "Who may put an Application into a project is who may change the stack's files.",
        "roles": "Nobody logs in here: who may do what is decided by Git, by CI and by the state's backend.",
        "orphanedResources": "It shows objects that no Application holds; nothing is deployed or deleted by it.",
    },
    unsupported={
        "syncWindows": Unsupported(
            "No run is held back by the time of day.", "Put the windows into the schedule of your CI, and remove them."
        ),
        "destinationServiceAccounts": Unsupported(
            "Objects are applied as the user of the cluster's kubeconfig, who may be allowed more.",
            "Give the cluster a context whose user is that service account, and remove it.",
        ),
    },
)

PROJECT_KEYS: Mapping[str, Keys] = MappingProxyType(
    {
        "AppProject": _DOCUMENT,
        "AppProject.metadata": _METADATA,
        "AppProject.metadata.annotations": Keys(read=(GLOBAL_FOR, GPG_KEYS, SSH_ALLOWED_SIGNERS)),
        "AppProject.spec": _SPEC,
        "AppProject.spec.destinations[]": Keys(read=("server", "name", "namespace")),
        "AppProject.spec.clusterResourceWhitelist[]": Keys(read=("group", "kind", "name")),
        "AppProject.spec.clusterResourceBlacklist[]": Keys(read=("group", "kind", "name")),
        "AppProject.spec.namespaceResourceWhitelist[]": Keys(read=("group", "kind")),
        "AppProject.spec.namespaceResourceBlacklist[]": Keys(read=("group", "kind")),
        "AppProject.spec.signatureKeys[]": Keys(read=("keyID",)),
        "AppProject.spec.sourceIntegrity": Keys(read=("git",)),
        "AppProject.spec.sourceIntegrity.git": Keys(read=("policies",)),
        "AppProject.spec.sourceIntegrity.git.policies[]": Keys(read=("repos", "gpg")),
        "AppProject.spec.sourceIntegrity.git.policies[].repos[]": Keys(read=("url",)),
        "AppProject.spec.sourceIntegrity.git.policies[].gpg": Keys(read=("mode", "keys")),
    }
)
