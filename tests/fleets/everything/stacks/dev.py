from fleet import (
    Application,
    Cluster,
    Destination,
    Directory,
    Fleet,
    GitSource,
    GroupKind,
    Project,
    ProjectDestination,
    SyncPolicy,
)

dev = Cluster("dev", kubeconfig="kube/dev", in_cluster=True)
prod = Cluster("prod", kubeconfig="kube/prod", context="admin", identifier="prod-1")

pruned = SyncPolicy(prune=True, self_heal=True, create_namespace=True)

stack = Fleet(
    clusters=[dev, prod],
    projects=[
        Project(
            "shop",
            source_repos=["repo"],
            destinations=[ProjectDestination(name="*", namespace="*")],
            cluster_resource_whitelist=[GroupKind("Namespace", name="*")],
        )
    ],
    applications=[
        Application(
            "shop",
            project="shop",
            source=GitSource("repo", path="shop"),
            destinations=[
                Destination(dev, namespace="shop"),
                Destination(prod, namespace="shop", path="shop-prod"),
            ],
            sync=pruned,
        ),
        Application(
            "platform",
            source=GitSource("repo", path="platform", directory=Directory(recurse=True, exclude="*.draft.yaml")),
            destinations=[dev, prod, "edge"],
            adopt=True,
            retain=["CustomResourceDefinition"],
            sync=SyncPolicy(prune=True),
        ),
    ],
)
