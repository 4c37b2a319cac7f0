"""`fleet render` and `fleet diff`: a stack rendered from real repositories, with no cluster and no engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

STACK = """
from fleet import Application, Cluster, Fleet, GitSource, Override

clusters = [Cluster("dev"), Cluster("eu", labels={"env": "prod"}), Cluster("us", labels={"env": "prod"})]
stack = Fleet(
    clusters=clusters,
    applications=[
        Application(
            "shop",
            source=GitSource(REPO, path="deploy", revision="main"),
            destinations=clusters,
            namespace="shop",
            labels={"team": "web"},
            overrides=[Override(selector="env=prod", labels={"tier": "gold"})],
        )
    ],
)
"""
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {mode: '1'}\n"
KEY = "apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {password: hunter2}\n"


_MEANWHILE = ("fetching ", "waiting for another run that fetches ")


class Project:
    """A project in a repository of its own, and the command in it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.own = {"FLEET_CACHE_DIR": str(cache), "NO_COLOR": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        self.own |= {"KUBECONFIG": str(folder / "nowhere")}

    def git(self, *arguments: str) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True)

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", "a change")

    def fleet(self, *arguments: str, code: int = 0) -> str:
        """Return what the command prints, both streams together, but for what it tells where fetching takes long."""
        command = [sys.executable, "-m", "fleet", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **self.own},
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == code, done.stdout
        return "".join(line for line in done.stdout.splitlines(keepends=True) if not line.startswith(_MEANWHILE))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    found = Project(folder, tmp_path / "cache")
    found.git("init", "-q", "-b", "main")
    found.write(
        **{
            "Pulumi.yaml": "name: shop\nruntime: python\nstackConfigDir: stacks\n",
            "stacks/demo.py": STACK.replace("REPO", repr(".")),
            "deploy/settings.yaml": SETTINGS,
            "deploy/key.yaml": KEY,
        }
    )
    found.commit()
    return found


def changed(project: Project) -> None:
    """Change a value, make an object and take one away, in a commit."""
    project.write(
        **{
            "deploy/settings.yaml": SETTINGS.replace("'1'", "'2'"),
            "deploy/more.yaml": SETTINGS.replace("settings", "more"),
        }
    )
    (project.folder / "deploy/key.yaml").unlink()
    project.commit()


def test_what_a_cluster_should_hold_is_printed(project: Project) -> None:
    assert project.fleet("render", "shop", "eu") == (
        "---\n"
        "# shop in eu\n"
        "apiVersion: v1\n"
        "kind: Secret\n"
        "metadata:\n"
        "  name: key\n"
        "  labels:\n"
        "    tier: gold\n"
        "  namespace: shop\n"
        "  annotations:\n"
        "    pulumi.com/patchFieldManager: fleet\n"
        "    pulumi.com/waitFor: jsonpath={.metadata.uid}\n"
        "stringData:\n"
        "  password: hunter2\n"
        "---\n"
        "# shop in eu\n"
        "apiVersion: v1\n"
        "kind: ConfigMap\n"
        "metadata:\n"
        "  name: settings\n"
        "  labels:\n"
        "    tier: gold\n"
        "  namespace: shop\n"
        "  annotations:\n"
        "    pulumi.com/patchFieldManager: fleet\n"
        "data:\n"
        "  mode: '1'\n"
    )


def test_what_is_printed_can_be_chosen(project: Project) -> None:
    def clusters(*arguments: str) -> set[tuple[str, str]]:
        found: list[dict[str, Any]] = json.loads(project.fleet("render", "-o", "json", *arguments))
        return {(each["cluster"], each["manifest"]["kind"]) for each in found}

    everything = {(cluster, kind) for cluster in ("dev", "eu", "us") for kind in ("ConfigMap", "Secret")}
    assert clusters() == clusters("shop") == clusters("-l", "team=web") == everything
    assert clusters("shop", "us") == {("us", "ConfigMap"), ("us", "Secret")}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("shoq",), "no application is named 'shoq'\n  Known: shop.\n  → Did you mean 'shop'?"),
        (("shop", "asia"), "no cluster is named 'asia'\n  Known: dev, eu, us."),
        (("-l", "team=none"), "no application is selected\n  There are shop."),
    ],
)
def test_names_that_nothing_has(project: Project, arguments: tuple[str, ...], expected: str) -> None:
    assert project.fleet("render", *arguments, code=2) == f"error: {expected}\n"
    assert project.fleet("diff", "--against", "HEAD", *arguments, code=2) == f"error: {expected}\n"


def test_files_are_written_anew_every_time(project: Project) -> None:
    def files() -> list[str]:
        return sorted(str(path.relative_to(out)) for path in out.rglob("*.yaml"))

    out = project.folder / "rendered"
    project.write(**{".gitignore": "rendered\n"})
    assert "wrote 6 manifests to rendered" in project.fleet("render", "-o", "dir")
    assert files() == [
        f"{cluster}/shop/shop/{name}.yaml"
        for cluster in ("dev", "eu", "us")
        for name in ("configmap-settings", "secret-key")
    ]
    changed(project)
    project.fleet("render", "-o", "dir")
    assert [each for each in files() if each.startswith("dev")] == [
        "dev/shop/shop/configmap-more.yaml",
        "dev/shop/shop/configmap-settings.yaml",
    ]


def test_a_directory_of_something_else_is_left_alone(project: Project) -> None:
    said = project.fleet("render", "-o", "dir", "--into", "deploy", code=2)
    assert said.startswith("error: deploy holds something else than rendered manifests\n")
    assert sorted(path.name for path in (project.folder / "deploy").iterdir()) == ["key.yaml", "settings.yaml"]


def test_the_same_change_in_several_clusters_is_shown_once(project: Project) -> None:
    changed(project)
    assert project.fleet("diff", "--against", "HEAD~1") == (
        "+ create ConfigMap shop/more  (dev · shop)\n"
        "    data:\n"
        "  +   mode: '1'\n"
        "+ create ConfigMap shop/more  (eu, us · shop)\n"
        "    data:\n"
        "  +   mode: '1'\n"
        "    metadata:\n"
        "  +   labels:\n"
        "  +     tier: gold\n"
        "~ update ConfigMap shop/settings  (dev, eu, us · shop)\n"
        '  - data.mode: "1"\n'
        '  + data.mode: "2"\n'
        "- delete Secret shop/key  (dev, eu, us · shop · stays in the cluster)\n"
        "3 created, 3 changed, 3 deleted, 0 unchanged, in 3 clusters\n"
    )


def test_a_change_of_the_declaration_counts_before_it_is_committed(project: Project) -> None:
    project.write(**{"stacks/demo.py": STACK.replace("REPO", repr(".")).replace("gold", "iron")})
    said = project.fleet("diff", "--against", "HEAD", "--stat")
    assert said == (
        "warning: changes that are not committed count in the declaration, and not in the manifests\n"
        "~ update ConfigMap shop/settings  (eu, us · shop)\n"
        "~ update Secret shop/key  (eu, us · shop)\n"
        "4 changed, 2 unchanged, in 2 clusters\n"
    )


def test_a_secret_is_never_shown(project: Project) -> None:
    project.write(**{"deploy/key.yaml": KEY.replace("hunter2", "hunter3")})
    project.commit()
    said = project.fleet("diff", "--against", "HEAD~1", "-j") + project.fleet("diff", "--against", "HEAD~1")
    assert "hunter" not in said
    assert "stringData.password" in said


def test_no_difference(project: Project) -> None:
    assert project.fleet("diff", "--against", "main", "--expect-no-changes") == "6 unchanged\n"
    changed(project)
    assert project.fleet("diff", "--against", "main~1", "--expect-no-changes", "-j", code=7)


def test_other_repositories_are_the_same_on_both_sides(project: Project, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "-q", project.folder, other], check=True)
    project.write(**{"stacks/demo.py": STACK.replace("REPO", repr(str(other)))})
    project.commit()
    changed(project)
    assert project.fleet("diff", "--against", "HEAD~1") == "6 unchanged\n"


def test_a_clone_s_own_repository_is_meant_by_its_url_too(project: Project, tmp_path: Path) -> None:
    project.write(**{"stacks/demo.py": STACK.replace("REPO", repr(str(project.folder)))})
    project.commit()
    clone = Project(tmp_path / "clone", tmp_path / "cache")
    subprocess.run(["git", "clone", "-q", project.folder, clone.folder], check=True)
    changed(clone)
    assert "3 created, 3 changed, 3 deleted" in clone.fleet("diff", "--against", "origin/main")


def test_a_stack_that_was_not_there_is_all_new(project: Project) -> None:
    project.write(**{"stacks/other.py": STACK.replace("REPO", repr("."))})
    project.commit()
    assert "6 created, 0 unchanged" in project.fleet("diff", "-s", "other", "--against", "HEAD~1")


def test_what_was_wrong_before_says_so(project: Project) -> None:
    project.write(**{"deploy/settings.yaml": "kind: [\n"})
    project.commit()
    project.write(**{"deploy/settings.yaml": SETTINGS})
    project.commit()
    said = project.fleet("diff", "--against", "HEAD~1", code=11)
    assert said.startswith("error: deploy/settings.yaml:1, application shop: at HEAD~1: not valid YAML")


def test_a_revision_that_is_not_here(project: Project) -> None:
    for name in ("none", "--help"):
        said = project.fleet("diff", f"--against={name}", code=10)
        assert said.startswith(f"error: there is no revision '{name}' in this repository\n")


def test_a_declaration_that_prints_and_one_that_ends_its_process(project: Project) -> None:
    text = STACK.replace("REPO", repr("."))
    project.write(**{"stacks/demo.py": f"print('hello')\n{text}"})
    assert project.fleet("render", "shop", "dev").startswith("hello\n---\n")
    project.write(**{"stacks/demo.py": f"import os\nos._exit(3)\n{text}"})
    said = project.fleet("render", code=2)
    assert said.startswith("error: the stack's declaration ended its process (exit code 3)\n")


def test_what_is_wrong_names_its_line(project: Project) -> None:
    project.write(**{"stacks/demo.py": "from fleet import Cluster\n\nCluster('A')\n"})
    assert project.fleet("render", code=2).startswith("error: stacks/demo.py:3: Cluster: name must be")


def test_a_declaration_may_ask_pulumi_for_the_stack_s_configuration(project: Project) -> None:
    project.write(
        **{
            "stacks/Pulumi.demo.yaml": "config: {shop:tier: iron}\n",
            "stacks/demo.py": "import pulumi\n"
            + STACK.replace("REPO", "'.'").replace('"gold"', 'pulumi.Config("shop").require("tier")'),
        }
    )
    assert "    tier: iron\n" in project.fleet("render", "shop", "eu")


PATCHED = """
from fleet import Application, ChartSource, Cluster, Fleet, GitSource, Override, Patch, PatchTarget

clusters = [Cluster("dev"), Cluster("eu", labels={"env": "prod"})]
more = {"data": {"more": "yes"}}
stack = Fleet(
    clusters=clusters,
    applications=[
        Application(
            "shop",
            sources=[GitSource(".", path="deploy"), GitSource(".", path="extra")],
            destinations=clusters,
            overrides=[
                Override(selector="env=prod", patches=[Patch(more, target=PatchTarget(kind="ConfigMap", name=NAME))]),
            ],
        )
    ],
)
"""


@pytest.mark.usefixtures("on_path")
def test_objects_of_several_sources_are_patched_where_an_override_says_so(project: Project) -> None:
    project.write(
        **{
            "extra/settings.yaml": SETTINGS.replace("'1'", "'9'"),
            "stacks/demo.py": PATCHED.replace("NAME", repr("set.*")),
        }
    )
    project.commit()
    said = project.fleet("render", "shop", "eu")
    assert said.startswith(
        "warning: shop: ConfigMap default/settings is in deploy/settings.yaml:1 of one source and "
        "extra/settings.yaml:1 of a later one, whose counts\n---\n"
    )
    assert "data:\n  mode: '9'\n  more: 'yes'\n" in said
    assert "data:\n  mode: '9'\n---" in f"{project.fleet('render', 'shop', 'dev')}---"


@pytest.mark.usefixtures("on_path")
def test_a_patch_that_is_for_nothing_is_wrong(project: Project) -> None:
    project.write(**{"extra/settings.yaml": SETTINGS, "stacks/demo.py": PATCHED.replace("NAME", repr("settins"))})
    project.commit()
    said = project.fleet("render", code=11)
    assert "application shop, cluster eu" in said
    assert "settins" in said
