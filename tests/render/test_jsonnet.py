"""Jsonnet in directories: what it evaluates to, what it may import, and what becomes of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.errors import FleetError, RenderError
from fleet.model.directory import Directory, Jsonnet
from fleet.render import jsonnet
from fleet.render.cache import Cache
from tests.render.world import Repo, World, config_map, names

OBJECT = "{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME }, data: DATA }"


def source(name: str, data: str = "{}") -> str:
    return OBJECT.replace("NAME", name).replace("DATA", data)


ONE, TWO = source("'one'"), source("'two'")


def failure(world: World, repo: Repo, path: str = ".", directory: Directory | None = None) -> str:
    with pytest.raises(FleetError) as caught:
        world.render(str(repo.path), path, tool=directory)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(source("'one'"), "one", id="an object"),
        pytest.param(f"[{ONE}, null, {TWO}]", "one two", id="an array"),
        pytest.param(
            f"{{ apiVersion: 'v1', kind: 'List', items: [{ONE}, {TWO}] }}",
            "one two",
            id="a List",
        ),
        pytest.param("[]", "", id="nothing"),
        pytest.param("null", "", id="null"),
        pytest.param("function(name='def') " + source("name"), "def", id="a function with defaults"),
        pytest.param(f"// +argocd:skip-file-rendering\n{ONE}", "", id="to be skipped"),
    ],
)
def test_what_a_file_may_evaluate_to(world: World, repo: Repo, text: str, expected: str) -> None:
    repo.commit({"a.jsonnet": text, "other.libsonnet": "error 'never read'"})
    assert names(world.render(str(repo.path))) == expected.split()


def test_files_come_in_their_order(world: World, repo: Repo) -> None:
    repo.commit({"a.yaml": config_map("a"), "b.jsonnet": source("'b'"), "c.yaml": config_map("c")})
    found = world.render(str(repo.path))
    assert [(each.name, str(each.where)) for each in found] == [
        ("a", "a.yaml:1"),
        ("b", "b.jsonnet"),
        ("c", "c.yaml:1"),
    ]


def test_variables_and_arguments(world: World, repo: Repo) -> None:
    data = "{ text: text, code: code + '', ext: std.extVar('ext'), sum: std.extVar('sum') + '' }"
    repo.commit({"a.jsonnet": "function(text, code) " + source("'a'", data)})
    wanted = Jsonnet(
        ext_vars={"ext": "1 + 1"}, ext_code={"sum": "1 + 1"}, tlas={"text": "2 + 2"}, tla_code={"code": "2 + 2"}
    )
    (found,) = world.render(str(repo.path), tool=Directory(jsonnet=wanted))
    assert found.body["data"] == {"text": "2 + 2", "code": "4", "ext": "1 + 1", "sum": "2"}


def test_where_imports_are_looked_for(world: World, repo: Repo) -> None:
    """Beside the importing file, then in the libraries from the last to the first, then in the source's path."""
    data = "{ x: import 'x.libsonnet', y: import 'y.libsonnet', z: import 'deep/z.libsonnet', t: importstr '../t.txt' }"
    repo.commit(
        {
            "lib/one/x.libsonnet": "'lib/one'",
            "lib/two/x.libsonnet": "'lib/two'",
            "lib/one/y.libsonnet": "import 'x.libsonnet'",
            "app/sub/deep/z.libsonnet": "import '../beside.libsonnet'",
            "app/sub/beside.libsonnet": "import 'only-in-app.libsonnet'",
            "app/only-in-app.libsonnet": "'app'",
            "app/t.txt": "text\n",
            "app/sub/a.jsonnet": source("'a'", data),
        }
    )
    tool = Directory(recurse=True, jsonnet=Jsonnet(libs=["lib/one", "/lib/two"]))
    (found,) = world.render(str(repo.path), "app", tool=tool)
    assert found.body["data"] == {"x": "lib/two", "y": "lib/one", "z": "app", "t": "text\n"}


def test_imports_through_symlinks_inside_the_repository(world: World, repo: Repo) -> None:
    repo.link("app/lib", "../shared")
    repo.link("app/a.jsonnet", "../main.jsonnet")
    repo.commit({"shared/x.libsonnet": "'x'", "main.jsonnet": source("import 'lib/x.libsonnet'")})
    assert names(world.render(str(repo.path), "app")) == ["x"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("none.libsonnet", "no file none.libsonnet; looked in app, lib"),
        ("../../outside.libsonnet", "../../outside.libsonnet leads out of the repository"),
        ("/etc/passwd", "/etc/passwd leads out of the repository"),
        ("out.libsonnet", "out.libsonnet leads out of the repository"),
        ("big.libsonnet", "app/big.libsonnet is a pointer of Git LFS, not the file: commit the file itself"),
    ],
)
def test_imports_that_cannot_be(world: World, repo: Repo, name: str, expected: str) -> None:
    (repo.path.parent / "outside.libsonnet").write_text("'secret'")
    repo.link("app/out.libsonnet", "../../outside.libsonnet")
    repo.write({"app/big.libsonnet": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"})
    repo.commit({"app/a.jsonnet": f"local x = 1;\nimport '{name}'"})
    said = failure(world, repo, "app", Directory(jsonnet=Jsonnet(libs=["lib"])))
    assert said.partition("\n")[0] == f"app/a.jsonnet:2: Jsonnet: {expected}"


def test_an_import_of_a_submodule(world: World, repo: Repo, tmp_path: Path) -> None:
    library = Repo(tmp_path / "library")
    library.path.mkdir()
    library.git("init", "--quiet")
    library.commit({"x.libsonnet": "'inner'"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.path), "vendor")
    repo.commit({"a.jsonnet": source("import 'vendor/x.libsonnet'")})
    assert names(world.render(str(repo.path))) == ["inner"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"a.jsonnet": "{\n  a: 1,,\n}"}, "a.jsonnet:2: Jsonnet: Unexpected: ", id="syntax"),
        pytest.param({"a.jsonnet": "local x = 1;\nerror 'boo'"}, "a.jsonnet:2: Jsonnet: boo", id="an error of its own"),
        pytest.param(
            {"a.jsonnet": "import 'b.libsonnet'", "b.libsonnet": "{\n  a:\n    error 'in b',\n}"},
            "b.libsonnet:3: Jsonnet: in b",
            id="in what is imported",
        ),
        pytest.param(
            {"a.jsonnet": "std.extVar('none')"},
            "a.jsonnet:1: Jsonnet: Undefined external variable: none",
            id="variable",
        ),
        pytest.param({"a.jsonnet": "function(a) a"}, "a.jsonnet: Jsonnet: Missing argument: a", id="argument"),
        pytest.param(
            {"a.jsonnet": "local f(x) = f(x + 1) + 1;\nf(1)"}, "a.jsonnet:1: Jsonnet: max stack frames", id="recursion"
        ),
        pytest.param({"a.jsonnet": "'text'"}, "a.jsonnet: this is not a Kubernetes object", id="a text"),
        pytest.param(
            {"a.jsonnet": f"[{ONE}, {{ kind: 'ConfigMap' }}]"},
            "a.jsonnet, [1]: this is not a Kubernetes object: apiVersion is missing",
            id="no object",
        ),
        pytest.param(
            {"a.jsonnet": "[" + source("'a'", "{ port: 80 }") + "]"},
            "a.jsonnet, [0].data.port: data: the value of port must be a text",
            id="a value of the wrong type",
        ),
    ],
)
def test_what_is_wrong(world: World, repo: Repo, files: dict[str, str | bytes], expected: str) -> None:
    repo.commit(files)
    assert failure(world, repo).startswith(expected)


def test_all_that_is_wrong_is_said_at_once(world: World, repo: Repo) -> None:
    repo.commit(
        {"a.jsonnet": "error 'a'", "b.yaml": "apiVersion: v1\nkind: X\nmetadata: {}\n", "c.jsonnet": "error 'c'"}
    )
    with pytest.raises(RenderError) as caught:
        world.render(str(repo.path))
    assert [problem.where.file for problem in caught.value.problems] == ["a.jsonnet", "b.yaml", "c.jsonnet"]


def evaluate(world: World, repo: Repo, text: str, timeout_s: float = 60.0) -> str:
    """The first problem of a file that is evaluated with a time limit."""
    head = repo.commit({"a.jsonnet": text})
    world.resolve(str(repo.path), head)
    with world.repositories() as repositories, repositories.snapshot(str(repo.path), head) as snapshot:
        evaluation = jsonnet.Evaluation(snapshot, "", Jsonnet(), Cache(world.cache / "render"), timeout_s)
        return str(evaluation.read("a.jsonnet", text.encode()).problems[0])


def test_one_that_does_not_end_is_ended(world: World, repo: Repo) -> None:
    text = "std.foldl(function(a, b) a + b, std.makeArray(1e9, function(i) i), 0)"
    assert evaluate(world, repo, text, 0.5) == "a.jsonnet: evaluating this Jsonnet takes longer than 0.5 s"


def test_one_that_takes_all_memory_is_ended(world: World, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonnet, "MOST_BYTES", 300_000_000)
    said = evaluate(world, repo, "std.length(std.repeat('x', 1000 * 1000 * 1000))")
    assert said.startswith("a.jsonnet: evaluating this Jsonnet ended early")


def test_a_commit_is_evaluated_once(world: World, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"a.jsonnet": source("import 'n.libsonnet'"), "n.libsonnet": "'one'"})
    first = world.render(str(repo.path))
    with monkeypatch.context() as patched:
        patched.setattr(jsonnet, "_CHILD", Path("/nonexistent"))
        assert world.render(str(repo.path)) == first
        with pytest.raises(RenderError):
            world.render(str(repo.path), tool=Directory(jsonnet=Jsonnet(ext_vars={"a": "b"})))
    repo.commit({"n.libsonnet": "'two'"})
    assert names(world.render(str(repo.path))) == ["two"]


def test_without_the_package(world: World, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonnet, "_library", lambda: None)
    repo.commit({"app/a.jsonnet": source("'a'"), "app/b.jsonnet": source("'b'"), "app/c.yaml": config_map("c")})
    assert failure(world, repo, "app") == (
        "app: Jsonnet needs the package gojsonnet, which is not installed\n"
        '  → Install gojsonnet (`pip install gojsonnet`), or leave the files out: directory.exclude: "*.jsonnet".'
    )
    assert names(world.render(str(repo.path), "app", tool=Directory(exclude="*.jsonnet"))) == ["c"]


def test_files_of_any_name(world: World, repo: Repo) -> None:
    repo.commit({"a.yaml": config_map("a"), "b.yaml.sealed": config_map("b"), "c": config_map("c"), "d.md": "text\n"})
    sealed = Directory(disable_extension_filter=True, include="*.sealed")
    assert names(world.render(str(repo.path), tool=sealed)) == ["b"]
    assert world.warned == []
    assert names(world.render(str(repo.path), tool=Directory(disable_extension_filter=True))) == ["a", "b", "c"]
    assert world.warned == [
        ".: the extension filter is off without include or exclude, so every file counts as a manifest"
    ]
