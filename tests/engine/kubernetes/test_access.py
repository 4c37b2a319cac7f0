"""Getting into a cluster, and not getting in, in every way that a kubeconfig knows."""

import asyncio
import base64
import json
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fleet.engine.kubernetes.errors import ClusterUnavailableError, ObjectFailedError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.provider import Provider
from localclusters import ports
from localclusters.certs import Authority
from localclusters.cluster import Cluster
from localclusters.kubeconfig import only_context
from tests.engine.kubernetes.faults import faulty_proxy
from tests.engine.kubernetes.manifests import config_map

PLUGIN = "client.authentication.k8s.io/v1"


class Kubeconfig:
    """A kubeconfig to be changed before it is used."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        # kubectl and we read JSON as well.
        self.document = only_context(read_yaml(cluster.kubeconfig), cluster.context)
        self.folder = folder
        (self.folder / "sub").mkdir()

    @property
    def server(self) -> dict[str, Any]:
        entry: dict[str, Any] = self.document["clusters"][0]["cluster"]
        return entry

    @property
    def user(self) -> dict[str, Any]:
        entry: dict[str, Any] = self.document["users"][0]["user"]
        return entry

    def become(self, **user: Any) -> None:
        self.document["users"][0]["user"] = user

    def file(self, name: str, content: str | bytes, mode: int = 0o600) -> None:
        path = self.folder / "sub" / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)

    def provider(self) -> Provider:
        self.file("config", json.dumps(self.document))
        return Provider(ProviderInputs(name="dev", base_dir=self.folder, kubeconfig="sub/config", timeout_s=5.0))

    def inline(self) -> Provider:
        inputs = ProviderInputs(name="dev", base_dir=self.folder / "sub", kubeconfig=json.dumps(self.document))
        return Provider(inputs)


def read_yaml(path: Path) -> Any:
    from fleet.yamlio import load_documents

    return load_documents(path.read_text(), file=str(path))[0].data


@pytest.fixture
def kubeconfig(cluster: Cluster, tmp_path: Path) -> Kubeconfig:
    return Kubeconfig(cluster, tmp_path)


@pytest.fixture
def token(cluster: Cluster) -> str:
    """A token of the default service account, which may do nothing but discover."""
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    answer = cluster.request("POST", path, body)
    assert answer.ok
    return str(answer.body["status"]["token"])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port on which connections are taken and nothing is ever said."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield listening.getsockname()[1]


@pytest.fixture
def closed_port() -> Iterator[int]:
    with ports.hold_free_port() as holder:
        yield ports.number(holder)


async def works(provider: Provider) -> None:
    async with provider:
        assert await provider.namespaces_missing(["default", "nowhere"]) == {"nowhere"}


async def knows_us_as(provider: Provider, user: str) -> None:
    """The API server says whom it refuses."""
    async with provider:
        with pytest.raises(ObjectFailedError, match=user):
            await provider.create(config_map("a", "default"), manager="fleet", adopt=True)


async def fails(provider: Provider, *texts: str) -> None:
    """One failure, told the same to everybody, and no request after it."""
    async with provider:
        creates = (provider.update(config_map(f"a{each}", "default"), manager="fleet") for each in range(50))
        errors = await asyncio.gather(*creates, return_exceptions=True)
        assert {type(error) for error in errors} == {ClusterUnavailableError}
        assert len({str(error) for error in errors}) == 1
        sent = dict(provider.stats)
        assert set(sent) <= {"discover"}
        with pytest.raises(ClusterUnavailableError) as raised:
            await provider.namespaces_missing(["default"])
        assert provider.stats == sent
    for text in ("cluster dev", *texts):
        assert text in str(raised.value)


async def test_a_kubeconfig_as_text(kubeconfig: Kubeconfig) -> None:
    await works(kubeconfig.inline())


async def test_certificates_in_files_beside_the_kubeconfig(kubeconfig: Kubeconfig) -> None:
    for entry, key in (
        (kubeconfig.user, "client-certificate"),
        (kubeconfig.user, "client-key"),
        (kubeconfig.server, "certificate-authority"),
    ):
        kubeconfig.file(f"{key}.pem", base64.b64decode(entry.pop(f"{key}-data")))
        entry[key] = f"{key}.pem"
    await works(kubeconfig.provider())
    await works(kubeconfig.inline())


async def test_a_token(kubeconfig: Kubeconfig, token: str) -> None:
    kubeconfig.become(token=token)
    await knows_us_as(kubeconfig.provider(), "system:serviceaccount:default:default")


async def test_a_token_in_a_file(kubeconfig: Kubeconfig, token: str) -> None:
    kubeconfig.file("token", token)
    kubeconfig.become(tokenFile="token")
    await knows_us_as(kubeconfig.provider(), "system:serviceaccount:default:default")


async def test_impersonation(kubeconfig: Kubeconfig) -> None:
    kubeconfig.user.update({"as": "jane", "as-groups": ["shop", "system:authenticated"]})
    await knows_us_as(kubeconfig.provider(), "jane")


async def test_a_name_of_the_server_for_its_certificate(kubeconfig: Kubeconfig) -> None:
    kubeconfig.server["tls-server-name"] = "kubernetes.default.svc"
    await works(kubeconfig.provider())
    kubeconfig.server["tls-server-name"] = "other.example.com"
    await fails(kubeconfig.provider(), "certificate is not trusted")


async def test_a_server_that_is_not_to_be_verified(kubeconfig: Kubeconfig) -> None:
    del kubeconfig.server["certificate-authority-data"]
    kubeconfig.server["insecure-skip-tls-verify"] = True
    await works(kubeconfig.provider())


class Plugin:
    """An exec plugin that gives a token and counts how often it was asked."""

    def __init__(self, kubeconfig: Kubeconfig, status: dict[str, Any], script: str = "") -> None:
        self.calls = kubeconfig.folder / "calls"
        answer = json.dumps({"apiVersion": PLUGIN, "kind": "ExecCredential", "status": status})
        lines = [f"#!{sys.executable}", "import sys", f"open({str(self.calls)!r}, 'a').write('x')", script]
        kubeconfig.file("plugin", "\n".join([*lines, f"print({answer!r})"]), 0o700)
        kubeconfig.become(exec={"apiVersion": PLUGIN, "command": "./plugin", "interactiveMode": "Never"})

    @property
    def count(self) -> int:
        return len(self.calls.read_text())


async def test_a_plugin_beside_the_kubeconfig_is_asked_once(kubeconfig: Kubeconfig, token: str) -> None:
    plugin = Plugin(kubeconfig, {"token": token})
    await knows_us_as(kubeconfig.provider(), "system:serviceaccount:default:default")
    assert plugin.count == 1


async def test_a_plugin_is_asked_again_when_the_token_expires(kubeconfig: Kubeconfig, token: str) -> None:
    plugin = Plugin(kubeconfig, {"token": token, "expirationTimestamp": "2020-01-01T00:00:00Z"})
    await knows_us_as(kubeconfig.provider(), "system:serviceaccount:default:default")
    assert plugin.count > 1


async def test_a_plugin_is_asked_again_when_the_token_is_refused(kubeconfig: Kubeconfig) -> None:
    plugin = Plugin(kubeconfig, {"token": "made-up-token"})
    await fails(kubeconfig.provider(), "refuses the credentials", "kubectl get namespaces")
    assert plugin.count == 2


async def test_a_plugin_gives_certificates(kubeconfig: Kubeconfig) -> None:
    user = kubeconfig.user
    pem = {key: base64.b64decode(user[f"client-{key}-data"]).decode() for key in ("certificate", "key")}
    Plugin(kubeconfig, {"clientCertificateData": pem["certificate"], "clientKeyData": pem["key"]})
    await works(kubeconfig.provider())


@pytest.mark.parametrize(
    ("status", "script", "texts"),
    [
        pytest.param({}, "sys.exit('no ticket')", ("exec plugin ./plugin", "no ticket"), id="fails"),
        pytest.param({"token": "x"}, "print('noise')", ("exec plugin ./plugin", "decode"), id="no-json"),
    ],
)
async def test_a_plugin_that_does_not_work(
    kubeconfig: Kubeconfig, status: dict[str, Any], script: str, texts: tuple[str, ...]
) -> None:
    Plugin(kubeconfig, status, script)
    await fails(kubeconfig.provider(), "no credentials", *texts)


async def test_a_plugin_that_is_not_there(kubeconfig: Kubeconfig) -> None:
    kubeconfig.become(exec={"apiVersion": PLUGIN, "command": "no-such-plugin"})
    await fails(kubeconfig.provider(), "no credentials", "no-such-plugin", "No such file")


async def test_a_token_that_is_made_up(kubeconfig: Kubeconfig) -> None:
    kubeconfig.become(token="made-up-token")
    await fails(kubeconfig.provider(), "refuses the credentials", "Unauthorized", "context dev")


@pytest.mark.parametrize("end", ["\r\nImpersonate-User: admin", "\nx", "\0"])
async def test_a_token_that_would_be_more_than_one_header(kubeconfig: Kubeconfig, end: str) -> None:
    kubeconfig.become(token=f"token{end}")
    await fails(kubeconfig.provider(), "no credentials", "Authorization is more than one line")


async def test_a_certificate_of_somebody_else(kubeconfig: Kubeconfig) -> None:
    stranger = Authority("somebody").client("admin", ["system:masters"])
    data = {"client-certificate-data": stranger.certificate, "client-key-data": stranger.key}
    kubeconfig.become(**{key: base64.b64encode(value).decode() for key, value in data.items()})
    await fails(kubeconfig.provider(), "refuses the credentials")


async def test_a_certificate_that_is_none(kubeconfig: Kubeconfig) -> None:
    kubeconfig.become(**{"client-certificate-data": "bm9uZQ==", "client-key-data": "bm9uZQ=="})
    await fails(kubeconfig.provider(), "no credentials")


@pytest.mark.parametrize("authority", [pytest.param(True, id="another"), pytest.param(False, id="none")])
async def test_a_server_that_is_not_trusted(kubeconfig: Kubeconfig, authority: bool) -> None:
    del kubeconfig.server["certificate-authority-data"]
    if authority:
        other = base64.b64encode(Authority("other").certificate).decode()
        kubeconfig.server["certificate-authority-data"] = other
    await fails(kubeconfig.provider(), "certificate is not trusted", "certificate-authority")


async def test_nobody_there(kubeconfig: Kubeconfig, closed_port: int) -> None:
    kubeconfig.server["server"] = f"https://127.0.0.1:{closed_port}"
    await fails(kubeconfig.provider(), f"https://127.0.0.1:{closed_port}: connection refused")


async def test_nobody_who_answers(kubeconfig: Kubeconfig, silent_port: int) -> None:
    kubeconfig.server["server"] = f"https://127.0.0.1:{silent_port}"
    await fails(kubeconfig.provider(), "no connection within the time for it")


async def test_a_name_that_nobody_knows(kubeconfig: Kubeconfig) -> None:
    kubeconfig.server["server"] = "https://cluster.invalid:6443"
    await fails(kubeconfig.provider(), "https://cluster.invalid:6443: its name is not known")


async def test_a_server_that_speaks_no_tls(kubeconfig: Kubeconfig, cluster: Cluster) -> None:
    inputs = ProviderInputs(name="dev", base_dir=Path("/"), kubeconfig=str(cluster.kubeconfig))
    async with faulty_proxy(inputs) as proxy:
        kubeconfig.server["server"] = proxy.url.replace("http://", "https://")
        await fails(kubeconfig.provider(), "no TLS connection")


async def test_a_server_that_speaks_only_tls(kubeconfig: Kubeconfig) -> None:
    kubeconfig.server["server"] = kubeconfig.server["server"].replace("https://", "http://")
    await fails(kubeconfig.provider(), "does not say which kinds it serves", "HTTPS server")


@pytest.mark.parametrize("server", ["", "cluster", "ftp://cluster", "https://", "https://[bad"])
async def test_an_address_that_is_none(kubeconfig: Kubeconfig, server: str) -> None:
    kubeconfig.server["server"] = server
    await fails(kubeconfig.provider(), "context dev")


async def test_a_proxy(kubeconfig: Kubeconfig, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port}")
    await works(kubeconfig.provider())
    kubeconfig.server["server"] = "https://cluster.invalid:6443"
    await fails(kubeconfig.provider(), "proxy does not let us through", "HTTPS_PROXY")
    monkeypatch.setenv("NO_PROXY", "cluster.invalid")
    await fails(kubeconfig.provider(), "its name is not known")
    kubeconfig.server["proxy-url"] = f"http://127.0.0.1:{closed_port}"
    await fails(kubeconfig.provider(), "proxy does not let us through", "proxy-url")


@asynccontextmanager
async def connect_proxy() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Yield the address of a proxy that makes tunnels, and the first lines of what it was asked for."""
    asked: list[bytes] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0])
        host, _, port = asked[-1].split()[1].decode().rpartition(":")
        inner, outer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pass_on(reader, outer), pass_on(inner, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield "http://127.0.0.1:{1}".format(*listening.sockets[0].getsockname()), asked


async def test_through_a_proxy(kubeconfig: Kubeconfig) -> None:
    async with connect_proxy() as (address, asked):
        kubeconfig.server["proxy-url"] = address
        await works(kubeconfig.provider())
    assert asked
    assert set(asked) == {f"CONNECT {kubeconfig.server['server'].removeprefix('https://')} HTTP/1.1".encode()}


async def test_a_kubeconfig_that_is_not_there(tmp_path: Path) -> None:
    await fails(Provider(ProviderInputs(name="dev", base_dir=tmp_path, kubeconfig="nothing")), "no such file")
