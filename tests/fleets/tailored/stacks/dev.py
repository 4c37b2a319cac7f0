from fleet import Application, Destination, Fleet, GitSource, Override, SyncPolicy

stack = Fleet(
    applications=[
        Application(
            "notes",
            source=GitSource("repo", path="notes/base"),
            destinations=[
                "dev",
                "prod-eu",
                Destination("prod-eu", namespace="more", labels={"tier": "more"}),
                "prod-us",
            ],
            namespace="notes",
            overrides=[
                Override(
                    selector="env=prod", path="notes/prod", labels={"tier": "gold", "app.example.com/part": "notes"}
                ),
                Override(clusters=["*-us"], skip=True),
            ],
            sync=SyncPolicy(prune=True, create_namespace=True),
        )
    ]
)
