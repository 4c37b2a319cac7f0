"""Short ways to write an Application in YAML and to see what becomes of it."""

from __future__ import annotations

from fleet import Application, GitSource
from fleet.argo import parse_documents
from fleet.errors import Problem
from fleet.yamlio import load_documents

SOURCE = "{repoURL: https://example.com/app.git, path: manifests}"
DESTINATION = "{server: https://one.example.com}"


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
