from fleet import Application, Destination, Fleet, GitSource, Kustomize, SyncPolicy

# Those of the examples that a plugin renders, with what renders them here.
stack = Fleet(
    applications=[
        Application(
            "example.plugin-kustomized-helm",
            source=GitSource(
                "https://git.example.com/argocd-example-apps",
                path="plugins/kustomized-helm",
                revision="master",
                kustomize=Kustomize(enable_helm=True),
            ),
            destinations=[Destination("in-cluster", namespace="plugin-kustomized-helm")],
            sync=SyncPolicy(automated=True, prune=True, self_heal=True, create_namespace=True),
        )
    ]
)
