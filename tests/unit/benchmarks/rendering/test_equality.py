"""Whether both sides have rendered the same."""

from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.rendering.equality import require_equal

LOOPED = """\
apiVersion: v1
kind: Service
metadata:
  name: shop
  annotations:
    team: web
---
apiVersion: v1
data:
  a: "1"
kind: ConfigMap
metadata: {namespace: apps, name: shop}
"""
RENDERED = """\
---
# shop in east
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop
  namespace: apps
  annotations:
    pulumi.com/patchFieldManager: fleet
data:
  a: '1'
---
# shop in east
apiVersion: v1
kind: Service
metadata:
  name: shop
  namespace: apps
  annotations:
    pulumi.com/patchFieldManager: fleet
    team: web
"""


def compared(tmp_path: Path, rendered: str, looped: str = LOOPED) -> int:
    (tmp_path / "rendered.yaml").write_text(rendered)
    (tmp_path / "looped" / "east").mkdir(parents=True)
    (tmp_path / "looped" / "east" / "shop.yaml").write_text(looped)
    return require_equal(tmp_path / "rendered.yaml", tmp_path / "looped", "apps")


def test_order_style_namespace_and_our_own_annotations_do_not_count(tmp_path: Path) -> None:
    assert compared(tmp_path, RENDERED) == 2


@pytest.mark.parametrize(
    ("rendered", "said"),
    [
        (RENDERED.replace("a: '1'", "a: '2'"), 'only fleet has .*"a": "2"'),
        (RENDERED.replace("a: '1'", "a: 1"), 'only fleet has .*"a": 1'),
        (RENDERED.replace("namespace: apps", "namespace: other"), "only fleet has .*other"),
        (RENDERED.replace("    team: web\n", ""), "only fleet has"),
        (RENDERED.partition("---\n# shop in east\napiVersion: v1\nkind: Service")[0], "only the loop has .*Service"),
        (RENDERED + RENDERED, "an object is there twice"),
        (RENDERED.replace("shop in east", "shop in west"), "shop in east is not what"),
        (RENDERED.replace("# shop in", "# other in"), "shop in east is not what|other in east is not what"),
    ],
    ids=[
        "value",
        "type of a value",
        "namespace",
        "annotation",
        "object missing",
        "object twice",
        "cluster",
        "application",
    ],
)
def test_anything_else_counts(tmp_path: Path, rendered: str, said: str) -> None:
    assert rendered != RENDERED
    with pytest.raises(BenchmarkError, match=said):
        compared(tmp_path, rendered)
