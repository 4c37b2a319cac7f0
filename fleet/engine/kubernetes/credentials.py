"""Credentials: who we are in a cluster, by the user of a kubeconfig.

What a kubeconfig says itself is read here: certificates, tokens, passwords. What somebody else has to be asked for, an
exec plugin or an OpenID provider, is left to kubernetes_asyncio's loader, which takes a third of a second and 40 MB to
be imported.
"""

from __future__ import annotations

import base64
import logging
import ssl
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from fleet.engine.kubernetes.kubeconfig import Entry
from fleet.frozen import dataclass

_ASKED_FOR = ("exec", "auth-provider")
# The loader reads certificates only for a cluster that is reached by TLS; which one does not matter to it.
_SOME_CLUSTER = {"server": "https://cluster"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What shows who we are. authorization: the value of that header. certificate, key: PEM; the key may be in both.

    expires_at: as time.time(); None where they do not say.
    """

    authorization: str | None = field(default=None, repr=False)
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)
    expires_at: float | None = None

    def show_in(self, context: ssl.SSLContext) -> None:
        """Have a TLS context show the certificate. Python reads one from files only; they are gone again afterwards."""
        if self.certificate is None:
            return
        with TemporaryDirectory(prefix="fleet-") as folder:
            certificate = _written(Path(folder) / "certificate", self.certificate)
            context.load_cert_chain(certificate, None if self.key is None else _written(Path(folder) / "key", self.key))


async def load_credentials(user: Entry) -> Credentials:
    """Return the credentials of a user entry. Raises OSError, ValueError and others that the loader does not expect."""
    settings = user.value.get("user") or {}
    if any(settings.get(way) for way in _ASKED_FOR):
        return await _asked_for(user.file, settings)
    return Credentials(
        authorization=_authorization(settings, user.file.parent),
        certificate=content(settings, "client-certificate", user.file.parent),
        key=content(settings, "client-key", user.file.parent),
    )


def content(settings: Mapping[str, Any], key: str, folder: Path) -> bytes | None:
    """Return what `<key>-data` holds, else the file that `key` names; None without either. folder: its own."""
    if data := settings.get(f"{key}-data"):
        return base64.b64decode(data)
    return (folder / str(settings[key])).read_bytes() if settings.get(key) else None


def _authorization(settings: Mapping[str, Any], folder: Path) -> str | None:
    token = settings.get("token")
    if not token and settings.get("tokenFile"):
        token = (folder / str(settings["tokenFile"])).read_text(encoding="utf-8").strip()
    if token:
        return f"Bearer {token}"
    if "username" in settings and "password" in settings:
        pair = f"{settings['username']}:{settings['password']}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
    return None


async def _asked_for(file: Path, settings: Mapping[str, Any]) -> Credentials:
    """Run the loader. It writes certificates to files that only the user can read, and removes them at exit."""
    from aiohttp import ClientError  # noqa: PLC0415
    from kubernetes_asyncio.config import ConfigException  # noqa: PLC0415
    from kubernetes_asyncio.config.kube_config import ConfigNode, KubeConfigLoader  # noqa: PLC0415

    # It logs errors that it raises as well; without a handler they would be printed.
    logging.getLogger("kubernetes_asyncio").addHandler(logging.NullHandler())
    loaded = SimpleNamespace(api_key={}, cert_file=None, key_file=None)
    try:
        document = ConfigNode("kubeconfig", _document(file, settings, ConfigNode))
        loader = KubeConfigLoader(document, config_base_path=None)
        await loader.load_and_set(loaded)
    except (ConfigException, ClientError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    expiry = getattr(loader, "exec_plugin_expiry", None)
    return Credentials(
        authorization=loaded.api_key.get("BearerToken"),
        certificate=_read(loaded.cert_file),
        key=_read(loaded.key_file),
        expires_at=expiry.timestamp() if expiry else None,
    )


def _document(file: Path, settings: Mapping[str, Any], node: Any) -> dict[str, Any]:
    """Return a kubeconfig with nothing but the user. Entries know their file: relative paths start there."""
    user = {"name": "user", "user": _with_command(settings, file.parent)}
    return {
        "current-context": "context",
        "contexts": [{"name": "context", "context": {"cluster": "cluster", "user": "user"}}],
        "clusters": [node("cluster", {"name": "cluster", "cluster": dict(_SOME_CLUSTER)}, str(file))],
        "users": [node("user", user, str(file))],
    }


def _with_command(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    plugin = settings.get("exec")
    command = str(plugin.get("command") or "") if isinstance(plugin, Mapping) else ""
    if not isinstance(plugin, Mapping) or "/" not in command:
        return dict(settings)
    # As for kubectl: a relative path, other than a bare name, is relative to the kubeconfig.
    return {**settings, "exec": {**plugin, "command": str(folder / command)}}


def _read(path: str | None) -> bytes | None:
    return Path(path).read_bytes() if path else None


def _written(path: Path, pem: bytes) -> Path:
    path.write_bytes(pem)
    return path
