"""What the documentation shows works: stacks load, Applications and configurations are read, links lead somewhere."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import pytest

from fleet.argo import parse_documents
from fleet.cli.group import cli
from fleet.model.cluster import Cluster
from fleet.model.fleet import Fleet
from fleet.plan.expand import expand
from fleet.program import python_file
from fleet.register.configuration import read_clusters, read_mirrors
from fleet.yamlio import load_documents
from localclusters import __main__ as localclusters
from tests.unit.docs.pages import PAGES, ROOT, Page

KNOWN_BLOCKS = {
    "console",
    "text",
    "markdown",
    "yaml",
    "yaml application",
    "yaml config",
    "python stack",
    "python module",
}
# `fleet` where a command starts, up to where that ends: not the one of a path, a URN or a key.
COMMAND = re.compile(r"(?<![\w:=\"'-])(?:\.venv/bin/|-m )?fleet (?=[a-z-])((?:[^\n`|&;)>#\"']|\|(?=\w))*)")
every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)


@every_page
def test_blocks_are_marked(page: Page) -> None:
    assert {block.info for block in page.blocks} <= KNOWN_BLOCKS
    unmarked = [block.text for block in page.blocks if block.info == "yaml"]
    assert not [text for text in unmarked if "kind: Application\n" in text or "fleet:clusters" in text]


@every_page
def test_stacks_and_applications(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = read_stacks(page, tmp_path, monkeypatch)
    clusters, mirrors = read_configuration(page)
    for stack in stacks:
        expand(stack + Fleet(clusters=missing(clusters, stack)), mirrors)
    documents = [each for text in page.marked("yaml application") for each in load_documents(text, file=page.path)]
    declared, problems = parse_documents(documents)
    assert problems == ()
    applications = declared.applications
    assert len(applications) + len(declared.projects) == len(documents)
    known = {cluster.name: cluster for stack in stacks for cluster in stack.clusters} | clusters
    if applications and known:
        expand(declared + Fleet(clusters=tuple(known.values())), mirrors)


def read_stacks(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Fleet]:
    """Return what the page's stacks declare. A module is put where its first line says, and can be imported."""
    folder = tmp_path / "stacks"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    for text in page.marked("python module"):
        name = text.splitlines()[0].removeprefix("# ")
        (tmp_path / name).write_text(text)
        monkeypatch.delitem(sys.modules, Path(name).stem, raising=False)
    found: list[Fleet] = []
    for number, text in enumerate(page.marked("python stack")):
        (folder / f"stack{number}.py").write_text(text)
        stack, problems = python_file.read(tmp_path, f"stacks/stack{number}.py")
        assert problems == (), text
        found.append(stack)
    return found


def read_configuration(page: Page) -> tuple[dict[str, Cluster], Mapping[str, str]]:
    clusters: dict[str, Cluster] = {}
    mirrors: dict[str, str] = {}
    for text in page.marked("yaml config"):
        (document,) = load_documents(text, file=page.path)
        config: Mapping[str, Any] = document.data["config"]
        assert set(config) <= {"fleet:clusters", "fleet:repositories"}
        found, wrong = read_clusters(config.get("fleet:clusters"), page.path)
        instead, also_wrong = read_mirrors(config.get("fleet:repositories"), page.path)
        assert (*wrong, *also_wrong) == ()
        clusters |= {cluster.name: cluster for cluster in found}
        mirrors |= instead
    return clusters, mirrors


def missing(clusters: Mapping[str, Cluster], stack: Fleet) -> tuple[Cluster, ...]:
    declared = {cluster.name for cluster in stack.clusters}
    return () if declared else tuple(clusters.values())


def test_the_example_is_shown_as_it_is() -> None:
    example = (ROOT / "examples" / "first-application" / "application.yaml").read_text()
    assert example in PAGES["README.md"].marked("yaml application")


@every_page
def test_links_resolve(page: Page) -> None:
    assert [link for link in page.links() if not resolves(page, link)] == []


def resolves(page: Page, link: str) -> bool:
    if link.startswith("https://"):
        return True
    file, _, anchor = link.partition("#")
    target = ((ROOT / page.path).parent / file).resolve() if file else ROOT / page.path
    if not target.is_relative_to(ROOT) or not target.is_file():
        return False
    return not anchor or anchor in PAGES[str(target.relative_to(ROOT))].anchors()


def test_every_page_is_reached_from_the_index() -> None:
    reached, pending = set[str](), {"docs/index.md"}
    while pending:
        name = pending.pop()
        reached.add(name)
        links = (link.partition("#")[0] for link in PAGES[name].links() if not link.startswith("https://"))
        targets = {((ROOT / name).parent / link).resolve() for link in links if link.endswith(".md")}
        pending |= {str(each.relative_to(ROOT)) for each in targets if each.is_file()} - reached
    assert set(PAGES) - reached == set()


@every_page
def test_commands_and_their_options_exist(page: Page) -> None:
    assert [words for code in page.code() for words in fleet_lines(code) if not exists(words)] == []


def fleet_lines(code: str) -> Iterable[list[str]]:
    """Yield the words of each command behind `fleet`."""
    return (found[1].split() for found in COMMAND.finditer(code))


def exists(words: list[str]) -> bool:
    flags = {word.partition("[")[0].partition("=")[0] for word in words if word.startswith("-")}
    named = [word for word in words if set(word.split("|")) <= set(cli.commands)]
    if not named:
        return bool(flags) and flags <= options(cli)
    return all(flags <= options(meant(cli.commands[name], words)) for name in named[0].split("|"))


def meant(command: click.Command, words: list[str]) -> click.Command:
    """Return the command, or that of its own commands which the words name."""
    own = command.commands if isinstance(command, click.Group) else {}
    return next((own[word] for word in words if word in own), command)


def options(command: click.Command) -> set[str]:
    found = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return found | {"-h", "--help"} | ({"--version"} if command is cli else set())


@pytest.mark.parametrize("line", ["fleet upp -s x", "fleet preview --yes", "fleet up --expect-nothing", "fleet --yes"])
def test_what_does_not_exist_is_found(line: str) -> None:
    assert [words for words in fleet_lines(line) if not exists(words)]


@every_page
def test_make_targets_exist(page: Page) -> None:
    makefile = (ROOT / "Makefile").read_text()
    asked = {target for code in page.code() for target in re.findall(r"(?<![\w-])make ([a-z]+)\b", code)}
    assert {target for target in asked if f"\n{target}:" not in makefile} == set()


@every_page
def test_local_clusters_take_these_words(page: Page) -> None:
    for code in page.code():
        for line in re.findall(r"python -m localclusters ([^\n`]+)", code):
            localclusters._parser().parse_args(shlex.split(line, comments=True))
