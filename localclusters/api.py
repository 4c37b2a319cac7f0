"""The few requests to an API server that starting a cluster, and testing against it, need: JSON over verified TLS."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SERVER_SIDE_APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status, and the body: decoded when it is JSON, else text."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        """Whether the request did what it asked for."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class ApiClient:
    """One user of one API server, with files for what it shows and what it trusts."""

    server: str
    authority: Path
    certificate: Path
    key: Path

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        content_type: str = "application/json",
        timeout_s: float = 30.0,
    ) -> Answer:
        """Send one request; an error status is an answer. OSError when there is no connection."""
        context = ssl.create_default_context(cafile=str(self.authority))
        context.load_cert_chain(self.certificate, self.key)
        url = urlsplit(self.server)
        connection = http.client.HTTPSConnection(url.hostname or "", url.port, timeout=timeout_s, context=context)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": content_type, "Accept": "application/json"})
            response = connection.getresponse()
            return Answer(response.status, _decoded(response.read(), response.getheader("Content-Type", "")))
        except http.client.HTTPException as error:
            raise ConnectionError(f"{self.server}: {error!r}") from error
        finally:
            connection.close()

    def apply(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Server-side apply of one object, as the field manager `localclusters`."""
        return self.request(
            "PATCH", f"{path}?fieldManager=localclusters&force=true", body, content_type=SERVER_SIDE_APPLY
        )


def _decoded(content: bytes, content_type: str) -> Any:
    return json.loads(content) if "json" in content_type else content.decode(errors="replace")
