"""Short ways to write an Application in YAML and to see what becomes of it; and tools with every field set."""

from __future__ import annotations

from fleet import Application, GitSource, Helm, Kustomize
from fleet.argo import parse_documents
from fleet.errors import Problem
from fleet.yamlio import load_documents

SOURCE = "{repoURL: https://example.com/app.git, path: manifests}"
DESTINATION = "{server: https://one.example.com}"
EVERY_HELM = Helm(
    release_name="r",
    namespace="s",
    value_files=["a", "/b"],
    ignore_missing_value_files=True,
    values={"a": {"b": [1, {"c": None}]}},
    parameters={"x": "3"},
    string_parameters={"w": "2"},
    file_parameters={"z": "f"},
    kube_version="1.30.0",
    api_versions=["v1"],
    skip_crds=True,
    skip_tests=True,
    skip_schema_validation=True,
    pass_credentials=True,
)
EVERY_KUSTOMIZE = Kustomize(
    name_prefix="a-",
    name_suffix="-z",
    namespace="shop",
    images=["nginx:1"],
    replicas={"web": 2},
    common_labels={"a": "b"},
    label_without_selector=True,
    label_include_templates=True,
    force_common_labels=True,
    common_annotations={"c": "d"},
    common_annotations_envsubst=True,
    force_common_annotations=True,
    patches=[{"target": {"kind": "Job"}, "patch": "x", "options": {"allowNameChange": True}}],
    components=["../c"],
    ignore_missing_components=True,
    enable_helm=True,
    kube_version="1.30.0",
    api_versions=["v1"],
)


def document(
    *,
    metadata: str = "{name: web}",
    source: str = SOURCE,
    destination: str = DESTINATION,
    sync: str = "{}",
    spec: str = "",
) -> str:
    """Return an Application that is right but for what is given; every argument is YAML on one line."""
    return f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {metadata}
spec:
  source: {source}
  destination: {destination}
  syncPolicy: {sync}
  {spec}
"""


def parse(text: str) -> tuple[tuple[Application, ...], tuple[Problem, ...]]:
    found, problems = parse_documents(load_documents(text, file="web.yaml"))
    return tuple(found.applications), problems


def source_of(found: Application) -> GitSource:
    """Return the only source, which is in Git."""
    (source,) = found.all_sources
    assert isinstance(source, GitSource)
    return source


def application(**parts: str) -> Application:
    (found,), problems = parse(document(**parts))
    assert problems == ()
    return found


def problems(text: str) -> list[str]:
    """Return `key path: summary` of every problem of a text that holds no Application without one."""
    applications, found = parse(text)
    assert applications == ()
    return [f"{problem.where.key}: {problem.summary}" for problem in found]


def problem(**parts: str) -> str:
    """Return the text of the only problem, without file and application."""
    applications, (found,) = parse(document(**parts))
    assert applications == ()
    assert (found.where.file, found.where.application) == ("web.yaml", "web")
    return str(found).removeprefix("web.yaml, application web, ")
