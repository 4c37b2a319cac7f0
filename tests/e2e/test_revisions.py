"""Which commit is deployed: the one that was shown, the same everywhere, on record; if need be without a network."""

import sys
from collections.abc import Mapping
from typing import Any

from tests.e2e.terminal import at_a_terminal
from tests.e2e.workbench import STACK, Workbench, config_map

NO_SOURCE = 10
CLUSTERS = ("hub", "dev", "prod")

APPLICATION = """
fleet = Fleet(
    applications=[
        Application(
            "web",
            source=GitSource(REPO, path="manifests"),
            destinations=[Destination(name, namespace=NAMESPACE) for name in ("hub", "dev", "prod")],
            sync=SyncPolicy(automated=True, prune=True, self_heal=True),
        )
    ],
)
"""
ASKING = {
    "embedded": ([sys.executable, "-m", "fleet", "up", "--stack", STACK], "Perform this update"),
    "pulumi": (["pulumi", "up", "--stack", STACK], "Do you want to perform this update"),
}


def commit(bench: Workbench, version: str) -> str:
    return bench.commit({"manifests/a.yaml": config_map("a", version=version)})


def versions(bench: Workbench) -> list[str | None]:
    found = [bench.config_map(cluster, "a") for cluster in CLUSTERS]
    return [None if each is None else each["version"] for each in found]


def deployed(bench: Workbench) -> Mapping[str, Any]:
    (root,) = [each for each in bench.checkpoint()["latest"]["resources"] if each["type"] == "pulumi:pulumi:Stack"]
    outputs: Mapping[str, Any] = root["outputs"]["deployed"]
    return outputs


def test_what_was_shown_is_what_is_deployed(bench: Workbench) -> None:
    """Somebody pushes while the question is on the screen."""
    bench.declare(APPLICATION)
    shown = commit(bench, "1")
    command, question = ASKING[bench.engine.name]
    with at_a_terminal(bench, command) as terminal:
        terminal.wait_for(question)
        pushed = commit(bench, "2")
        terminal.type("details")
        terminal.wait_for(question)
        terminal.type("yes")
        assert terminal.end() == 0, terminal.text
    assert versions(bench) == ["1", "1", "1"]
    assert deployed(bench)["web"] == {cluster: {bench.namespace: shown} for cluster in CLUSTERS}
    bench.up()
    assert versions(bench) == ["2", "2", "2"]
    assert deployed(bench)["web"] == {cluster: {bench.namespace: pushed} for cluster in CLUSTERS}


def test_commits_are_on_record_per_application_cluster_and_namespace(embedded: Workbench) -> None:
    old = commit(embedded, "1")
    embedded.repo.create_tag("v1", old, message="an annotated tag")
    new = commit(embedded, "2")
    embedded.declare(
        APPLICATION.replace(
            'for name in ("hub", "dev", "prod")]',
            'for name in ("hub", "dev")] + [Destination("prod", namespace=NAMESPACE, revision="v1")]',
        )
    )
    run = embedded.up()
    assert versions(embedded) == ["2", "2", "1"]
    by_cluster = {"hub": new, "dev": new, "prod": old}
    assert deployed(embedded) == {"web": {cluster: {embedded.namespace: sha} for cluster, sha in by_cluster.items()}}
    assert f"web  {old[:12]}  prod ({embedded.namespace})" in run.text
    assert f"web  {new[:12]}  dev ({embedded.namespace}), hub ({embedded.namespace})" in run.text


def test_a_full_sha_needs_no_repository_once_it_was_fetched(embedded: Workbench) -> None:
    sha = commit(embedded, "1")
    commit(embedded, "2")
    pinned = APPLICATION.replace("GitSource(REPO,", f'GitSource(REPO, revision="{sha}",')
    embedded.declare(pinned.replace('"hub", "dev", "prod"', '"hub", "dev"'))
    embedded.up()
    (embedded.root / "repo").rename(embedded.root / "away")
    embedded.declare(pinned)
    embedded.up()
    assert versions(embedded) == ["1", "1", "1"]
    embedded.declare(APPLICATION)
    refused = embedded.up(exit_code=NO_SOURCE)
    assert f"there is no repository {embedded.root}/repo" in refused.text
    assert versions(embedded) == ["1", "1", "1"]
