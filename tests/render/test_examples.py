"""The examples of argoproj/argocd-example-apps, rebuilt in small, as one source says otherwise than they do.

What becomes of them is kept as golden files. The Applications of those examples, as they are, are one of tests/fleets.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet import Directory, Helm, Kustomize, yamlio
from fleet.model.directory import Jsonnet
from fleet.model.source import Tool
from tests.render.world import Repo, World

pytestmark = pytest.mark.usefixtures("on_path")

EXAMPLES = Path(__file__).parents[1] / "fleets" / "example-apps" / "repo"
EXPECTED = Path(__file__).parent / "expected"
ARGUMENTS = Jsonnet(tlas={"name": "guestbook"}, tla_code={"replicas": "1 + 2"})
PRODUCTION = Helm(value_files=["values-production.yaml"], parameters={"image.tag": "v6"})


@pytest.mark.parametrize(
    ("path", "tool", "golden"),
    [
        ("guestbook", Directory(), "guestbook"),
        ("kustomize-guestbook", Directory(), "kustomize-guestbook"),
        (
            "kustomize-guestbook",
            Kustomize(name_prefix="dev-", images=["registry.example.com/guestbook:v6"], replicas={"guestbook-ui": 2}),
            "kustomize-guestbook-dev",
        ),
        ("jsonnet-guestbook", Directory(), "jsonnet-guestbook"),
        ("jsonnet-guestbook-tla", Directory(jsonnet=ARGUMENTS), "jsonnet-guestbook-tla"),
        ("helm-guestbook", Directory(), "helm-guestbook"),
        ("helm-guestbook", PRODUCTION, "helm-guestbook-production"),
    ],
    indirect=["golden"],
)
def test_an_example(world: World, examples: Repo, path: str, tool: Tool, golden: Path) -> None:
    found = world.render(str(examples.path), path, tool=tool)
    written = "".join(f"# {each.where.file}\n{yamlio.dump(dict(each.body))}---\n" for each in found)
    if not golden.exists():
        golden.write_text(written)
    assert written == golden.read_text()


@pytest.fixture
def examples(repo: Repo) -> Repo:
    repo.commit({str(file.relative_to(EXAMPLES)): file.read_bytes() for file in EXAMPLES.rglob("*") if file.is_file()})
    return repo


@pytest.fixture
def golden(request: pytest.FixtureRequest, update_goldens: bool) -> Path:
    """Return the file with what is expected; with --update-goldens it is removed, to be written anew."""
    path = EXPECTED / f"{request.param}.yaml"
    if update_goldens:
        path.unlink(missing_ok=True)
    else:
        assert path.exists()
    return path
