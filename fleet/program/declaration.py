"""Declaration: everything that a stack declares, wherever it does: Python, Argo CD YAML, configuration.

In: settings. Out: one Fleet, or every problem in any of the files. Whether its parts fit together is not asked here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from fleet.errors import DeclarationError, Problem, StackNotFoundError, Where
from fleet.model.cluster import Cluster
from fleet.model.fleet import Fleet
from fleet.model.settings import Settings
from fleet.program import argo_files, python_file, remembered

STACKS = "stacks"


def declare(settings: Settings, problems: Iterable[Problem] = ()) -> Fleet:
    """Return what is declared, its clusters with what is remembered of them in `stacks/<stack>.clusters.yaml`.

    problems: what is wrong with the configuration already. Raises as `declared` does.
    """
    known, wrong = remembered.read(settings.project_dir, settings.stack)
    return remembered.completed(declared(settings, (*problems, *wrong)), known)


def declared(settings: Settings, problems: Iterable[Problem] = ()) -> Fleet:
    """Return what `stacks/<stack>.py`, `stacks/<stack>/*.yaml` and the stack's configuration declare together.

    problems: what is wrong with the configuration already.
    Raises DeclarationError with every problem, and StackNotFoundError where neither the file nor any YAML exists.
    """
    project, stack = settings.project_dir, settings.stack
    file, documents = f"{STACKS}/{stack}.py", f"{STACKS}/{stack}"
    if not (project / file).is_file() and not argo_files.names(project, documents):
        raise StackNotFoundError(_unknown(project, stack))
    in_file, in_python = python_file.read(project, file)
    in_documents, in_yaml = argo_files.read(project, documents)
    wrong = (*problems, *in_python, *in_yaml, *_declared_twice(in_file.clusters, settings, file))
    if wrong:
        raise DeclarationError(*wrong)
    return in_file + in_documents + Fleet(clusters=settings.clusters)


def _declared_twice(clusters: Iterable[Cluster], settings: Settings, file: str) -> Iterable[Problem]:
    configured = {cluster.name for cluster in settings.clusters}
    for cluster in clusters:
        if cluster.name in configured:
            where = Where(f"{STACKS}/Pulumi.{settings.stack}.yaml", key=f"config.fleet:clusters.{cluster.name}")
            yield Problem(f"cluster {cluster.name!r} is declared in {file} too", where, hint="Keep one of them.")


def _unknown(project: Path, stack: str) -> Problem:
    folder = project / STACKS
    files = {path.stem for path in folder.glob("[!_.]*.py")}
    known = sorted(files | {path.parent.name for path in folder.glob("[!_.]*/*.y*ml")})
    nearest = difflib.get_close_matches(stack, known, n=1)
    write = f"Write {STACKS}/{stack}.py, or put Argo CD Applications into {STACKS}/{stack}/."
    return Problem(
        f"stack {stack!r} declares nothing: there is neither {STACKS}/{stack}.py nor any YAML in {STACKS}/{stack}/",
        detail=f"Stacks that do: {', '.join(known)}." if known else "",
        hint=f"Did you mean {nearest[0]!r}?" if nearest else write,
    )
