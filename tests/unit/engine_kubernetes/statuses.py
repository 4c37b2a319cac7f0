"""Objects with their statuses, as clusters have them."""

from typing import Any

from fleet import yamlio


def live(api_version: str, kind: str, text: str = "", **metadata: Any) -> dict[str, Any]:
    """Return an object as a cluster has it. text: its spec and status, as YAML."""
    rest = yamlio.load_documents(text, file="status")[0].data if text else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "generation": 2, **metadata}, **rest}
