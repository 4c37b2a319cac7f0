"""What the tests of charts work with: charts packed by helm, a chart repository and OCI registries on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from fleet.errors import SourceError
from fleet.model.plan import Revision
from fleet.render.charts.charts import Charts
from tests.render.world import config_map

USER, PASSWORD = "deployer", "s3cret/w0rd"


def basic(user: str = USER, password: str = PASSWORD) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclass(frozen=True)
class Packer:
    """Packs charts with the real helm. directory: where their archives are."""

    helm: Path
    sources: Path
    directory: Path

    def run(self, *arguments: str, given: str = "") -> str:
        home = self.sources.parent / "helm-home"
        environ = {"HOME": str(home), "PATH": os.environ["PATH"], "HELM_REGISTRY_CONFIG": str(home / "registry.json")}
        done = subprocess.run(
            [self.helm, *arguments], check=True, capture_output=True, text=True, input=given, env=environ
        )
        return done.stdout

    def source(self, name: str, version: str = "1.0.0", files: Mapping[str, str] | None = None) -> Path:
        """Write a chart of one ConfigMap that tells its version."""
        path = self.sources / f"{name}-{version}" / name
        content = {
            "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n",
            "values.yaml": "colour: chart\n",
            "templates/config.yaml": config_map(
                "{{ .Release.Name }}-{{ .Chart.Name }}",
                version="{{ .Chart.Version | quote }}",
                colour="{{ .Values.colour | quote }}",
            ),
            **(files or {}),
        }
        for file, text in content.items():
            (path / file).parent.mkdir(parents=True, exist_ok=True)
            (path / file).write_text(text)
        return path

    def pack(self, name: str, *versions: str, files: Mapping[str, str] | None = None) -> None:
        """Put archives of a chart's versions into the directory, and list them in its index."""
        sources = [str(self.source(name, version, files)) for version in versions]
        self.run("package", "--destination", str(self.directory), *sources)
        self.index()

    def index(self, *arguments: str) -> None:
        self.run("repo", "index", str(self.directory), *arguments)

    def push(self, registry: str, name: str, *versions: str, files: Mapping[str, str] | None = None) -> None:
        """Push a chart's versions to `host:port/path`."""
        directory = self.sources.parent / "pushed"
        for version in versions:
            self.run("package", "--destination", str(directory), str(self.source(name, version, files)))
            self.push_archive(registry, directory / f"{name}-{version}.tgz")

    def push_archive(self, registry: str, archive: Path) -> None:
        self.run("push", "--plain-http", str(archive), f"oci://{registry}")


@dataclass(frozen=True)
class Runs:
    """Runs that share a cache."""

    cache: Path

    def resolve(self, repo: str, chart: str, name: str, *, everywhere: bool = False, **options: object) -> str:
        """Resolve one revision in a run of its own, and look whether it is what the Chart.yaml there says."""
        settings = {"cache_dir": self.cache} | options
        revision = Revision(repo, name, chart=chart)
        with Charts(**settings) as charts:  # type: ignore[arg-type]
            version = charts.resolve([revision], everywhere=[revision] if everywhere else ())[revision]
            charts.pin()
            with charts.snapshot(repo, chart, version) as snapshot:
                file = snapshot.find(f"{chart.rpartition('/')[2]}/Chart.yaml")
                assert file is not None
                (data,) = snapshot.read([file], 100_000)
        assert f"version: {version}\n".encode() in data
        return version

    def failure(self, repo: str, chart: str, name: str, **options: object) -> str:
        with pytest.raises(SourceError) as caught:
            self.resolve(repo, chart, name, **options)  # type: ignore[arg-type]
        return str(caught.value)


@dataclass
class Site:
    """What a web server does. directory: its files, at /charts/. requests: paths that were asked for, with the status.

    closed: asks for user and password. answers: path → status or bytes, before any file. moved: path → redirect.
    headers: of every answer. cut: half of every answer is missing. authorized: paths that a password was sent to.
    """

    directory: Path
    url: str = ""
    closed: bool = False
    validators: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    answers: dict[str, int | bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    authorized: list[str] = field(default_factory=list)

    @property
    def charts(self) -> str:
        return f"{self.url}/charts"


class _SiteHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, site: Site, *arguments: object) -> None:
        self.site = site
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        status, headers, body = self._answer(path)
        self.site.requests.append(f"{status} {self.path}")
        if "Authorization" in self.headers:
            self.site.authorized.append(self.path)
        self.send_response(status)
        for name, value in (headers | self.site.headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.site.cut else body)
        self.close_connection = self.close_connection or self.site.cut

    def _answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if path in self.site.moved:
            return 302, {"Location": self.site.moved[path]}, b""
        if self.site.closed and self.headers.get("Authorization") != f"Basic {basic()}":
            return 401, {"WWW-Authenticate": 'Basic realm="charts"'}, b""
        answer = self.site.answers.get(path, self.site.directory / path.removeprefix("/charts/"))
        if isinstance(answer, int):
            return answer, {}, b"<html>no</html>"
        if isinstance(answer, Path) and not answer.is_file():
            return 404, {}, b"<html>not found</html>"
        body = answer.read_bytes() if isinstance(answer, Path) else answer
        tag = f'"{hashlib.sha256(body).hexdigest()[:8]}"'
        if self.headers.get("If-None-Match") == tag:
            return 304, {"ETag": tag}, b""
        return 200, {"ETag": tag} if self.site.validators else {}, body

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve(site: Site, certificate: Path | None = None) -> Iterator[Site]:
    """Serve a site. certificate: of a certificate and its key, for HTTPS."""
    with _serving(partial(_SiteHandler, site), certificate) as port:
        site.url = f"http{'s' if certificate else ''}://127.0.0.1:{port}"
        yield site


@contextmanager
def _serving(handler: object, certificate: Path | None = None) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:  # type: ignore[arg-type]
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            running.socket = context.wrap_socket(running.socket, server_side=True)
        thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield running.server_address[1]
        finally:
            running.shutdown()
            thread.join()


@contextmanager
def serve_registry(crane: Path) -> Iterator[str]:
    """Run crane's registry; its `host:port`."""
    command = [str(crane), "registry", "serve", "--address", "127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            port = re.search(r"port (\d+)", process.stderr.readline())
            assert port
            # What it says of requests must not fill the pipe.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield f"127.0.0.1:{port[1]}"
        finally:
            process.kill()


@dataclass
class Guard:
    """A registry behind a door: `kind` is how it wants to be asked, `basic` or `bearer`.

    page: tags are given out so many at a time. requests: what was asked for. refresh: a token that gets others.
    """

    behind: str
    kind: str = "bearer"
    host: str = ""
    page: int = 0
    refresh: str = "refresh-token"
    requests: list[str] = field(default_factory=list)


class _GuardHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, guard: Guard, *arguments: object) -> None:
        self.guard = guard
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        allowed = f"refresh_token={self.guard.refresh}" in form
        self._send(200, {}, b'{"access_token": "granted"}') if allowed else self._send(401, {}, b"{}")

    def do_GET(self) -> None:
        self.guard.requests.append(self.path)
        given = self.headers.get("Authorization", "")
        if self.path.startswith("/token"):
            asked = "scope=repository%3A" in self.path and "service=registry" in self.path
            right = given in {f"Basic {basic()}", ""} and asked
            # As public registries do: everybody gets a token, not everybody's opens the door.
            token = "granted" if given else "anonymous"
            self._send(200 if right else 401, {}, json.dumps({"token": token}).encode())
        elif given not in {"bearer": {"Bearer granted"}, "basic": {f"Basic {basic()}"}}[self.guard.kind]:
            realm = f'Bearer realm="http://{self.guard.host}/token",service="registry",scope="repository:x:pull"'
            challenge = realm if self.guard.kind == "bearer" else 'Basic realm="registry"'
            body = b'{"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}'
            self._send(401, {"WWW-Authenticate": challenge}, body)
        else:
            self._forward()

    def _forward(self) -> None:
        request = urllib.request.Request(f"http://{self.guard.behind}{self.path}", headers={"Accept": "*/*"})
        try:
            with urllib.request.urlopen(request) as answer:
                body, headers = answer.read(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                self._send(error.code, {}, error.read())
            return
        if self.guard.page and "/tags/list" in self.path:
            body, headers = self._paged(body)
        headers = {name: value for name, value in headers.items() if name.lower() in {"content-type", "link"}}
        self._send(200, headers, body)

    def _paged(self, body: bytes) -> tuple[bytes, dict[str, str]]:
        whole = json.loads(body)
        start = int((re.search(r"start=(\d+)", self.path) or [0, 0])[1])
        end = start + self.guard.page
        more = end < len(whole["tags"])
        path = self.path.partition("?")[0]
        link = {"Link": f'<{path}?n=1000&start={end}>; rel="next"'} if more else {}
        return json.dumps({**whole, "tags": whole["tags"][start:end]}).encode(), link

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def guarded(guard: Guard) -> Iterator[Guard]:
    """Have a registry behind a door."""
    with _serving(partial(_GuardHandler, guard)) as port:
        guard.host = f"127.0.0.1:{port}"
        yield guard
