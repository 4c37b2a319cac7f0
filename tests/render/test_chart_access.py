"""Getting at chart repositories and registries: credentials, and what is said when it does not work."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fleet.errors import SourceError, Where
from fleet.model.plan import Revision
from fleet.render.charts.charts import Charts
from localclusters.certs import Authority
from tests.render.chart_servers import PASSWORD, USER, Guard, Packer, Runs, Site, basic, guarded, serve


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def login_by_url(site: Site, home: Path) -> str:
    quoted = PASSWORD.replace("/", "%2F")
    return site.charts.replace("://", f"://{USER}:{quoted}@")


def login_by_helm(site: Site, home: Path) -> str:
    file = home / ".config/helm/repositories.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(
        f"repositories:\n- name: other\n  url: http://other.example.com\n"
        f"- name: ours\n  url: {site.charts}/\n  username: {USER}\n  password: {PASSWORD}\n"
    )
    return site.charts


def login_by_netrc(site: Site, home: Path) -> str:
    (home / ".netrc").write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    (home / ".netrc").chmod(0o600)
    return site.charts


@pytest.mark.parametrize("log_in", [login_by_url, login_by_helm, login_by_netrc])
def test_a_repository_is_asked_with_what_the_user_has_told_helm(
    packer: Packer, site: Site, runs: Runs, home: Path, log_in: Callable[..., str]
) -> None:
    packer.pack("web", "1.0.0")
    site.closed = True
    assert runs.resolve(log_in(site, home), "web", "1.x") == "1.0.0"


def test_no_secret_is_left_behind(packer: Packer, site: Site, runs: Runs, home: Path, tmp_path: Path) -> None:
    packer.pack("web", "1.0.0")
    site.closed = True
    url = login_by_url(site, home)
    runs.resolve(url, "web", "1.x", run_id="run")
    said = runs.failure(url, "nothing", "1.x")
    assert "http://***@127.0.0.1" in said
    for text in (said, *(path.read_bytes().decode(errors="replace") for path in files(tmp_path / "cache"))):
        assert PASSWORD not in text
        assert PASSWORD.replace("/", "%2F") not in text


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


@pytest.mark.parametrize("how", ["not", "by the application", "by helm"])
def test_a_password_goes_to_another_host_only_if_that_is_said(
    packer: Packer, site: Site, runs: Runs, home: Path, how: str
) -> None:
    packer.pack("web", "1.0.0")
    url = login_by_helm(site, home)
    if how == "by helm":
        file = home / ".config/helm/repositories.yaml"
        file.write_text(file.read_text() + "  pass_credentials_all: true\n")
    with serve(Site(packer.directory)) as other:
        packer.index("--url", other.charts)
        site.closed = True
        assert runs.resolve(url, "web", "1.0.0", everywhere=how == "by the application") == "1.0.0"
        assert other.authorized == ([] if how == "not" else ["/charts/web-1.0.0.tgz"])


def test_a_password_does_not_follow_a_redirect_to_another_host(
    packer: Packer, site: Site, runs: Runs, home: Path
) -> None:
    packer.pack("web", "1.0.0")
    with serve(Site(packer.directory)) as other:
        other.closed = True
        site.moved["/charts/web-1.0.0.tgz"] = f"{other.url}/charts/web-1.0.0.tgz"
        url = login_by_helm(site, home)
        assert "answers 401" in runs.failure(url, "web", "1.0.0")
        assert other.authorized == []
        assert runs.resolve(url, "web", "1.0.0", everywhere=True) == "1.0.0"


def docker_auths(host: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_config(home / ".docker/config.json", {"auths": {f"http://{host}/v2/": {"auth": basic()}}})


def helm_auths(host: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_config(home / ".config/helm/registry/config.json", {"auths": {host: {"auth": basic()}}})


def helper(host: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_config(home / ".docker/config.json", {"credHelpers": {host: "test"}})
    answer = json.dumps({"Username": USER, "Secret": PASSWORD})
    program = home / "bin" / "docker-credential-test"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nread asked\n[ \"$1 $asked\" = 'get {host}' ] && echo '{answer}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


def identity_token(host: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_config(home / ".docker/config.json", {"auths": {host: {"identitytoken": "refresh-token"}}})


def write_config(file: Path, data: object) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("kind", "log_in"),
    [
        ("bearer", docker_auths),
        ("bearer", helm_auths),
        ("bearer", helper),
        ("bearer", identity_token),
        ("basic", docker_auths),
    ],
)
def test_a_registry_is_asked_with_what_helm_and_docker_know(
    *,
    packer: Packer,
    registry: str,
    runs: Runs,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    log_in: Callable[..., None],
) -> None:
    packer.push(f"{registry}/team", "web", "1.0.0", "1.1.0")
    with guarded(Guard(registry, kind)) as guard:
        assert f"no access to chart web in registry oci://{guard.host}/team" in runs.failure(
            f"oci://{guard.host}/team", "web", "1.x"
        )
        log_in(guard.host, home, monkeypatch)
        assert runs.resolve(f"oci://{guard.host}/team", "web", "1.x") == "1.1.0"


def test_tags_come_in_pages(packer: Packer, registry: str, runs: Runs) -> None:
    packer.push(f"{registry}/team", "web", "1.0.0", "1.2.0", "1.10.1", "2.0.0-rc.1", "2.0.0+build.5")
    with guarded(Guard(registry, page=2)) as guard:
        repo = f"oci://{USER}:{PASSWORD.replace('/', '%2F')}@{guard.host}/team"
        assert runs.resolve(repo, "web", "<1.10") == "1.2.0"
        assert sum("/tags/list" in each for each in guard.requests) == 4  # one before the login
        assert sum(each.startswith("/token") for each in guard.requests) == 1


# What is said

NO_REPOSITORY = (
    "  → Give the address that `helm repo add` takes: what is at <address>/index.yaml must be the index.\n"
    "  → A registry's address starts with oci://; a chart in Git is for a GitSource."
)
NO_ACCESS = (
    "  → Is the address right? Credentials are those of `helm repo add NAME URL --username …`, of ~/.netrc,\n"
    "  → or from the address."
)
NO_CONSTRAINT = (
    "chart repository {0} has no version latest of chart web\n  It is neither a version nor a constraint.\n"
    "  → Write an exact version, or a constraint such as 1.2.x, ^1.2 or >=1.2 <2."
)
ONLY_PRERELEASES = (
    "chart repository {0} has no version * of chart api\n  Its newest: 0.1.0-alpha.\n"
    "  → All are prereleases, which a constraint has to name: >=0.1.0-alpha"
)
FAILED = "  → Try again; if it stays so, the server's operator can tell more."


@pytest.mark.parametrize(
    ("chart", "name", "answer", "expected"),
    [
        ("wbe", "1.x", None, "chart repository {0} has no chart wbe\n  It has api, web.\n  → Did you mean web?"),
        ("web", ">=3", None, "chart repository {0} has no version >=3 of chart web\n  Its newest: 2.0.0-rc.1, 1.0.0."),
        (
            "web",
            "1.0.1",
            None,
            "chart repository {0} has no version 1.0.1 of chart web\n  Its newest: 2.0.0-rc.1, 1.0.0.",
        ),
        (
            "web",
            "latest",
            None,
            NO_CONSTRAINT,
        ),
        (
            "api",
            "*",
            None,
            ONLY_PRERELEASES,
        ),
        (
            "../web",
            "*",
            None,
            "../web is not the name of a chart\n  → Give the name that it has in the repository, without a version.",
        ),
        (
            "web",
            "*",
            b"<html>hi</html>",
            "{0} is not a chart repository\n  Its index.yaml: It is a web page.\n" + NO_REPOSITORY,
        ),
        (
            "web",
            "*",
            b"a: b\n",
            "{0} is not a chart repository\n  Its index.yaml: It has no `entries`.\n" + NO_REPOSITORY,
        ),
        (
            "web",
            "*",
            b"entries: [\n",
            "{0} is not a chart repository\n  Its index.yaml: It cannot be read, line 1: not valid YAML: "
            "a value is missing, or starts with a character that it cannot start with.\n" + NO_REPOSITORY,
        ),
        (
            "web",
            "*",
            404,
            "chart repository {0} does not have an index.yaml\n  {0}/index.yaml answers 404.\n" + NO_ACCESS,
        ),
        ("web", "*", 401, "no access to chart repository {0}\n  {0}/index.yaml answers 401.\n" + NO_ACCESS),
        ("web", "*", 403, "no access to chart repository {0}\n  {0}/index.yaml answers 403.\n" + NO_ACCESS),
        ("web", "*", 500, "chart repository {0} does not give an index.yaml\n  {0}/index.yaml answers 500.\n" + FAILED),
    ],
)
def test_what_is_said_of_a_repository(
    *,
    packer: Packer,
    site: Site,
    runs: Runs,
    chart: str,
    name: str,
    answer: int | bytes | None,
    expected: str,
) -> None:
    packer.pack("web", "1.0.0", "2.0.0-rc.1")
    packer.pack("api", "0.1.0-alpha")
    if answer is not None:
        site.answers["/charts/index.yaml"] = answer
    assert runs.failure(site.charts, chart, name) == expected.format(site.charts)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<html>", "chart web 1.0.0 is not what chart repository {} says it is\n  Its digest is to be "),
        (404, "chart repository {} does not have the archive of chart web 1.0.0\n"),
    ],
)
def test_what_is_said_of_an_archive(
    packer: Packer, site: Site, runs: Runs, content: int | bytes, expected: str
) -> None:
    packer.pack("web", "1.0.0")
    site.answers["/charts/web-1.0.0.tgz"] = content
    assert expected.format(site.charts) in runs.failure(site.charts, "web", "1.0.0")


def test_an_archive_is_taken_as_it_was_sent(packer: Packer, site: Site, runs: Runs) -> None:
    packer.pack("web", "1.0.0")
    assert runs.resolve(site.charts, "web", "1.x") == "1.0.0"
    packer.pack("web", "1.0.1")
    site.headers["Content-Encoding"] = "gzip"
    site.answers["/charts/index.yaml"] = gzip.compress((packer.directory / "index.yaml").read_bytes())
    assert runs.resolve(site.charts, "web", "1.x") == "1.0.1"


def test_an_answer_that_is_cut_off(packer: Packer, site: Site, runs: Runs) -> None:
    packer.pack("web", "1.0.0")
    site.cut = True
    said = runs.failure(site.charts, "web", "1.x")
    assert said.startswith(f"chart repository {site.charts} cannot be reached\n  At {site.charts}/index.yaml: ")


def test_what_is_said_of_an_archive_that_is_no_chart(packer: Packer, site: Site, runs: Runs) -> None:
    packer.pack("web", "1.0.0")
    index = packer.directory / "index.yaml"
    index.write_text("\n".join(line for line in index.read_text().split("\n") if "digest" not in line))
    site.answers["/charts/web-1.0.0.tgz"] = b"<html>"
    expected = f"web 1.0.0 in {site.charts} is not a Helm chart\n  It is no gzip archive."
    assert runs.failure(site.charts, "web", "1.0.0") == expected


def test_what_is_said_of_a_registry(packer: Packer, registry: str, runs: Runs, tools: Path, tmp_path: Path) -> None:
    packer.push(f"{registry}/team", "web", "1.0.0")
    repo = f"oci://{registry}/team"
    expected = f"chart repository {repo} has no version 2.0.0 of chart web\n  Its newest: 1.0.0."
    assert runs.failure(repo, "web", "2.0.0") == expected
    assert runs.failure(repo, "none", "1.x").startswith(
        f"registry {repo} does not have chart none\n"
        f"  http://{registry}/v2/team/none/tags/list?n=1000 answers 404: Unknown name.\n"
    )
    (tmp_path / "layer.tar").write_bytes(bytes(1024))
    push = [str(tools / "crane"), "append", "--insecure", "--new_layer", str(tmp_path / "layer.tar")]
    subprocess.run([*push, "--new_tag", f"{registry}/team/image:1.0.0"], check=True, capture_output=True)
    assert runs.failure(repo, "image", "1.0.0").startswith(
        f"image 1.0.0 in registry {repo} is not a Helm chart\n"
        "  Its media type is application/vnd.docker.container.image.v1+json."
    )


def test_a_certificate_is_trusted_if_helm_was_told_of_its_authority(
    packer: Packer, runs: Runs, home: Path, tmp_path: Path
) -> None:
    packer.pack("web", "1.0.0")
    authority = Authority("test")
    credential = authority.server()
    (tmp_path / "server.pem").write_bytes(credential.certificate + credential.key)
    (tmp_path / "ca.pem").write_bytes(authority.certificate)
    with serve(Site(packer.directory), tmp_path / "server.pem") as site:
        said = runs.failure(site.charts, "web", "1.x")
        assert f"the TLS certificate of chart repository {site.charts} is not trusted\n" in said
        assert "CERTIFICATE_VERIFY_FAILED" in said
        file = home / ".config/helm/repositories.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(f"repositories:\n- {{name: ours, url: '{site.charts}', caFile: {tmp_path}/ca.pem}}\n")
        assert runs.resolve(site.charts, "web", "1.x") == "1.0.0"


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_server_that_does_not_answer(runs: Runs, silent: int) -> None:
    url = f"http://127.0.0.1:{silent}/charts"
    assert runs.failure(url, "web", "*", timeout_s=1.0) == (
        f"chart repository {url} took longer than 1 s\n  At {url}/index.yaml\n"
        "  → Is the server reachable? Check the address, the network and the proxy."
    )


def test_a_server_that_is_not_there(runs: Runs) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    for url, path in (
        (f"http://127.0.0.1:{port}", "/index.yaml"),
        (f"oci://127.0.0.1:{port}", "/v2/web/tags/list?n=1000"),
    ):
        assert runs.failure(url, "web", "*") == (
            f"chart repository {url} cannot be reached\n"
            f"  At http://127.0.0.1:{port}{path}: [Errno 111] Connection refused\n"
            "  → Check the address, the network and the proxy.\n"
            "  → Without a network, only exact versions that were fetched before can be used."
        )


def test_what_is_wrong_with_several_is_told_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    wanted = {
        Revision(url, "1.x", chart="web"): Where("stack.yaml", 3, application="one", cluster="dev"),
        Revision(url, "1.2.0", chart="web"): Where("stack.yaml", 3, application="one", cluster="prod"),
        Revision(url, "9.x", chart="db"): Where("stack.yaml", 9, application="two", cluster="dev"),
    }
    with Charts(cache_dir=tmp_path / "cache") as charts, pytest.raises(SourceError) as caught:
        charts.resolve(wanted, wanted)
    (problem,) = caught.value.problems
    assert problem.where == Where("stack.yaml", 3, application="one, two")


def test_all_problems_are_told_together(packer: Packer, site: Site, tmp_path: Path) -> None:
    packer.pack("web", "1.0.0")
    wanted = {
        Revision(site.charts, "1.x", chart="wbe"): Where("stack.yaml", 3, application="one"),
        Revision(site.charts, "9.x", chart="web"): Where("stack.yaml", 9, application="two"),
        Revision("git@host:x", "9.x", chart="web"): Where("stack.yaml", 12, application="three"),
    }
    with Charts(cache_dir=tmp_path / "cache") as charts, pytest.raises(SourceError) as caught:
        charts.resolve(wanted, wanted)
    assert [(each.where.line, each.where.application) for each in caught.value.problems] == [
        (3, "one"),
        (9, "two"),
        (12, "three"),
    ]
