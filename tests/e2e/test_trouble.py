"""docs/reference/trouble.md, line by line: one run over clusters of which each has another trouble."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from localclusters import LocalClusters
from tests.e2e import refusals
from tests.e2e import trouble as troubles
from tests.e2e.trouble import LOST, PASSING, REFUSING, TROUBLES, Stage, Trouble
from tests.e2e.workbench import Embedded, Run, Workbench, config_map, deployment, opened
from tests.unit.docs.pages import PAGES, ROOT

APPLICATIONS = """
def application(name, path, clusters, wait=True):
    return Application(
        name,
        source=GitSource(REPO, path=path),
        destinations=[Destination(cluster, namespace=f"{{NAMESPACE}}-{{cluster}}") for cluster in clusters],
        sync=SyncPolicy(automated=True, prune=True, self_heal=True),
        wait=wait,
    )

fleet = Fleet(
    applications=[
        application("web", "web", [name for name in {names!r} if name != "restarted"]),
        # After a restart of the whole cluster it takes its fake node half a minute to run pods.
        application("web-there", "web", ["restarted"], wait=False),
        *(application(name, name, [name]) for name in {more!r}),
    ]
)
"""
FAILED = 4
HEALTHY = ("healthy-hub", "healthy-dev")
NAMES = (*HEALTHY, *TROUBLES)
# Those with an application more.
MORE = ("policy", "terminating")
Held = Mapping[tuple[str, str], tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Story:
    """Four runs: without trouble, with all of it, without it again, and with what passes.

    went_on: the healthy clusters were done while others were waited for. state, held: cluster → what the state and the
    cluster had after the second run. deployed: clusters that have the second run's commit, as the stack's output says.
    """

    troubled: Run
    went_on: bool
    held_back: int
    state: Mapping[str, Held]
    held: Mapping[str, Held]
    deployed: frozenset[str]
    afterwards: Mapping[str, Held]
    known_afterwards: Mapping[str, Held]
    pending_afterwards: bool
    passed: Run

    def events(self, cluster: str) -> list[Mapping[str, Any]]:
        """Return what was told of a cluster in the second run."""
        events = [json.loads(line) for line in self.troubled.text.splitlines()]
        return [event for event in events if cluster in (event.get("cluster"), event.get("subject", {}).get("cluster"))]

    def outcomes(self, cluster: str) -> dict[str, str]:
        """Return object → what became of it."""
        return {_name(e): e["operation"] for e in self.events(cluster) if e["type"] == "stepFinished"}

    def failures(self, cluster: str) -> dict[str, Mapping[str, str]]:
        """Return object → why it failed."""
        return {_name(e): e["problem"] for e in self.events(cluster) if e["type"] == "stepFailed"}


@pytest.fixture(scope="module")
def story(clusters: LocalClusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with opened(tmp_path_factory.mktemp("trouble"), Embedded(), clusters, "trouble") as bench, _namespaces(bench):
        yield asyncio.run(_told(bench))


async def _told(bench: Workbench) -> Story:
    bench.configure_all({name: bench.root / f"{name}.yaml" for name in NAMES})
    for name in NAMES:
        troubles.write(bench.root, name, troubles.direct(troubles.behind(bench.clusters, name)))
    bench.declare(APPLICATIONS.format(names=NAMES, more=()))
    bench.commit({"web/a.yaml": config_map("a", key="1"), "web/old.yaml": config_map("old")})
    await asyncio.to_thread(bench.up)
    bench.declare(APPLICATIONS.format(names=NAMES, more=MORE))
    bench.commit(_changed(bench))
    first = Stage(bench.clusters["prod"])
    async with troubles.troubled(TROUBLES, bench.clusters, bench.root, first), _refusals(bench):
        troubled, went_on = await _run(bench, first, "2")
    assert troubled.exit_code == FAILED, "\n".join(log.read_text() for log in bench.project.rglob(".fleet/logs/*"))
    state, held, deployed = _state(bench), _held(bench), _deployed(bench)
    await asyncio.to_thread(bench.up)
    afterwards, known, pending = _held(bench), _state(bench), "pending_operations" in bench.checkpoint()["latest"]
    bench.commit({"web/a.yaml": config_map("a", key="3"), "web/web.yaml": deployment("web", replicas=2)})
    second = Stage(bench.clusters["prod"])
    # Restarting an API server takes long, and was seen.
    lasting = {name: trouble for name, trouble in PASSING.items() if name != "restarted"}
    async with troubles.troubled(lasting, bench.clusters, bench.root, second):
        passed, _ = await _run(bench, second, "3")
    return Story(troubled, went_on, first.held, state, held, deployed, afterwards, known, pending, passed)


async def _run(bench: Workbench, stage: Stage, key: str) -> tuple[Run, bool]:
    """Deploy; return whether the healthy clusters were done first. key: the data that is to be deployed."""
    command = bench.engine.command("up", "--yes", "--skip-preview", "--json")
    work = asyncio.to_thread(bench.execute, command, exit_code=None, stderr=subprocess.DEVNULL)
    running = asyncio.ensure_future(work)
    went_on = await troubles.until(lambda: all(_is_done(bench, name, key) for name in HEALTHY), running)
    stage.healthy.set()
    return await running, went_on


def _is_done(bench: Workbench, name: str, key: str) -> bool:
    held = _objects(bench, name)
    is_all = held.keys() == {("ConfigMap", "a"), ("Secret", "b"), ("Deployment", "web")}
    return is_all and held["ConfigMap", "a"][1] == {"key": key}


def _changed(bench: Workbench) -> dict[str, Any]:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b"}, "data": {"k": "dg=="}}
    files: dict[str, Any] = {
        "web/a.yaml": config_map("a", key="2"),
        "web/old.yaml": None,
        "web/b.yaml": secret,
        "web/web.yaml": deployment("web", replicas=1),
    }
    for name in MORE:
        inner = config_map("inner")
        inner["metadata"]["namespace"] = _inner(bench, name)
        files |= {f"{name}/inner.yaml": inner, f"{name}/other.yaml": config_map("other")}
    denied = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _inner(bench, "policy")}}
    return files | {"policy/denied.yaml": denied}


@asynccontextmanager
async def _refusals(bench: Workbench) -> AsyncIterator[None]:
    dev = bench.clusters["dev"]
    async with AsyncExitStack() as stack:
        for context in (
            refusals.webhook(dev, _namespace(bench, "webhook"), bench.root),
            refusals.absent_webhook(dev, _namespace(bench, "no-webhook")),
            refusals.policy(dev, _inner(bench, "policy")),
            refusals.quota(dev, _namespace(bench, "quota")),
            refusals.terminating(dev, _inner(bench, "terminating")),
        ):
            await stack.enter_async_context(context)
        yield


@contextmanager
def _namespaces(bench: Workbench) -> Iterator[None]:
    with ExitStack() as stack:
        for name in NAMES:
            cluster, namespace = troubles.behind(bench.clusters, name), _namespace(bench, name)
            bench.create(cluster.name, "/api/v1/namespaces", {"metadata": {"name": namespace}})
            stack.callback(cluster.request, "DELETE", f"/api/v1/namespaces/{namespace}")
        for name in MORE:
            stack.callback(bench.clusters["dev"].request, "DELETE", f"/api/v1/namespaces/{_inner(bench, name)}")
        yield


def _namespace(bench: Workbench, name: str) -> str:
    return f"{bench.namespace}-{name}"


def _inner(bench: Workbench, name: str) -> str:
    return f"{_namespace(bench, name)}-inner"


def _held(bench: Workbench) -> dict[str, Held]:
    return {name: _objects(bench, name) for name in NAMES}


def _objects(bench: Workbench, name: str) -> Held:
    """Return what a cluster holds: (kind, name) → uid, and the data of a ConfigMap."""
    cluster = troubles.behind(bench.clusters, name)
    found: dict[tuple[str, str], tuple[str, Any]] = {}
    namespaces = [_namespace(bench, name), *([_inner(bench, name)] if name in MORE else [])]
    for namespace in namespaces:
        for kind, path in (
            ("ConfigMap", f"/api/v1/namespaces/{namespace}/configmaps"),
            ("Secret", f"/api/v1/namespaces/{namespace}/secrets"),
            ("Deployment", f"/apis/apps/v1/namespaces/{namespace}/deployments"),
        ):
            answer = cluster.request("GET", path)
            assert answer.ok, answer
            found |= {(kind, each["metadata"]["name"]): _known(kind, each) for each in answer.body["items"]}
    found.pop(("ConfigMap", "kube-root-ca.crt"), None)
    return found


def _state(bench: Workbench) -> dict[str, Held]:
    """Return what the state holds of each cluster, in the same form, without namespaces."""
    state: dict[str, dict[tuple[str, str], tuple[str, Any]]] = {name: {} for name in NAMES}
    for each in bench.checkpoint()["latest"]["resources"]:
        if each["type"].startswith("kubernetes:") and not each["type"].endswith(":Namespace"):
            cluster = each["provider"].split("::")[-2]
            kind, outputs = each["type"].rpartition(":")[2], each["outputs"]
            state[cluster][kind, outputs["metadata"]["name"]] = _known(kind, outputs)
    return dict(state)


def _deployed(bench: Workbench) -> frozenset[str]:
    """Return the clusters of which the stack says that they have the newest commit."""
    (stack,) = (each for each in bench.checkpoint()["latest"]["resources"] if each["type"] == "pulumi:pulumi:Stack")
    said = [each for name in ("web", "web-there") for each in stack["outputs"]["deployed"][name].items()]
    return frozenset(cluster for cluster, places in said if bench.repo.head.commit.hexsha in places.values())


def _known(kind: str, live: Mapping[str, Any]) -> tuple[str, Any]:
    return live["metadata"]["uid"], live.get("data", {}) if kind == "ConfigMap" else None


def _name(event: Mapping[str, Any]) -> str:
    name = str(event["subject"]["name"])
    return "denied" if name.endswith("-inner") else name


# Lines that need no cluster in trouble of their own here.
SHOWN_ELSEWHERE = {
    "it takes a request and never answers, but answers others": (
        "tests/engine/kubernetes/test_faults.py::test_a_request_that_hangs_fails_one_object"
    ),
    "connections that were idle are dead, and nobody says so": (
        "tests/engine/kubernetes/test_cables.py::test_connections_on_which_everything_is_swallowed_are_left"
    ),
    "it asks for more patience than there is (`Retry-After: 3600`)": (
        "tests/engine/kubernetes/test_faults.py::test_what_does_not_pass_fails_one_object"
    ),
    "a namespace that an application needs does not exist": (
        "tests/e2e/test_main_job.py::test_f_a_namespace_that_does_not_exist_is_an_error_before_anything_is_written"
    ),
    "an object does not become ready": (
        "tests/e2e/test_waiting.py::test_what_does_not_become_ready_fails_stays_and_is_waited_for_again"
    ),
}
UPDATED = {"a": "update", "b": "create", "web": "create"}


def each(those: Mapping[str, Trouble]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", those, ids=[trouble.row for trouble in those.values()])


def test_every_line_of_the_page_is_shown() -> None:
    rows = [row[0] for row in PAGES["docs/reference/trouble.md"].rows("What happens")]
    assert rows == [*(trouble.row for trouble in TROUBLES.values()), *SHOWN_ELSEWHERE]
    for shown in SHOWN_ELSEWHERE.values():
        file, _, function = shown.partition("::")
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TROUBLES)
def test_the_page_says_whether_the_run_succeeds(name: str) -> None:
    rows = {row[0]: row for row in PAGES["docs/reference/trouble.md"].rows("What happens")}
    row = rows[TROUBLES[name].row]
    assert row[3] == ("0" if TROUBLES[name].passes else str(FAILED))
    assert row[2].startswith("given up:") == (TROUBLES[name].failure is not None)
    assert (row[2] == "passes") == TROUBLES[name].passes


def test_the_exit_code_tells(story: Story) -> None:
    assert story.troubled.exit_code == FAILED
    assert story.passed.exit_code == 0, str(story.passed)


def test_the_others_are_through_while_one_is_still_waited_for(story: Story) -> None:
    """Their deletions, too. All answers of one cluster were held until then: to wait for it would be to wait for it to
    be given up."""
    assert story.went_on
    assert story.held_back > 0
    for name in (*HEALTHY, "late"):
        assert story.outcomes(name) == {**UPDATED, "old": "delete"}, story.events(name)


@each(PASSING)
def test_what_passes_is_waited_for(story: Story, name: str) -> None:
    assert story.outcomes(name) == {**UPDATED, "old": "delete"}
    assert not story.failures(name)
    assert not [event for event in story.events(name) if event["type"] == "clusterFailed"]


@each(LOST)
def test_a_cluster_that_is_given_up_is_told_of_once_with_the_reason_and_what_to_do(story: Story, name: str) -> None:
    (failure,) = [event["problem"] for event in story.events(name) if event["type"] == "clusterFailed"]
    summary, detail = LOST[name].failure or ("", "")
    assert failure["summary"] == summary
    assert detail in failure["detail"]
    assert failure["hint"]
    assert not story.failures(name)
    done = [object_ for object_, operation in story.outcomes(name).items() if operation != "skip"]
    assert len(done) == (1 if name == "gone" else 0)
    assert story.outcomes(name)["old"] == "skip"


@each(REFUSING)
def test_an_object_that_is_refused_is_told_of_and_all_that_does_not_need_it_goes_on(story: Story, name: str) -> None:
    refused, failures, outcomes = REFUSING[name].refused, story.failures(name), story.outcomes(name)
    assert failures.keys() == refused.keys()
    for object_, (summary, detail) in refused.items():
        assert summary in failures[object_]["summary"]
        assert detail in failures[object_]["detail"]
        assert failures[object_]["hint"]
    skipped = REFUSING[name].skipped
    others = {**UPDATED, **({"other": "create"} if name in MORE else {}), **dict.fromkeys(skipped, "skip")}
    # What is not wanted any more stays where something has failed.
    expected = {key: value for key, value in others.items() if key not in refused} | {"old": "skip"}
    assert outcomes == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_state_is_what_the_cluster_holds(story: Story, name: str) -> None:
    assert story.state[name] == story.held[name]


@pytest.mark.parametrize("name", NAMES)
def test_one_run_without_trouble_puts_everything_right(story: Story, name: str) -> None:
    expected = {("ConfigMap", "a"), ("Secret", "b"), ("Deployment", "web")}
    expected |= {("ConfigMap", "inner"), ("ConfigMap", "other")} if name in MORE else set()
    assert story.afterwards[name].keys() == expected
    assert story.afterwards[name]["ConfigMap", "a"][1] == {"key": "2"}
    # Nothing was made twice: what was there before is the same object still.
    before = {key: uid for key, (uid, _) in story.held[name].items() if key in expected}
    assert before == {key: uid for key, (uid, _) in story.afterwards[name].items() if key in before}
    assert story.known_afterwards[name] == story.afterwards[name]


def test_the_stack_says_which_clusters_have_the_newest_commit(story: Story) -> None:
    others = {name for name in TROUBLES if not TROUBLES[name].passes}
    # Of those two the application is complete; what failed there is another one.
    assert story.deployed == {name for name in NAMES if name not in others} | set(MORE)


def test_nothing_is_left_open(story: Story) -> None:
    assert not story.pending_afterwards
