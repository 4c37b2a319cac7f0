"""What the raw loop sends."""

import json

import pytest

from benchmarks.manifests import config_map
from benchmarks.raw_loop import Action, calls


@pytest.mark.parametrize(
    ("action", "method", "query"),
    [
        (Action.APPLY, "PATCH", "?fieldManager=bench&force=true"),
        (Action.DRY_RUN, "PATCH", "?fieldManager=bench&force=true&dryRun=All"),
        (Action.DELETE, "DELETE", ""),
    ],
)
def test_requests_of_the_raw_loop(action: Action, method: str, query: str) -> None:
    line = json.dumps(config_map(7))
    (call,) = calls(action, "team-a", [line])
    assert call.method == method
    assert call.path == f"/api/v1/namespaces/team-a/configmaps/settings-00007{query}"
    assert call.body == (line if method == "PATCH" else None)
