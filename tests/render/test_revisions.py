"""Which commit a revision means, in real repositories."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fleet.errors import SourceError, Where
from fleet.model.plan import Revision
from tests.render.world import Repo, World


@pytest.fixture
def history(repo: Repo) -> dict[str, str]:
    """A repository with everything that a revision can mean."""
    first = repo.commit({"a": "1"}, "first")
    repo.git("tag", "light")
    repo.git("tag", "--annotate", "noted", "--message", "with a message")
    repo.git("tag", "--annotate", "of-a-tag", "noted", "--message", "of another tag")
    repo.git("tag", "both")
    second = repo.commit({"a": "2"}, "second")
    repo.git("branch", "feature/x")
    repo.git("branch", "both")
    repo.git("update-ref", "refs/pull/7/head", first)
    third = repo.commit({"a": "3"}, "third")
    repo.git("branch", first[:8], third)
    repo.git("branch", second, third)
    return {"first": first, "second": second, "third": third}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("main", "third"),
        ("HEAD", "third"),
        ("feature/x", "second"),
        ("light", "first"),
        ("noted", "first"),
        ("of-a-tag", "first"),
        ("refs/heads/feature/x", "second"),
        ("refs/tags/noted", "first"),
        ("refs/pull/7/head", "first"),
        ("heads/both", "second"),
        ("tags/both", "first"),
    ],
)
def test_names(world: World, repo: Repo, history: dict[str, str], name: str, expected: str) -> None:
    assert world.resolve(str(repo.path), name) == {name: history[expected]}


def test_a_branch_goes_before_a_tag_of_its_name_as_in_argo_cd(
    world: World, repo: Repo, history: dict[str, str]
) -> None:
    assert world.resolve(str(repo.path), "both")["both"] == history["second"]


def test_a_full_sha_is_a_commit_even_if_a_branch_is_called_so(
    world: World, repo: Repo, history: dict[str, str]
) -> None:
    sha = history["second"]
    assert world.resolve(str(repo.path), sha, sha.upper()) == {sha: sha, sha.upper(): sha}


def test_a_short_sha_is_a_commit_unless_a_branch_is_called_so(
    world: World, repo: Repo, history: dict[str, str]
) -> None:
    first, second = history["first"], history["second"]
    found = world.resolve(str(repo.path), first[:8], first[:9], second[:7].upper())
    assert found == {first[:8]: history["third"], first[:9]: first, second[:7].upper(): second}


def test_the_sha_of_an_annotated_tag_is_its_commit(world: World, repo: Repo, history: dict[str, str]) -> None:
    tag = repo.git("rev-parse", "refs/tags/noted")
    assert tag != history["first"]
    assert world.resolve(str(repo.path), tag) == {tag: history["first"]}


def test_a_detached_head(world: World, repo: Repo, history: dict[str, str]) -> None:
    repo.git("checkout", "--quiet", history["first"])
    assert world.resolve(str(repo.path), "HEAD") == {"HEAD": history["first"]}


def test_a_commit_that_no_branch_leads_to_is_asked_for_by_itself(
    world: World, repo: Repo, history: dict[str, str]
) -> None:
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    lost = repo.commit({"a": "lost"})
    repo.git("reset", "--quiet", "--hard", history["third"])
    assert world.resolve(str(repo.path), lost, "main") == {lost: lost, "main": history["third"]}


def test_a_shallow_clone_can_be_read(world: World, repo: Repo, new_repo: Callable[[str], Repo]) -> None:
    repo.commit({"a": "1"})
    head = repo.commit({"a": "2"})
    shallow = new_repo("shallow")
    shallow.git("fetch", "--quiet", "--depth=1", f"file://{repo.path}", "main:ci")
    shallow.git("checkout", "--quiet", "--detach", "ci")
    assert world.resolve(str(shallow.path), "HEAD", "ci", head) == {"HEAD": head, "ci": head, head: head}


def test_each_run_takes_what_is_new_and_forgets_what_is_gone(world: World, repo: Repo) -> None:
    url = str(repo.path)
    first = repo.commit({"a": "1"})
    repo.git("branch", "old")
    repo.git("branch", "gone")
    repo.git("tag", "gone-too")
    repo.git("update-ref", "refs/pull/1/head", first)
    assert set(world.resolve(url, "main", "old", "gone", "gone-too", "refs/pull/1/head").values()) == {first}
    second = repo.commit({"a": "2"})
    repo.git("branch", "--delete", "--force", "gone")
    repo.git("tag", "--delete", "gone-too")
    repo.git("update-ref", "-d", "refs/pull/1/head")
    for gone in ("gone", "gone-too", "refs/pull/1/head"):
        with pytest.raises(SourceError, match=f"has no revision {gone}"):
            world.resolve(url, gone)
    repo.git("branch", "--delete", "--force", "old")
    repo.git("branch", "old/er")
    assert world.resolve(url, "main", "old/er") == {"main": second, "old/er": second}


def test_within_a_run_a_revision_stays_what_it_was(world: World, repo: Repo) -> None:
    first = repo.commit({"a": "1"})
    with world.repositories() as repositories:
        main = Revision(str(repo.path), "main")
        assert repositories.resolve([main]) == {main: first}
        repo.commit({"a": "2"})
        assert repositories.resolve([main, Revision(str(repo.path), "HEAD")])[main] == first


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "mian",
            """
{repo} has no revision mian
  No branch and no tag has this name.
  → Did you mean main?""",
            id="near",
        ),
        pytest.param(
            "zzz",
            """
{repo} has no revision zzz
  No branch and no tag has this name.
  → It has main, v1.0.""",
            id="far",
        ),
        pytest.param(
            "refs/pull/9/head",
            """
{repo} has no revision refs/pull/9/head
  No branch and no tag has this name.
  → It has main, v1.0.""",
            id="ref",
        ),
        pytest.param(
            "0" * 40,
            """
{repo} has no revision 0000000000000000000000000000000000000000
  No branch or tag leads to this commit, and the server does not give it out by itself.
  → Has the branch been rewritten, or is the commit not pushed yet?""",
            id="full SHA",
        ),
        pytest.param(
            "abcdef0",
            """
{repo} has no revision abcdef0
  No branch, no tag and no commit has this name; a short SHA has seven digits or more.
  → It has main, v1.0.""",
            id="short SHA",
        ),
        pytest.param(
            "HEAD~1",
            """
{repo} has no revision HEAD~1
  A revision is a branch, a tag, a full or short SHA, HEAD, or a ref that starts with refs/.
  → Expressions such as HEAD~1 are not supported.""",
            id="expression",
        ),
        pytest.param(
            "--upload-pack=touch pwned",
            """
{repo} has no revision --upload-pack=touch pwned
  A revision is a branch, a tag, a full or short SHA, HEAD, or a ref that starts with refs/.
  → Expressions such as HEAD~1 are not supported.""",
            id="option",
        ),
        pytest.param(
            "v2.*",
            """
{repo} has no tag that fits v2.*
  The nearest is v1.0.""",
            id="constraint",
        ),
    ],
)
def test_what_is_missing_is_said(world: World, repo: Repo, name: str, expected: str) -> None:
    repo.commit({"a": "1"})
    repo.git("tag", "v1.0")
    with pytest.raises(SourceError) as caught:
        world.resolve(str(repo.path), name)
    assert str(caught.value) == "repository " + expected.strip().format(repo=repo.path)
    assert not list(repo.path.parent.rglob("pwned"))


@pytest.fixture
def released(repo: Repo) -> dict[str, str]:
    """A repository with tags that are versions, each at a commit of its own: tag → commit."""
    names = ["v1.2.0", "v1.10.1", "1.9.0", "v2.0.0-rc.1", "v2.0", "nightly", "web-0.9.0", "web-1.3.0", "db/1.0.0"]
    tags = {name: repo.commit({"a": name}, name) for name in names}
    for name, commit in tags.items():
        repo.git("tag", "--annotate", name, commit, "--message", name)
    return tags


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("1.x", ""), "v1.10.1"),
        (("v1.2.*", ""), "v1.2.0"),
        (("~1.9", ""), "1.9.0"),
        ((">=1.2 <1.10", ""), "1.9.0"),
        ((">=1.2,<1.10 || 0.9", ""), "1.9.0"),
        (("1.2 - 1.9", ""), "1.9.0"),
        (("*", ""), "v2.0"),
        ((">=1.0.0-0 <2.0.0", ""), "v2.0.0-rc.1"),
        (("v2.0", ""), "v2.0"),
        (("nightly", ""), "nightly"),
        (("1.x", "web-"), "web-1.3.0"),
        (("*", "web-"), "web-1.3.0"),
        (("0.9.0", "web-"), "web-0.9.0"),
        (("^1", "db/"), "db/1.0.0"),
        (("nightly", "web-"), "nightly"),
        (("main", "web-"), "db/1.0.0"),
        (("HEAD", "web-"), "db/1.0.0"),
    ],
)
def test_versions(world: World, repo: Repo, released: dict[str, str], asked: tuple[str, str], expected: str) -> None:
    name, prefix = asked
    assert world.resolve(str(repo.path), name, tag_prefix=prefix) == {name: released[expected]}


def test_a_constraint_is_a_branch_where_no_tag_fits(world: World, repo: Repo, released: dict[str, str]) -> None:
    repo.git("branch", "1.x", released["nightly"])
    repo.git("branch", "3.x", released["nightly"])
    assert world.resolve(str(repo.path), "1.x", "3.x") == {"1.x": released["v1.10.1"], "3.x": released["nightly"]}


def test_a_new_tag_is_found_by_the_next_run_and_a_sha_needs_none(
    world: World, repo: Repo, released: dict[str, str]
) -> None:
    assert world.resolve(str(repo.path), "2.x", run_id="one") == {"2.x": released["v2.0"]}
    newer = repo.commit({"a": "newer"})
    repo.git("tag", "v2.1.0", newer)
    assert world.resolve(str(repo.path), "2.x", run_id="two") == {"2.x": newer}
    repo.path.rename(repo.path.with_name("away"))
    assert world.resolve(str(repo.path), "2.x", run_id="one") == {"2.x": released["v2.0"]}


def test_pins_tell_tag_prefixes_apart(world: World, repo: Repo, released: dict[str, str]) -> None:
    for prefix, tag in (("", "v2.0"), ("web-", "web-1.3.0"), ("db/", "db/1.0.0")):
        assert world.resolve(str(repo.path), "*", tag_prefix=prefix, run_id="one") == {"*": released[tag]}
    repo.path.rename(repo.path.with_name("away"))
    for prefix, tag in (("", "v2.0"), ("web-", "web-1.3.0"), ("db/", "db/1.0.0")):
        assert world.resolve(str(repo.path), "*", tag_prefix=prefix, run_id="one") == {"*": released[tag]}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            ("~1.11", ""),
            """
{repo} has no tag that fits ~1.11
  The nearest are 1.9.0, v1.10.1, v2.0.0-rc.1, v2.0.
  → A prerelease only fits a constraint that has one itself, such as >=1.2.0-0.""",
        ),
        (
            (">=2", "web-"),
            """
{repo} has no tag that fits >=2 after the prefix web-
  The nearest are web-0.9.0, web-1.3.0.""",
        ),
        (
            (">=2", "api-"),
            """
{repo} has no tag that fits >=2 after the prefix api-
  None of its tags is a version after the prefix api-.
  → It has main, 1.9.0, db/1.0.0, nightly, v1.10.1, ….""",
        ),
        (
            ("1.4.0", "web-"),
            """
{repo} has no revision web-1.4.0
  No branch and no tag has this name.
  → Did you mean web-1.3.0 or web-0.9.0?""",
        ),
    ],
)
def test_a_version_that_is_missing(
    world: World, repo: Repo, released: dict[str, str], asked: tuple[str, str], expected: str
) -> None:
    assert released
    with pytest.raises(SourceError) as caught:
        world.resolve(str(repo.path), asked[0], tag_prefix=asked[1])
    assert str(caught.value) == "repository " + expected.strip().format(repo=repo.path)


def test_a_short_sha_that_fits_several(world: World, repo: Repo) -> None:
    tree = repo.git("hash-object", "-t", "tree", "-w", "/dev/null")
    for branch, second in (("one", 1700022266), ("two", 1700035008)):
        person = f"T <t@example.com> {second} +0000"
        repo.write({"commit": f"tree {tree}\nauthor {person}\ncommitter {person}\n\nx\n"})
        repo.git("branch", branch, repo.git("hash-object", "-t", "commit", "-w", "commit"))
    short = repo.git("rev-parse", "one")[:7]
    with pytest.raises(SourceError) as caught:
        world.resolve(str(repo.path), short)
    assert str(caught.value) == (
        f"repository {repo.path} has no revision {short}\n"
        "  2 commits have SHAs that start with it.\n"
        "  → Give more digits, or the full SHA."
    )


def test_an_empty_repository(world: World, repo: Repo) -> None:
    with pytest.raises(SourceError) as caught:
        world.resolve(str(repo.path), "HEAD")
    assert str(caught.value) == (
        f"repository {repo.path} has no revision HEAD\n"
        "  The repository is empty, or its HEAD names a branch that does not exist.\n"
        "  → It has no branch and no tag at all."
    )


def test_all_that_is_wrong_is_said_at_once_with_who_uses_it(world: World, repo: Repo) -> None:
    repo.commit({"a": "1"})
    url = str(repo.path)
    users = {
        Revision(url, "nope"): Where(application="web", cluster="dev"),
        Revision("nowhere", "main"): Where(application="shop"),
        Revision("ext::sh -c date", "main"): Where("stacks/dev/apps.yaml", 7, key="source.repoURL", application="x"),
    }
    with world.repositories() as repositories, pytest.raises(SourceError) as caught:
        repositories.resolve([*users, Revision(url, "main")], users)
    assert [str(problem).partition("\n")[0] for problem in caught.value.problems] == [
        "application shop: there is no repository nowhere",
        f"application web, cluster dev: repository {url} has no revision nope",
        "stacks/dev/apps.yaml:7, application x, source.repoURL: ext::sh -c date is not the address of a repository",
    ]
