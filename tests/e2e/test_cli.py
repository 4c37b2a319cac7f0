"""The command line as a user meets it: what goes into it, what comes out of it, and how it takes a broken access."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fleet import yamlio
from tests.e2e.workbench import STACK, Run, Workbench, config_map

CLUSTERS = ("hub", "dev", "prod")
WRONG, CLUSTER_FAILED, NO_STACK, CHANGES, CANCELLED, NO_SOURCE = 2, 4, 6, 7, 8, 10

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
ENDS = ("runStarted", "summary")
PASSWORDS = ("hunter2", "hunter3", "aHVudGVyMg==", "aHVudGVyMw==")

# docs/reference/cli.md: what a program may rely on.
FIELDS = {
    "runStarted": {"command", "project", "stack", "dryRun", "clusters"},
    "message": {"text", "severity", "ephemeral", "cluster", "application"},
    "stepStarted": {"subject", "operation"},
    "stepFinished": {"subject", "operation", "changes"},
    "stepFailed": {"subject", "operation", "problem"},
    "driftFound": {"drift"},
    "clusterFailed": {"cluster", "problem"},
    "runFinished": {"durationSeconds", "changes", "outputs"},
    "summary": {
        "command", "stack", "dryRun", "counts", "failures", "drift", "outputs", "changes", "cancelled", "exitCode",
        "durationSeconds",
    },
}  # fmt: skip


def secret(password: str) -> dict[str, Any]:
    data = {"password": password}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "secret"}, "stringData": data}


def fleet(bench: Workbench, *words: str, exit_code: int = 0) -> Run:
    """Run a command as it is typed, which need not name the stack."""
    return bench.execute([sys.executable, "-m", "fleet", *words], exit_code=exit_code)


def lines(bench: Workbench, *words: str, exit_code: int = 0) -> list[Mapping[str, Any]]:
    """Run a command with --json and return its lines, each with the fields that are promised."""
    command = bench.engine.command(*words, "--json")
    printed = bench.execute(command, exit_code=exit_code, stderr=subprocess.DEVNULL).text
    found = [json.loads(line) for line in printed.splitlines()]
    for line in found:
        assert line.keys() == FIELDS[line["type"]] | {"type", "time"}
    return found


def of_type(found: list[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    return [line for line in found if line["type"] == name]


def test_json_is_for_programs(embedded: Workbench) -> None:
    embedded.declare(APPLICATION)
    embedded.commit({"manifests/a.yaml": config_map("a", key="1")})
    found = lines(embedded, "up", "--yes")
    assert [line["type"] for line in found if line["type"] in ("runStarted", "summary")] == [
        "runStarted",
        "summary",
    ] * 2
    preview, update = of_type(found, "summary")
    created = [("dev", "create", 1), ("hub", "create", 1), ("prod", "create", 1)]
    assert (preview["dryRun"], update["dryRun"]) == (True, False)
    for summary in (preview, update):
        assert [(each["cluster"], each["operation"], each["objects"]) for each in summary["counts"]] == created
    assert found[-1] == update
    assert update["exitCode"] == 0
    finished = of_type(found, "stepFinished")[-1]
    assert finished["subject"].keys() == {"urn", "cluster", "application", "kind", "namespace", "name"}
    embedded.patch("dev", f"/api/v1/namespaces/{embedded.namespace}/configmaps/a", {"data": {"key": "2"}})
    found = lines(embedded, "refresh", "--preview-only", "--expect-no-changes", exit_code=CHANGES)
    (drifted,) = of_type(found, "driftFound")
    assert drifted["drift"]["changes"] == [{"path": "data.key", "before": "1", "after": "2"}]
    assert found[-1]["exitCode"] == CHANGES


def test_json_tells_what_went_wrong(embedded: Workbench) -> None:
    embedded.declare(APPLICATION.replace('"dev"', '"dve"'))
    embedded.commit({"manifests/a.yaml": config_map("a", key="1")})
    failed = lines(embedded, "up", "--yes", exit_code=WRONG)[-1]
    (problem,) = failed["failures"]
    assert problem["summary"] == "stacks/test.py:10, application web: no cluster is known as 'dve'"
    assert (problem["detail"], problem["hint"]) == ("Known clusters: dev, hub, prod.", "Did you mean 'dev'?")
    embedded.declare(APPLICATION)
    embedded.configure(dev={"kubeconfig": "/nonexistent"})
    found = lines(embedded, "up", "--yes", "--skip-preview", exit_code=CLUSTER_FAILED)
    (lost,) = of_type(found, "clusterFailed")
    assert lost["cluster"] == "dev"
    assert [each["where"]["cluster"] for each in found[-1]["failures"]] == ["dev"]


def test_targets_and_excludes_choose_clusters(embedded: Workbench) -> None:
    def versions() -> list[Mapping[str, str] | None]:
        return [embedded.config_map(cluster, "a") for cluster in CLUSTERS]

    one, two = {"version": "1"}, {"version": "2"}
    embedded.declare(APPLICATION)
    first = embedded.commit({"manifests/a.yaml": config_map("a", **one)})
    embedded.up("--target", "**::dev/**")
    assert versions() == [None, one, None]
    embedded.up("--target", "**::hub/**", "--target", "**::prod/**")
    assert versions() == [one, one, one]
    second = embedded.commit({"manifests/a.yaml": config_map("a", **two)})
    mistyped = embedded.run("preview", "--exclude", "**::dve/**")
    assert "warning: --exclude '**::dve/**' means no object" in mistyped.text
    previewed = embedded.run("preview", "--exclude", "**::dev/**")
    assert "warning" not in previewed.text
    assert "dev/web" not in previewed.text
    assert "'--exclude=**::dev/**'" in previewed.text.splitlines()[-1]
    updated = embedded.up("--exclude", "**::dev/**")
    assert versions() == [two, one, two]
    here = f"({embedded.namespace})"
    assert f"web  {first[:12]}  dev {here}\n" in updated.text
    assert f"web  {second[:12]}  hub {here}, prod {here}\n" in updated.text
    embedded.run("destroy", "--yes", "--target", "**::hub/**")
    assert versions() == [None, one, two]
    both = embedded.run("up", "--yes", "--target", "a", "--exclude", "b", exit_code=WRONG)
    assert "error: --target and --exclude cannot be used together" in both.text


def test_a_cluster_that_is_down_can_be_left_out(embedded: Workbench) -> None:
    embedded.declare(APPLICATION)
    embedded.commit({"manifests/a.yaml": config_map("a", version="1")})
    embedded.up()
    embedded.commit({"manifests/a.yaml": config_map("a", version="2")})
    embedded.configure(dev={"kubeconfig": "/nonexistent"})
    for command in (("preview", "--refresh"), ("up", "--yes", "--refresh"), ("refresh", "--preview-only")):
        embedded.run(*command, "--exclude", "**::dev/**")
    assert embedded.config_map("hub", "a") == {"version": "2"}


def test_a_secret_is_shown_nowhere(embedded: Workbench) -> None:
    embedded.declare(APPLICATION)
    embedded.commit({"manifests/secret.yaml": secret("hunter2")})
    embedded.up()
    embedded.commit({"manifests/secret.yaml": secret("hunter3")})
    path = f"/api/v1/namespaces/{embedded.namespace}/secrets/secret"
    embedded.patch("dev", path, {"stringData": {"password": "hunter3"}})
    commands = (
        ("preview", "--diff"),
        ("preview", "--json"),
        ("refresh", "--preview-only", "--diff"),
        ("refresh", "--preview-only", "--json"),
        ("up", "--yes", "--diff", "--refresh"),
    )
    texts = [embedded.run(*command).text for command in commands]
    assert not [text for text in texts if any(password in text for password in PASSWORDS)]
    assert '- data.password: "[secret]"' in texts[0]
    assert '+ data.password: "[secret]"' in texts[0]


def test_where_and_which(embedded: Workbench) -> None:
    """The project is found upwards or by -C; the stack is the only one, the environment's, or the one that is named."""
    embedded.declare(APPLICATION)
    embedded.commit({"manifests/a.yaml": config_map("a", key="1")})
    fleet(embedded, "preview")
    below, elsewhere = str(embedded.project / "stacks"), str(embedded.root)
    assert "Previewing update (test)" in fleet(embedded, "-C", below, "preview").text
    assert f"fleet up -s test -C {below}" in fleet(embedded, "preview", "-C", below).text
    assert "There is no Pulumi.yaml in" in fleet(embedded, "-C", elsewhere, "preview", exit_code=WRONG).text
    (embedded.project / "stacks" / "other.py").write_text("from fleet import Fleet\nstack = Fleet()\n")
    undecided = fleet(embedded, "preview", exit_code=NO_STACK)
    assert "no stack is chosen, and the project fleet has several: other, test" in undecided.text
    embedded.extra_environment["PULUMI_STACK"] = "other"
    assert "Previewing update (other)" in fleet(embedded, "preview").text
    assert "Previewing update (test)" in fleet(embedded, "preview", "-s", f"organization/fleet/{STACK}").text
    for command in (("preview",), ("up", "--yes")):
        unknown = fleet(embedded, *command, "--stack", "tset", exit_code=NO_STACK)
        assert "stack 'tset' declares nothing" in unknown.text
        assert "Did you mean 'test'?" in unknown.text
    for command in (("destroy", "--yes"), ("refresh", "--yes"), ("heal-command",)):
        unknown = fleet(embedded, *command, "--stack", "tset", exit_code=NO_STACK)
        assert "There is no stack 'tset'" in unknown.text
        assert "There are: test." in unknown.text
        fresh = fleet(embedded, *command, "--stack", STACK, exit_code=NO_STACK)
        assert "Stack 'test' was never deployed" in fresh.text


def test_a_run_without_a_terminal_wants_to_be_told_yes(embedded: Workbench) -> None:
    embedded.declare(APPLICATION)
    embedded.commit({"manifests/a.yaml": config_map("a", key="1")})
    refused = embedded.run("up", exit_code=WRONG)
    assert "Pass --yes to go on without being asked" in refused.text
    assert embedded.config_map("dev", "a") is None
    embedded.run("preview", "--expect-no-changes", exit_code=CHANGES)


Change = Callable[[dict[str, Any]], object]


def kubeconfig(bench: Workbench, change: Change) -> Mapping[str, str]:
    """Return a kubeconfig of dev as the configuration names it, changed."""
    (document,) = yamlio.load_documents(bench.cluster("dev").kubeconfig.read_text(), file="kubeconfig")
    change(document.data)
    path = bench.root / "kubeconfig"
    path.write_text(yamlio.dump(document.data))
    return {"kubeconfig": str(path)}


def users(credential: Mapping[str, Any]) -> Change:
    return lambda document: [each.update(user=dict(credential)) for each in document["users"]]


def untrusted(document: dict[str, Any]) -> None:
    for each in document["clusters"]:
        del each["cluster"]["certificate-authority-data"]


PLUGIN = {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-plugin", "interactiveMode": "Never"}


@pytest.mark.parametrize(
    ("access", "told"),
    [
        pytest.param(
            lambda _: {"kubeconfig": "missing/kubeconfig"}, ["missing/kubeconfig: there is no such file"], id="no file"
        ),
        pytest.param(
            lambda _: {"context": "dve"}, ["it has no context 'dve'; it has: dev, dev-reader"], id="no context"
        ),
        pytest.param(
            lambda bench: kubeconfig(bench, users({"token": "expired-or-wrong"})),
            ["the cluster refuses the credentials", "user dev-admin of context dev in ", "Log in again"],
            id="a token that is not valid",
        ),
        pytest.param(
            lambda bench: kubeconfig(bench, users({"exec": PLUGIN})),
            ["no credentials for the cluster", "its exec plugin no-such-plugin"],
            id="no plugin",
        ),
        pytest.param(
            lambda bench: kubeconfig(bench, untrusted),
            ["the server's certificate is not trusted", "certificate-authority of the kubeconfig"],
            id="another authority",
        ),
    ],
)
def test_a_broken_access_is_its_own_clusters_trouble(
    embedded: Workbench, access: Callable[[Workbench], Mapping[str, str]], told: list[str]
) -> None:
    embedded.declare(APPLICATION)
    embedded.commit({"manifests/a.yaml": config_map("a", key="1")})
    embedded.configure(dev=access(embedded))
    run = embedded.up(exit_code=CLUSTER_FAILED)
    for words in ("  dev  ", *told):
        assert words in run.text, str(run)
    assert "Traceback" not in run.text
    assert "expired-or-wrong" not in run.text
    assert [embedded.config_map(cluster, "a") for cluster in CLUSTERS] == [{"key": "1"}, None, {"key": "1"}]


def test_who_may_only_read_can_preview_and_look_for_drift(embedded: Workbench) -> None:
    embedded.declare(APPLICATION)
    embedded.commit({"manifests/a.yaml": config_map("a", key="1"), "manifests/b.yaml": config_map("b", key="1")})
    embedded.up()
    embedded.configure(**{name: {"context": f"{name}-reader"} for name in CLUSTERS})
    embedded.commit({"manifests/a.yaml": config_map("a", key="2"), "manifests/c.yaml": config_map("c", key="1")})
    previewed = embedded.run("preview", "--diff")
    assert "dev/web: update ConfigMap" in previewed.text
    assert "dev/web: create ConfigMap" in previewed.text
    assert '+ data.key: "2"' in previewed.text
    assert "this user may not try changes out" in previewed.text
    before = embedded.holdings()
    refused = embedded.up(exit_code=CLUSTER_FAILED)
    assert 'User "reader" cannot patch resource "configmaps"' in refused.text
    assert 'with the rule {apiGroups: [""], resources: [configmaps], verbs: [patch]}.' in refused.text
    assert embedded.holdings() == before
    embedded.run("refresh", "--preview-only", "--expect-no-changes")
    embedded.patch("dev", f"/api/v1/namespaces/{embedded.namespace}/configmaps/b", {"data": {"key": "drifted"}})
    embedded.run("refresh", "--preview-only", "--expect-no-changes", exit_code=CHANGES)
