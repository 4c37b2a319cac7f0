"""What the raw loop sends."""

import json

import pytest

from benchmarks.manifests import ObjectSet
from benchmarks.raw_loop import Action, calls


@pytest.mark.parametrize(
    ("action", "method", "query"),
    [
        (Action.APPLY, "PATCH", "?fieldManager=bench&force=true&fieldValidation=Ignore"),
        (Action.DRY_RUN, "PATCH", "?fieldManager=bench&force=true&fieldValidation=Ignore&dryRun=All"),
        (Action.DELETE, "DELETE", ""),
    ],
)
def test_requests_of_the_raw_loop(action: Action, method: str, query: str) -> None:
    line = json.dumps(ObjectSet.CONFIG_MAPS.object(7))
    (call,) = calls(action, "team-a", [line])
    assert call.method == method
    assert call.path == f"/api/v1/namespaces/team-a/configmaps/settings-00007{query}"
    assert call.body == (line if method == "PATCH" else None)


def test_kinds_of_groups_have_another_root() -> None:
    (call,) = calls(Action.DELETE, "team-a", [json.dumps(ObjectSet.MIXED.object(1))])
    assert call.path == "/apis/apps/v1/namespaces/team-a/deployments/settings-00001"
