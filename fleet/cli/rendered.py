"""Rendered: the objects that a stack wants, as the commands without a cluster get them.

In: the answer to the question `render`. Out: values, those of a selection only.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fleet import yamlio
from fleet.cli.selection import ApplicationSelection
from fleet.errors import DeclarationError, Problem
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class RenderedObject:
    """One object that a cluster should hold. namespace: empty for cluster-scoped objects; group: for the core group.

    turn: its phase and wave, where the application has more than one in the cluster; else empty. retain: it stays in
    the cluster when it is no longer wanted. body: shared by all objects that have the same.
    """

    cluster: str
    application: str
    group: str
    kind: str
    namespace: str
    name: str
    turn: str
    retain: bool
    body: Mapping[str, Any]

    @property
    def shown_kind(self) -> str:
        """The kind as kubectl writes it: `Deployment.apps`."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes it this object: its API version does not count."""
        return self.cluster, self.group, self.kind, self.namespace, self.name


def objects(answer: Mapping[str, Any]) -> tuple[RenderedObject, ...]:
    """Return the objects of an answer, in the order in which they would be registered."""
    bodies = [json.loads(body) for body in answer["bodies"]]
    return tuple(
        RenderedObject(
            each["cluster"],
            each["application"],
            **each["key"],
            turn=each["turn"],
            retain=each["retain"],
            body=bodies[each["body"]],
        )
        for each in answer["objects"]
    )


def with_yaml(objects: Sequence[RenderedObject]) -> Iterator[tuple[RenderedObject, str]]:
    """Yield each object with its body as YAML, which is made once for all objects that share it."""
    texts: dict[int, str] = {}
    for each in objects:
        text = texts.get(id(each.body))
        if text is None:
            text = texts[id(each.body)] = yamlio.dump(each.body)
        yield each, text


def chosen(
    answer: Mapping[str, Any],
    *,
    application: str | None,
    cluster: str | None,
    wanted: ApplicationSelection | None,
) -> tuple[RenderedObject, ...]:
    """Return the objects of one application, one cluster and a selection; None is all.

    Raises DeclarationError for names that nothing has.
    """
    applications: Sequence[Mapping[str, Any]] = answer["applications"]
    check(answer, application=application, cluster=cluster, wanted=wanted)
    names = {each["application"] for each in applications if wanted is None or wanted(each)}
    return tuple(
        each
        for each in objects(answer)
        if each.application in names and application in (None, each.application) and cluster in (None, each.cluster)
    )


def check(
    answer: Mapping[str, Any], *, application: str | None, cluster: str | None, wanted: ApplicationSelection | None
) -> None:
    """Raise DeclarationError for names that nothing has."""
    applications: Sequence[Mapping[str, Any]] = answer["applications"]
    problems = [
        *_unknown("application", application, [each["application"] for each in applications]),
        *_unknown("cluster", cluster, answer["clusters"]),
        *(wanted.unmet(applications) if wanted else ()),
    ]
    if problems:
        raise DeclarationError(*problems)


def _unknown(what: str, name: str | None, known: Sequence[str]) -> Iterable[Problem]:
    if name is None or name in known:
        return
    nearest = difflib.get_close_matches(name, known, n=1)
    yield Problem(
        f"no {what} is named {name!r}",
        detail=f"Known: {', '.join(sorted(known)) or 'none'}.",
        hint=f"Did you mean {nearest[0]!r}?" if nearest else "",
    )
