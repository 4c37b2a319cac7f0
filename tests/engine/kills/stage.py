"""One project with one stack over three clusters, brought from version to version, and cut off on the way."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localclusters import LocalClusters
from tests.engine.kills import agreement, cutting, versions
from tests.engine.kills.agreement import Object, Place
from tests.engine.kills.cutting import KILLED, Ended
from tests.engine.kills.versions import NOTHING, VERSIONS, Wanted

_PROJECT = "name: kills\nruntime: {{name: python, options: {{virtualenv: {virtualenv}}}}}\n"
UP = ("up", "--yes", "--skip-preview")
# How the one run after a kill may be begun.
_RECOVERIES = ("", "", "with a refresh", "after a refresh")


@dataclass(slots=True)
class Stage:
    """root: a folder of its own. namespace: the test's own, there in every cluster. chance: decides what is free.

    at: the version that is deployed. there: what the clusters held when they were last looked at. kills: so far.
    story: what was done last. points: how many there are on the way from one version to another. shapes: versions, as
    they look when nothing goes wrong. keeps: what is retained of what takes long to delete.
    """

    root: Path
    clusters: LocalClusters
    namespace: str
    chance: random.Random
    at: str = NOTHING
    keeps: frozenset[str] = versions.SLOW
    kills: int = 0
    there: dict[Place, Object] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)
    points: dict[tuple[str, str], int] = field(default_factory=dict)
    shapes: dict[str, dict[Place, Object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(exist_ok=True)
        (self.root / "Pulumi.yaml").write_text(_PROJECT.format(virtualenv=sys.prefix))
        (self.root / "Pulumi.test.yaml").write_text("config: {}\n")
        (self.root / "__main__.py").write_text(versions.PROGRAM)

    def latest(self) -> Object:
        """Return the deployment in the state."""
        path = self._folder("stacks") / "test.json"
        latest: Object = json.loads(path.read_text())["checkpoint"].get("latest") or {} if path.exists() else {}
        return latest

    def lap(self) -> None:
        """Go through all versions undisturbed, and remember what each of them looks like."""
        for version in (*VERSIONS[1:], NOTHING):
            self.want(version)
            ended = self.run(*UP, kill_at=0)
            self.points[self.at, version] = ended.points
            self.at = version
            self.check()
            self.shapes[version] = {place: agreement.plain(item) for place, item in self.there.items()}
            self.points[version, version] = self.run("refresh", "--yes", kill_at=0).points

    def disturbed(self) -> None:
        """Go on to the next version, be killed on the way, and let one run put it right."""
        if self.at != NOTHING and self.chance.random() < 0.2:
            self._drifted()
        source, target = self.at, VERSIONS[(VERSIONS.index(self.at) + 1) % len(VERSIONS)]
        if source == NOTHING:
            self.keeps = self._kept()
        before, most = self.there, self.points[source, target]
        self.story = [f"from {source} to {target}"]
        is_destroyed = target == NOTHING and self.chance.random() < 0.5
        words = ("destroy", "--yes") if is_destroyed else UP
        if not self._killed(target, self.chance.randint(1, most), *words):
            self.at = target
            self.check()
            return
        left = self._held()
        self.at = source if self.chance.random() < 0.3 else target
        if self.chance.random() < 0.2:
            self._killed(self.at, self.chance.randint(1, most), *UP)
            left = {}
        self._recover()
        self.check()
        self._check_lives(before, left, source, target)

    def _drifted(self) -> None:
        """Change something by hand, be killed while that is found out, and let one run put it right."""
        self.story = [f"drift from {self.at}"]
        path = f"/api/v1/namespaces/{self.namespace}/configmaps/still"
        for cluster in self.clusters:
            change = {"data": {"never": "as it was"}}
            assert cluster.request("PATCH", path, change, content_type="application/merge-patch+json").ok
        self._killed(self.at, self.chance.randint(1, self.points[self.at, self.at]), "refresh", "--yes")
        self._recover()
        self.run(*UP, "--refresh")
        self.check()

    def _kept(self) -> frozenset[str]:
        chances = {"own": 0.8, "definition": 0.95}
        return frozenset(name for name in sorted(versions.SLOW) if self.chance.random() < chances[name])

    def _recover(self) -> None:
        """Let a run go to its end after one that was killed."""
        how = self.chance.choice(_RECOVERIES)
        self.story.append(f"then to {self.at} {how}")
        if how == "after a refresh":
            self.run("refresh", "--yes")
        self.bring(self.at, *(["--refresh"] if how == "with a refresh" else ()))

    def bring(self, version: str, *words: str) -> Ended:
        """Bring the stack to a version in one run."""
        self.want(version)
        if version == NOTHING and self.chance.random() < 0.3:
            return self.run("destroy", "--yes")
        return self.run(*UP, *words)

    def run(self, *words: str, exit_code: int | None = 0, kill_at: int | None = None) -> Ended:
        """Run a command of the engine, and check how it ends. exit_code None accepts any. kill_at: as for `cutting`."""
        environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.root}/state",
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase",
            "NO_COLOR": "1",
        }
        ended = cutting.run((words[0], "--stack", "test", *words[1:]), self.root, environment, kill_at=kill_at)
        assert exit_code is None or ended.exit_code == exit_code, str(ended)
        return ended

    def check(self) -> None:
        """Fail unless clusters and state agree, and hold the version that they should."""
        self.there = there = self._held()
        wanted = self._wanted(self.at)
        agreement.assert_agreement(there, self.latest(), wanted, self._retained())
        assert not list(self._folder("stacks").glob("*.journal"))
        assert not [path for path in self._folder("locks").rglob("*") if path.is_file()]
        for place in wanted if self.at in self.shapes else ():
            assert agreement.plain(there[place]) == self.shapes[self.at][place], place

    def check_everywhere(self) -> None:
        """Fail unless we manage nothing but what the other checks have looked at, and nothing has drifted."""
        assert agreement.held_of_any_kind(self.clusters, self.namespace) == set(self.there)
        self.run("preview", "--expect-no-changes")
        self.run("refresh", "--preview-only", "--expect-no-changes")

    def _killed(self, version: str, point: int, *words: str) -> bool:
        """Let a command bring the stack to a version, but for a kill; return whether it came to that."""
        self.want(version)
        ended = self.run(*words, exit_code=None, kill_at=point)
        assert ended.exit_code in (0, KILLED), str(ended)
        if ended.exit_code == 0:
            return False
        self.kills += 1
        self.story.append(f"{words[0]} killed at point {point} on the way to {version}")
        if self.chance.random() < 0.2:
            self.run("cancel", "--yes")
        return True

    def _check_lives(
        self, before: Mapping[Place, Object], left: Mapping[Place, Object], source: str, target: str
    ) -> None:
        """Fail if an object was made anew, or touched, without need."""
        after = self.there
        for place in before.keys() & self._wanted(source).keys() & self._wanted(target).keys():
            if self.shapes[source][place] == self.shapes[target][place]:
                assert _life(before[place]) == _life(after[place]), place
                if place[1] in agreement.AT_REST:
                    assert _version(before[place]) == _version(after[place]), place
        for place in left.keys() & self._wanted(self.at).keys():
            is_done = agreement.plain(left[place]) == self.shapes[self.at][place]
            if is_done and "deletionTimestamp" not in left[place]["metadata"]:
                assert _life(left[place]) == _life(after[place]), f"made twice: {place}"

    def want(self, version: str) -> None:
        """Let the program ask for a version."""
        wanted = versions.objects(version, self.namespace, self.keeps)
        stack = {
            "kubeconfigs": {cluster.name: str(cluster.kubeconfig) for cluster in self.clusters},
            "wanted": {cluster.name: [each.as_json() for each in wanted] for cluster in self.clusters},
        }
        (self.root / "wanted.json").write_text(json.dumps(stack))

    def _wanted(self, version: str) -> dict[Place, Wanted]:
        wanted = versions.objects(version, self.namespace, self.keeps)
        return {agreement.place_of(cluster.name, each): each for cluster in self.clusters for each in wanted}

    def _retained(self) -> Iterable[Place]:
        everything = (versions.objects(version, self.namespace) for version in VERSIONS)
        retained = [each for objects in everything for each in objects if each.retained]
        return {agreement.place_of(cluster.name, each) for each in retained for cluster in self.clusters}

    def _held(self) -> dict[Place, Object]:
        return agreement.held(self.clusters, self.namespace)

    def _folder(self, kind: str) -> Path:
        organization = ("organization",) if kind == "locks" else ()
        return self.root.joinpath("state", ".pulumi", kind, *organization, "kills")


def _life(item: Object) -> str:
    return str(item["metadata"]["uid"])


def _version(item: Object) -> str:
    return str(item["metadata"]["resourceVersion"])
