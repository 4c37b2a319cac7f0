from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

import fleet
from fleet import Cluster, Fleet, GitSource
from fleet.errors import DeclarationError, Problem, StackNotFoundError, Where
from fleet.model.settings import Settings
from fleet.program.declaration import declare
from fleet.program.lines import located

Write = Callable[[str, str], None]

APPLICATION = """
    apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata:
      name: {name}
    spec:
      project: default
      source: {{repoURL: https://example.com/r.git, path: .}}
      destination: {{name: dev}}
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def create(file: str, text: str) -> None:
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip())

    return create


def declared(project: Path, *clusters: Cluster, stack: str = "dev") -> Fleet:
    return declare(Settings(project_dir=project, stack=stack, clusters=clusters, cache_dir=project / "cache"))


def failing(project: Path, *clusters: Cluster) -> str:
    with pytest.raises(DeclarationError) as caught:
        declared(project, *clusters)
    return str(located(caught.value, project))


def test_python_yaml_and_configuration_make_one_fleet(tmp_path: Path, write: Write) -> None:
    write("stacks/dev.py", "from fleet import Cluster, Fleet\nstack = Fleet(clusters=[Cluster('dev')])")
    write("stacks/dev/b.yml", APPLICATION.format(name="b"))
    write("stacks/dev/a.yaml", APPLICATION.format(name="a"))
    write("stacks/dev/notes.txt", "not YAML: [")
    write("stacks/dev/.hidden.yaml", "not YAML: [")
    fleet = declared(tmp_path, Cluster("prod"))
    assert [each.name for each in fleet.clusters] == ["dev", "prod"]
    assert [each.name for each in fleet.applications] == ["a", "b"]


def test_python_alone_is_enough(tmp_path: Path, write: Write) -> None:
    write("stacks/dev.py", "from fleet import Fleet\nanything = Fleet()")
    assert declared(tmp_path) == Fleet()


def test_yaml_alone_is_enough(tmp_path: Path, write: Write) -> None:
    write("stacks/dev/a.yaml", APPLICATION.format(name="a"))
    assert [each.name for each in declared(tmp_path).applications] == ["a"]


def test_a_stack_that_declares_nothing_lists_those_that_do(tmp_path: Path, write: Write) -> None:
    write("stacks/prod.py", "")
    write("stacks/devel/a.yaml", "")
    write("stacks/empty/a.txt", "")
    write("stacks/_shared.py", "")
    with pytest.raises(StackNotFoundError) as caught:
        declared(tmp_path)
    assert str(caught.value) == (
        "stack 'dev' declares nothing: there is neither stacks/dev.py nor any YAML in stacks/dev/\n"
        "  Stacks that do: devel, prod.\n"
        "  → Did you mean 'devel'?"
    )


def test_the_first_stack_is_told_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(StackNotFoundError) as caught:
        declared(tmp_path)
    assert str(caught.value) == (
        "stack 'dev' declares nothing: there is neither stacks/dev.py nor any YAML in stacks/dev/\n"
        "  → Write stacks/dev.py, or put Argo CD Applications into stacks/dev/."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "x = 1",
            "stacks/dev.py: the file assigns no Fleet\n"
            "  → Assign one at the top level: stack = Fleet(clusters=[...], applications=[...])",
            id="no fleet",
        ),
        pytest.param(
            "from fleet import Cluster, Fleet\na = Fleet()\nb = Fleet(clusters=[Cluster('dev')])",
            "stacks/dev.py: the file assigns more than one Fleet\n"
            "  They are named a, b.\n"
            "  → Add them up into one, and let the names of the others start with an underscore.",
            id="two fleets",
        ),
        pytest.param(
            "from fleet import Cluster, Fleet\n\ndev = Cluster('Dev')\nstack = Fleet(clusters=[dev])",
            'stacks/dev.py:3: Cluster: name must be lower-case letters, digits, "-" and ".", '
            "starting and ending with a letter or digit\n"
            "  It is 'Dev'.",
            id="a wrong value",
        ),
        pytest.param(
            "from fleet import Fleet\nstack = Fleet(clusters=dev)",
            "stacks/dev.py:2: NameError: name 'dev' is not defined",
            id="a name that is not there",
        ),
        pytest.param(
            "import json\njson.loads('{')",
            "stacks/dev.py:2: JSONDecodeError: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1)",
            id="an exception from a library",
        ),
        pytest.param("stack = Fleet(\n", "stacks/dev.py:1: SyntaxError: '(' was never closed", id="no Python"),
        pytest.param(
            "if True:\nx = 1", "stacks/dev.py:2: IndentationError: expected an indented block", id="indentation"
        ),
        pytest.param(
            "import sys\nsys.exit()",
            "stacks/dev.py:2: the file ends the program\n  → Raise an exception that says what is wrong.",
            id="the end of the program",
        ),
    ],
)
def test_what_is_wrong_in_python_is_at_its_line(tmp_path: Path, write: Write, text: str, expected: str) -> None:
    write("stacks/dev.py", text)
    assert failing(tmp_path).startswith(expected)


def test_what_is_wrong_in_a_module_of_the_stacks_is_at_its_line(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write("stacks/shared_clusters.py", "from fleet import Cluster\n\n\ndef dev():\n    return Cluster('dev', paused=1)")
    write("stacks/dev.py", "from stacks.shared_clusters import dev\ncluster = dev()")
    assert failing(tmp_path).startswith("stacks/shared_clusters.py:5: Cluster 'dev': paused must be True or False")


def test_one_fleet_under_two_names_is_one(tmp_path: Path, write: Write) -> None:
    write("stacks/dev.py", "from fleet import Fleet\na = Fleet()\nb = a")
    assert declared(tmp_path) == Fleet()


def test_parts_of_a_fleet_have_private_names(tmp_path: Path, write: Write) -> None:
    write(
        "stacks/dev.py",
        """
        from fleet import Cluster, Fleet
        _here = Fleet(clusters=[Cluster("here")])
        _there = Fleet(clusters=[Cluster("there")])
        stack = _here + _there
        """,
    )
    assert [each.name for each in declared(tmp_path).clusters] == ["here", "there"]


def test_a_cluster_is_declared_in_one_place(tmp_path: Path, write: Write) -> None:
    write("stacks/dev.py", "from fleet import Cluster, Fleet\nstack = Fleet(clusters=[Cluster('dev')])")
    write("stacks/Pulumi.dev.yaml", "config:\n  fleet:clusters:\n    prod: {}\n    dev: {}")
    assert failing(tmp_path, Cluster("dev"), Cluster("prod")) == (
        "stacks/Pulumi.dev.yaml:4, config.fleet:clusters.dev: cluster 'dev' is declared in stacks/dev.py too\n"
        "  → Keep one of them."
    )


def test_problems_of_all_files_come_together(tmp_path: Path, write: Write) -> None:
    write("stacks/dev.py", "1/0")
    write("stacks/dev/a.yaml", APPLICATION.format(name="a").replace("project:", "porject:"))
    write("stacks/dev/b.yaml", "a: [")
    (tmp_path / "stacks/dev/c.yaml").write_bytes(b"a: \xff")
    configured = Problem("a mapping is needed here", Where("stacks/Pulumi.dev.yaml", key="config.fleet:clusters"))
    settings = Settings(project_dir=tmp_path, stack="dev", cache_dir=tmp_path)
    with pytest.raises(DeclarationError) as caught:
        declare(settings, [configured])
    places = [(problem.where.file, problem.where.line) for problem in located(caught.value, tmp_path).problems]
    assert places == [
        ("stacks/Pulumi.dev.yaml", 0),
        ("stacks/dev.py", 1),
        ("stacks/dev/a.yaml", 6),
        ("stacks/dev/b.yaml", 1),
        ("stacks/dev/c.yaml", 0),
    ]


@pytest.mark.parametrize(
    ("where", "line"),
    [
        pytest.param(Where("stacks/dev/a.yaml", key="spec.destination"), 8, id="a key"),
        pytest.param(Where("stacks/dev/a.yaml", 3, key="spec.destination"), 3, id="a line that is known"),
        pytest.param(Where("stacks/dev/gone.yaml", key="spec"), 0, id="a file that is not there"),
        pytest.param(Where("elsewhere/a.yaml", key="spec.destination"), 0, id="a file of a repository"),
        pytest.param(Where("stacks/dev.py", key="spec.destination"), 0, id="no YAML"),
    ],
)
def test_lines_are_added_where_they_can_be_told(tmp_path: Path, write: Write, where: Where, line: int) -> None:
    for file in ("stacks/dev/a.yaml", "elsewhere/a.yaml", "stacks/dev.py"):
        write(file, APPLICATION.format(name="a"))
    (problem,) = located(DeclarationError(Problem("wrong", where)), tmp_path).problems
    assert problem.where.line == line


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param(
            "SyncPolicy(prun=True)", "SyncPolicy has no field prun\n  → Did you mean prune?", id="nearly a field"
        ),
        pytest.param(
            "Directory(depth=1)",
            "Directory has no field depth\n"
            "  → Directory has recurse, include, exclude, disable_extension_filter, jsonnet.",
            id="no field at all",
        ),
        *(pytest.param(f"{name}(zz=1)", f"{name} has no field zz\n", id=name) for name in fleet.__all__),
        pytest.param("dict(1)", "TypeError: 'int' object is not iterable", id="not a value of ours"),
    ],
)
def test_an_unknown_field_is_named_with_those_there_are(tmp_path: Path, write: Write, call: str, expected: str) -> None:
    write("stacks/dev.py", f"from fleet import *\n\nvalue = {call}")
    assert failing(tmp_path).startswith(f"stacks/dev.py:3: {expected}")


def test_what_python_declares_knows_its_line(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write(
        "stacks/shared_sources.py", "from fleet import GitSource\n\n\ndef files():\n    return GitSource('v', ref='v')"
    )
    write(
        "stacks/dev.py",
        """\
        from fleet import *
        from stacks.shared_sources import files

        stack = Fleet(
            projects=[Project("p")],
            applications=[
                Application(
                    "a",
                    sources=[
                        GitSource("r"),
                        ChartSource("https://example.com", chart="c"),
                        files(),
                    ],
                    overrides=[
                        Override(skip=True)
                    ],
                    destinations=["dev", Cluster("hub"),
                        Destination("prod")],
                )
            ],
        )
        """,
    )
    fleet = declared(tmp_path)
    (application,), (project,) = fleet.applications, fleet.projects
    values = (project, application, *application.sources[:2], *application.overrides, *application.targets)
    assert [str(each.where) for each in values] == [f"stacks/dev.py:{line}" for line in (5, 7, 10, 11, 15, 7, 7, 18)]
    assert application.sources[2].where == Where("stacks/shared_sources.py", 5)


def test_a_source_in_yaml_knows_its_key(tmp_path: Path, write: Write) -> None:
    document = """\
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {{name: {name}}}
        spec:
          {sources}
          destination: {{name: dev}}
        """
    one = "{repoURL: r, path: a}"
    write("stacks/dev/one.yaml", dedent(document).format(name="one", sources=f"source: {one}"))
    chart = "{repoURL: 'https://example.com', chart: c, targetRevision: 1.0.0}"
    write("stacks/dev/two.yaml", dedent(document).format(name="two", sources=f"sources: [{one}, {chart}]"))
    places = [source.where for each in declared(tmp_path).applications for source in each.all_sources]
    assert [(each.file, each.key, each.application) for each in places] == [
        ("stacks/dev/one.yaml", "spec.source", "one"),
        ("stacks/dev/two.yaml", "spec.sources[0]", "two"),
        ("stacks/dev/two.yaml", "spec.sources[1]", "two"),
    ]


def test_what_a_program_of_no_stack_makes_has_no_place() -> None:
    assert GitSource("r").where == Where()
