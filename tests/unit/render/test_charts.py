"""Chart repositories without any: addresses, archives, versions, and what other programs' files say of them."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from pathlib import Path

import pytest

from fleet.errors import SourceError
from fleet.render.charts import credentials
from fleet.render.charts.archive import NotAChartError, fast_import, unpacked
from fleet.render.charts.credentials import Login
from fleet.render.charts.location import check_chart, directory_of, is_loopback, parse
from fleet.render.charts.offer import chosen


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://charts.example.com", "https://charts.example.com"),
        ("HTTPS://Charts.Example.com/stable//", "https://charts.example.com/stable"),
        ("http://127.0.0.1:8080/a?b=c", "http://127.0.0.1:8080/a?b=c"),
        ("oci://ghcr.io/team/charts/", "oci://ghcr.io/team/charts"),
        ("oci://registry/team", "oci://registry/team"),
        ("registry-1.docker.io/bitnamicharts", "oci://registry-1.docker.io/bitnamicharts"),
        ("localhost:5000", "oci://localhost:5000"),
        ("https://[::1]:8443/x", "https://[::1]:8443/x"),
    ],
)
def test_an_address_is_one_location(text: str, url: str) -> None:
    assert (parse(text).url, parse(text).shown) == (url, text)


@pytest.mark.parametrize("scheme", ["https", "oci"])
def test_credentials_in_an_address_are_not_shown(scheme: str) -> None:
    found = parse(f"{scheme}://us%40er:pass%2Fword@host.example.com/x")
    assert (found.url, found.user, found.password) == (f"{scheme}://host.example.com/x", "us@er", "pass/word")
    assert found.shown == f"{scheme}://***@host.example.com/x"
    assert "word" not in repr(found)
    assert parse(f"{scheme}://token@host.example.com/x").shown == f"{scheme}://***@host.example.com/x"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "It names no host."),
        ("../charts", "It names no host."),
        ("charts/web", "It names no host."),
        ("https://", "It names no host."),
        ("oci://-x/y", "It names no host."),
        ("https://host/a b", "It has spaces or control characters."),
        ("file:///srv/charts", "Charts are not fetched by file."),
        ("git@github.com:team/charts", "It names no host."),
    ],
)
def test_what_is_no_address(text: str, why: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(text)
    assert caught.value.problems[0].detail == why


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:5000"])
def test_this_machine_is_asked_without_tls(host: str) -> None:
    assert is_loopback(host)
    assert not is_loopback(f"{host}.example.com")


@pytest.mark.parametrize("chart", ["", "..", "../web", "a b", "-web", "web@sha256", "a//b", "web/"])
def test_what_is_no_name_of_a_chart(chart: str) -> None:
    with pytest.raises(SourceError):
        check_chart(chart, parse("oci://host.example.com"))


def test_only_a_registry_has_charts_below_each_other() -> None:
    check_chart("team/web", parse("oci://host.example.com"))
    with pytest.raises(SourceError):
        check_chart("team/web", parse("https://host.example.com"))
    assert directory_of("team/web") == directory_of("web") == "web"


# Archives


def packed(files: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in others:
            archive.addfile(member)
    return stream.getvalue()


def link(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


def test_an_archive_holds_what_is_below_its_first_directory() -> None:
    data = packed(
        {"x/Chart.yaml": b"name: web\n", "x/templates/./a.yaml": b"a", "x\\b.yaml": b"b"}, link("x/l", "/etc/passwd")
    )
    assert unpacked(data) == {"Chart.yaml": b"name: web\n", "templates/a.yaml": b"a", "b.yaml": b"b"}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "It is no gzip archive."),
        (b"apiVersion: v2\n", "It is no gzip archive."),
        (b"\x1f\x8b\x08garbage", "The archive cannot be read: "),
        (packed({"x/Chart.yaml": b"1" * 5000})[:-20], "The archive cannot be read: "),
        (packed({"x/values.yaml": b""}), "There is no Chart.yaml in it."),
        (packed({"Chart.yaml": b""}), "Chart.yaml is outside the chart's directory."),
        (packed({"x/../../Chart.yaml": b""}), "x/../../Chart.yaml is outside the chart's directory."),
        (packed({"x//etc/passwd": b""}), "x//etc/passwd is outside the chart's directory."),
        (packed({"x/C:/a": b""}), "x/C:/a is outside the chart's directory."),
    ],
    ids=["empty", "YAML", "garbage", "cut off", "no chart", "no directory", "above", "absolute", "drive"],
)
def test_what_is_no_chart(data: bytes, why: str) -> None:
    with pytest.raises(NotAChartError) as caught:
        unpacked(data)
    assert str(caught.value).startswith(why)


def test_a_chart_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet.render.charts.archive.MOST_BYTES", 1024 * 1024)
    data = packed({"x/Chart.yaml": b"", "x/a": bytes(600_000), "x/b": bytes(600_000)})
    with pytest.raises(NotAChartError, match="larger than 1 MB"):
        unpacked(data)


def test_the_order_in_an_archive_makes_no_difference() -> None:
    one = fast_import("refs/x", "web", {"a": b"1", 'q"\n': b"2"}, b"data")
    assert one == fast_import("refs/x", "web", {'q"\n': b"2", "a": b"1"}, b"data")
    assert b'M 100644 :2 "web/q\\"\\n"\n' in one


@pytest.mark.parametrize(
    ("name", "version"),
    [("1.0", "1.0"), ("1.0.0", "v1.0.0"), ("1.x", "v1.2.0"), ("latest", "latest"), ("newest", None), ("3.x", None)],
)
def test_a_name_means_itself_or_the_newest_that_it_allows(name: str, version: str | None) -> None:
    assert chosen(name, ["v1.0.0", "1.0", "v1.2.0", "2.0.0", "latest"]) == version


# Credentials


def auth(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("host", "login"),
    [
        ("ghcr.io", Login("helm", "one")),
        ("quay.io", Login("docker", "two:three")),
        ("docker.io", Login("hub", "four")),
        ("registry-1.docker.io", Login("hub", "four")),
        ("token.example.com", Login(token="refresh")),
        ("plain.example.com", Login("plain", "five")),
        ("broken.example.com", Login()),
        ("other.example.com", Login()),
    ],
)
def test_what_helm_and_docker_know_of_a_registry(tmp_path: Path, host: str, login: Login) -> None:
    ours, dockers = tmp_path / "helm.json", tmp_path / "docker"
    dockers.mkdir()
    ours.write_text(json.dumps({"auths": {"ghcr.io": {"auth": auth("helm:one")}}}))
    stored = {
        "ghcr.io": {"auth": auth("docker:other")},
        "https://quay.io/v2/": {"auth": auth("docker:two:three")},
        "https://index.docker.io/v1/": {"auth": auth("hub:four")},
        "token.example.com": {"auth": "", "identitytoken": "refresh"},
        "plain.example.com": {"username": "plain", "password": "five"},
        "broken.example.com": {"auth": "%%%"},
    }
    (dockers / "config.json").write_text(json.dumps({"auths": stored}))
    environ = {"HELM_REGISTRY_CONFIG": str(ours), "DOCKER_CONFIG": str(dockers), "PATH": ""}
    assert credentials.of_registry(parse(f"oci://{host}/x"), environ) == login
    assert credentials.of_registry(parse(f"oci://me:mine@{host}/x"), environ) == Login("me", "mine")


def test_what_helm_knows_of_a_repository(tmp_path: Path) -> None:
    (tmp_path / "repositories.yaml").write_text(
        "repositories:\n- name: ours\n  url: https://charts.example.com/x/\n  username: me\n  password: mine\n"
        "  caFile: /ca\n  certFile: /cert\n  keyFile: /key\n  insecure_skip_tls_verify: true\n"
        "  pass_credentials_all: true\n- name: none\n  url: https://none.example.com\n"
    )
    environ = {"HELM_CONFIG_HOME": str(tmp_path)}
    whole = Login("me", "mine", "", "/ca", "/cert", "/key", insecure=True, everywhere=True)
    assert credentials.of_repository(parse("https://charts.example.com/x"), environ) == whole
    assert credentials.of_repository(parse("https://a:b@charts.example.com/x"), environ).user == "a"
    assert credentials.of_repository(parse("https://charts.example.com"), environ) == Login()
    urls = {"ours": "https://charts.example.com/x/", "none": "https://none.example.com"}
    assert credentials.aliases(environ) == urls
    assert "mine" not in repr(whole)


@pytest.mark.parametrize("environ", [{}, {"XDG_CONFIG_HOME": "/none"}, {"HELM_REPOSITORY_CONFIG": "/none/x"}])
def test_no_configuration_is_no_login(environ: dict[str, str]) -> None:
    environ = {"HOME": "/none"} | environ
    assert credentials.of_repository(parse("https://charts.example.com"), environ) == Login()
    assert credentials.of_registry(parse("oci://charts.example.com"), environ) == Login()


def test_a_broken_configuration_is_named_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "repositories.yaml").write_text("password: s3cret: x\n")
    (tmp_path / "config.json").write_text('{"auths": "s3cret"')
    environ = {"HELM_CONFIG_HOME": str(tmp_path), "DOCKER_CONFIG": str(tmp_path), "HOME": "/none"}
    expected = "cannot be read\n  It is not what helm or docker writes there.\n  → It is asked for credentials."
    with pytest.raises(SourceError) as caught:
        credentials.of_repository(parse("https://charts.example.com"), environ)
    assert str(caught.value) == f"{tmp_path}/repositories.yaml {expected}"
    with pytest.raises(SourceError) as caught:
        credentials.of_registry(parse("oci://charts.example.com"), environ)
    assert str(caught.value) == f"{tmp_path}/config.json {expected}"
