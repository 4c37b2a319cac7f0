"""The example that users start from, byte for byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fleet import Application, Destination, GitSource, SyncPolicy
from fleet.argo import parse_documents
from fleet.yamlio import load_documents, locate

EXAMPLE = Path(__file__).with_name("first-application.yaml")


def test_the_file_is_the_example_unchanged() -> None:
    assert (
        hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
        == "57069c7818d762be3b3726f23cac96b25a1909875e1d6a53a0e33bc0cef6cc3c"
    )


def test_the_example_is_one_application_with_three_destinations() -> None:
    found, problems = parse_documents(load_documents(EXAMPLE.read_text(), file="example.yaml"))
    assert problems == ()
    assert found.applications == (
        Application(
            "my-app-multi-cluster",
            source=GitSource("https://github.com/your-org/your-repo.git", path="manifests", revision="HEAD"),
            destinations=(
                Destination("https://kubernetes.default.svc"),
                Destination("https://<dev-cluster-api-server-url>"),
                Destination("https://<prod-cluster-api-server-url>"),
            ),
            project="default",
            sync=SyncPolicy(automated=True, prune=True, self_heal=True),
        ),
    )


def test_its_destinations_know_where_they_are_written() -> None:
    text = EXAMPLE.read_text()
    (application,) = parse_documents(load_documents(text, file="example.yaml"))[0].applications
    assert [
        (target.where.file, target.where.application, target.where.key, locate(text, 0, target.where.key))
        for target in application.targets
    ] == [
        ("example.yaml", "my-app-multi-cluster", f"spec.destination.servers[{position}]", 16 + position)
        for position in range(3)
    ]
