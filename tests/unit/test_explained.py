"""`fleet explain`, from the files of a miniature fleet to the text that is printed.

`tests/fleets/<name>/explained/<application> in <cluster>.txt` is that text; `pytest --update-goldens` rewrites it.
"""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from fleet.cli.views import explanation
from fleet.errors import DeclarationError
from fleet.program.answers import answer
from fleet.program.question import Question
from fleet.program.say import Say
from fleet.yamlio import load_documents
from tests.unit.docs.pages import PAGES

FLEETS = Path(__file__).parents[1] / "fleets"
TAILORED = FLEETS / "tailored"
GOLDENS = sorted(FLEETS.glob("*/explained/*.txt"))


def explained(project: Path, application: str, cluster: str, stack: str = "dev") -> dict[str, Any]:
    """Return what is explained of a stack of a project, in this process."""
    file = f"Pulumi.{stack}.yaml"
    (document,) = load_documents((project / "stacks" / file).read_text(), file=file)
    question = Question(
        what="explain",
        project_dir=project,
        stack=stack,
        base=project,
        configuration={key: json.dumps(value) for key, value in document.data["config"].items()},
        arguments={"application": application, "cluster": cluster},
    )
    found: dict[str, Any] = json.loads(json.dumps(answer(question, Say(print, print)), default=dict))
    return found


def printed(found: dict[str, Any], width: int = 240) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width)
    for part in explanation.render(found, width):
        console.print(part, soft_wrap=isinstance(part, Text))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden.stem)
def test_what_is_printed(golden: Path, update_goldens: bool) -> None:
    text = printed(explained(golden.parents[1], *golden.stem.split(" in ")))
    if update_goldens:
        golden.write_text(text)
    assert text == golden.read_text()


def test_there_is_something_to_compare() -> None:
    assert {golden.stem for golden in GOLDENS if golden.parents[1] == TAILORED} == {
        "notes in dev",
        "notes in prod-eu",
        "notes in prod-us",
        "shop in dev",
        "shop in prod-eu",
        "shop in prod-us",
    }


def facts(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    (destination,) = found["destinations"]
    return {fact["key"]: fact for fact in destination["facts"]}


def test_every_fact_has_the_line_that_says_it() -> None:
    lines = (TAILORED / "stacks" / "dev" / "shop.yaml").read_text().splitlines()
    found = facts(explained(TAILORED, "shop", "prod-eu"))
    said = {key: lines[fact["where"]["line"] - 1].strip() for key, fact in found.items() if fact["where"]["line"]}
    del said["source.repo"]
    assert said == {
        "namespace": "namespace: shop-eu",
        "source.path": "path: chart",
        "source.revision": "targetRevision: main",
        "source.helm.value_files[0]": "valueFiles: [values-prod.yaml]",
        "source.helm.values.image.name": 'image: {name: shop, tag: "1.4"}',
        "source.helm.values.image.tag": 'image: {name: shop, tag: "1.4"}',
        "source.helm.values.limits.cpu": 'limits: {cpu: "2"}',
        "source.helm.values.replicas": "valuesObject: {replicas: 3}",
        "labels.tier": "labels: {tier: gold}",
        "annotations.team": "annotations: {team: shop-eu}",
        "patches[0]": "- target: {kind: Deployment}",
        "sync.automated": "automated: {prune: true}",
        "sync.prune": "automated: {prune: true}",
        "sync.create_namespace": "syncOptions:",
    }


def test_a_mirror_is_said_by_the_configuration() -> None:
    repo = facts(explained(TAILORED, "shop", "dev"))["source.repo"]
    assert (repo["value"], repo["by"], repo["where"]["file"]) == ("repo", "configuration", "stacks/Pulumi.dev.yaml")
    line = (TAILORED / "stacks" / "Pulumi.dev.yaml").read_text().splitlines()[repo["where"]["line"] - 1]
    assert line.strip() == "https://git.example.com/shop: repo"
    assert [(each["value"], each["by"]) for each in repo["replaced"]] == [
        ("https://git.example.com/shop.git", "application")
    ]


def test_a_cluster_may_be_meant_by_its_url() -> None:
    assert explained(TAILORED, "shop", "https://us.example.com:6443/") == explained(TAILORED, "shop", "prod-us")


def test_where_a_terminal_is_narrow_each_fact_has_lines_of_its_own() -> None:
    lines = printed(explained(TAILORED, "shop", "prod-us"), width=80).splitlines()
    assert lines[2:4] == ["namespace: shop", "    by application, stacks/dev/shop.yaml:14"]
    start = lines.index("source.helm.values.replicas: 5")
    assert lines[start : start + 3] == [
        "source.helm.values.replicas: 5",
        "    by destination, stacks/dev/shop.yaml:20",
        "    instead of 3 (override 1); 1 (application)",
    ]
    assert "sync.self_heal: false (default)" in lines


@pytest.mark.parametrize(
    ("application", "cluster", "expected"),
    [
        ("shpo", "dev", "no application is named 'shpo'\n  Known: notes, shop.\n  → Did you mean 'shop'?"),
        ("x", "dev", "no application is named 'x'\n  Known: notes, shop."),
        (
            "shop",
            "prod",
            "no cluster is known as 'prod'\n  Known: dev, prod-eu, prod-us.\n  → Did you mean 'prod-us'?",
        ),
    ],
)
def test_what_is_not_there_is_told_with_what_is_near(application: str, cluster: str, expected: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        explained(TAILORED, application, cluster)
    assert str(caught.value) == expected


@pytest.fixture
def project(tmp_path: Path) -> Path:
    copy = tmp_path / "project"
    shutil.copytree(TAILORED / "stacks", copy / "stacks")
    return copy


def edit(project: Path, file: str, *changes: tuple[str, str]) -> None:
    path = project / "stacks" / file
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def test_an_application_that_does_not_go_there_says_where_it_goes(project: Path) -> None:
    edit(project, "dev/shop.yaml", ("      - dev\n", "      - nowhere\n"))
    with pytest.raises(DeclarationError) as caught:
        explained(project, "shop", "dev")
    assert str(caught.value) == (
        "stacks/dev/shop.yaml:1, application shop, cluster dev: the application has no destination in this cluster\n"
        "  It goes to prod-eu, prod-us.\n"
        "  no cluster is known as 'nowhere'"
    )


def test_what_is_wrong_elsewhere_does_not_matter(project: Path) -> None:
    edit(project, "dev.py", ('"prod-us"', '"nowhere"'))
    assert explained(project, "shop", "dev")["destinations"]


def test_what_does_not_fit_is_told_at_its_line(project: Path) -> None:
    edit(
        project,
        "dev/shop.yaml",
        ("      namespace: shop-eu\n", "      kustomize: {namePrefix: x-}\n"),
        ("      helm:\n        valuesObject: {replicas: 3}\n", ""),
    )
    with pytest.raises(DeclarationError) as caught:
        explained(project, "shop", "prod-eu")
    assert str(caught.value) == (
        "stacks/dev/shop.yaml:35, application shop, cluster prod-eu, spec.overrides[1]: "
        "kustomize is given here, and the source is one for helm\n"
        "  → Leave kustomize out here, or helm out of the source."
    )
    assert explained(project, "shop", "dev")["destinations"]


def test_a_paused_cluster_is_told(project: Path) -> None:
    edit(
        project, "Pulumi.dev.yaml", ("      kubeconfig: kube/dev\n", "      kubeconfig: kube/dev\n      paused: true\n")
    )
    found = explained(project, "shop", "dev")
    assert printed(found).splitlines()[0] == (
        "shop in dev, namespace shop; the cluster is paused: it stays as it was deployed"
    )
    assert (facts(found)["paused"]["value"], facts(found)["paused"]["by"]) == (True, "cluster")


def test_no_credentials_are_shown(project: Path) -> None:
    edit(
        project,
        "dev/shop.yaml",
        ("https://git.example.com", "https://me:hunter2@git.example.com"),
        ("name: shop, tag", "name: 'https://me:hunter2@images.example.com', tag"),
    )
    edit(project, "Pulumi.dev.yaml", ("https://git.example.com", "https://me:hunter2@git.example.com"))
    assert "hunter2" not in json.dumps(explained(project, "shop", "prod-eu"))


def test_names_of_clusters_that_the_stack_has_not_are_told(project: Path) -> None:
    edit(project, "dev/shop.yaml", ("clusters: [test-*]", "clusters: [test-*, prod]"))
    last = printed(explained(project, "shop", "dev")).splitlines()[-1]
    assert "no: it is for test-*, prod; no cluster of the stack is known as prod" in last


PAGE = PAGES["docs/how-to/tailor-per-cluster.md"]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Return a project with the stacks of the page: `demo` in YAML, `twin` in Python."""
    (settings,), (application, *_), (program,) = map(PAGE.marked, ("yaml config", "yaml application", "python stack"))
    files = {
        "Pulumi.demo.yaml": settings,
        "Pulumi.twin.yaml": settings,
        "demo/shop.yaml": application,
        "twin.py": program,
    }
    for name, text in files.items():
        path = tmp_path / "stacks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_the_page_shows_what_is_printed(page: Path) -> None:
    assert PAGE.marked("text") == [printed(explained(page, "shop", "ohio", "demo"))]


@pytest.mark.parametrize("cluster", ["dev", "paris", "ohio"])
def test_the_page_says_the_same_in_both_languages(page: Path, cluster: str) -> None:
    one, other = (facts(explained(page, "shop", cluster, stack)) for stack in ("demo", "twin"))
    assert {key: (fact["value"], fact["by"]) for key, fact in one.items()} == {
        key: (fact["value"], fact["by"]) for key, fact in other.items()
    }
