"""One application in waves, three ways of waiting; two of its waves are large."""

from fleet import Application, Destination, Fleet, GitSource, SyncPolicy

fleet = Fleet(
    applications=[
        Application(
            name,
            source=GitSource("https://git.example.com/shop.git", path="shop"),
            destinations=[Destination("dev", namespace=name)],
            sync=SyncPolicy(prune=True, create_namespace=True),
            wait=wait,
            wait_timeout_s=300,
        )
        for name, wait in (("shop", None), ("shop-ready", True), ("shop-quick", False))
    ],
)
