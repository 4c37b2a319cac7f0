"""Why an object does not become ready: what its pods, the events about them and their last words say.

In: the object as it was last seen. Out: lines for people. What the user may not read is left out; nothing here fails.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from fleet.engine.kubernetes import requests, workloads
from fleet.engine.kubernetes.api import Api, Object
from fleet.engine.kubernetes.concurrency import together
from fleet.engine.kubernetes.errors import KubernetesError
from fleet.engine.kubernetes.refs import Resource, Target, group_of
from fleet.engine.kubernetes.status import State, find, is_false, text

TIMEOUT_S = 10.0
_FEW_PODS, _FEW_EVENTS, _LOG_LINES = 3, 5, 10
_PODS = Resource("v1", "Pod", "pods", namespaced=True)
_EVENTS = Resource("v1", "Event", "events", namespaced=True)
# Kinds that say by a selector which pods are theirs. A Service's pods are somebody else's.
_WITH_PODS = (("apps", None), ("extensions", None), ("batch", "Job"), ("", "ReplicationController"))


class Diagnosis:
    """Finds out what is wrong with objects of one cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def of(self, target: Target, live: Object) -> list[str]:
        """Return what there is to say, within ten seconds; nothing where nobody says anything."""
        lines: list[str] = []
        with suppress(TimeoutError, KubernetesError):
            async with asyncio.timeout(TIMEOUT_S):
                pods = await self._unready(live)
                few = pods[:_FEW_PODS]
                lines += _told(pods) if live.get("kind") != "Pod" else []
                known = " ".join([*lines, *(workloads.pod(each).reason for each in few)])
                lines += await self._events(target, [live, *few], known)
                for each in few:
                    lines += await self._logs(each)
        return lines

    async def trouble(self, live: Object) -> str:
        """Return what is wrong with the pods of an object, in a line; empty where nothing is, or nobody says."""
        with suppress(TimeoutError, KubernetesError):
            async with asyncio.timeout(TIMEOUT_S):
                pods = [] if live.get("kind") == "Pod" else await self._unready(live)
                return next(iter(_told([each for each in pods if workloads.troubles(each)])), "")
        return ""

    async def left(self, live: Object) -> list[str]:
        """Return the pods of an object that is being deleted, as lines."""
        with suppress(TimeoutError, KubernetesError):
            async with asyncio.timeout(TIMEOUT_S):
                pods = [] if live.get("kind") == "Pod" else await self._pods(live)
                return [f"Pod {each['metadata']['name']}" for each in pods[:_FEW_PODS]] + _more(pods)
        return []

    async def _unready(self, live: Object) -> list[Object]:
        return [each for each in await self._pods(live) if workloads.pod(each).state is not State.READY]

    async def _pods(self, live: Object) -> list[Object]:
        """Return the pods of an object, the newest first; of a Pod, itself."""
        if live.get("kind") == "Pod":
            return [live]
        selector = label_selector(live)
        if not selector:
            return []
        path = _PODS.path(str(live["metadata"].get("namespace") or ""))
        pods = await self._select(requests.select(path, "its pods", labelSelector=selector))
        return sorted(pods, key=lambda each: str(each["metadata"].get("creationTimestamp")), reverse=True)

    async def _events(self, target: Target, about: Sequence[Object], known: str) -> list[str]:
        """Return warnings about objects that say more than what is known already."""
        path = _EVENTS.path(target.ref.namespace or "default")
        fields = [f"type=Warning,involvedObject.uid={each['metadata'].get('uid')}" for each in about]
        found = await together(
            self._select(requests.select(path, "events", fieldSelector=selector)) for selector in fields
        )
        new = (each for events in found for each in events if text(each, "message").strip() not in known)
        return warnings(new)

    async def _logs(self, pod: Object) -> list[str]:
        name = pod["metadata"]["name"]
        path = _PODS.path(str(pod["metadata"].get("namespace") or ""), name)
        lines: list[str] = []
        for container, previous in talkative(pod):
            request = requests.read_log(path, "logs", container=container, previous=previous, lines=_LOG_LINES)
            response = await self._api.send(request)
            said = response.body if isinstance(response.body, str) else json.dumps(response.body)
            if response.ok and said.strip():
                lines.append(f"Last lines of container {container} of Pod {name}:")
                lines += [f"  {line}" for line in said.splitlines()[-_LOG_LINES:]]
        return lines

    async def _select(self, request: requests.Request) -> list[Object]:
        response = await self._api.send(request)
        if not response.ok or not isinstance(response.body, Mapping):
            return []
        return list(response.body.get("items") or ())


def _told(pods: Sequence[Object]) -> list[str]:
    """Return a line for each of the first few pods, and how many more there are; what is the same is told once."""
    lines: dict[str, str] = {}
    for each in pods:
        lines.setdefault(workloads.pod(each).reason, f"Pod {each['metadata']['name']}: {workloads.pod(each).reason}")
    told = list(lines.values())[:_FEW_PODS]
    others = len(pods) - len(told)
    return told + ([f"{others} more {'pod is' if others == 1 else 'pods are'} not ready"] if others else [])


def _more(pods: Sequence[Object]) -> list[str]:
    return [f"and {len(pods) - _FEW_PODS} more"] if len(pods) > _FEW_PODS else []


def label_selector(live: Object) -> str:
    """Return what chooses the pods of an object, as the API takes it; empty where it has none."""
    kind = group_of(str(live.get("apiVersion") or "")), live.get("kind")
    if not any(group == kind[0] and name in (None, kind[1]) for group, name in _WITH_PODS):
        return ""
    selector = find(live, "spec", "selector")
    if not isinstance(selector, Mapping):
        return ""
    is_plain = not ({"matchLabels", "matchExpressions"} & set(selector))
    labels = selector if is_plain else selector.get("matchLabels") or {}
    parts = [f"{key}={value}" for key, value in labels.items()]
    parts += [_requirement(each) for each in (() if is_plain else selector.get("matchExpressions") or ())]
    return ",".join(parts)


def _requirement(expression: Mapping[str, Any]) -> str:
    key, values = expression.get("key"), ",".join(expression.get("values") or ())
    operators = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "DoesNotExist": f"!{key}"}
    return operators.get(str(expression.get("operator")), str(key))


def warnings(events: Iterable[Object]) -> list[str]:
    """Return events as lines, the last few, each once."""
    ordered = sorted(events, key=lambda each: str(each.get("lastTimestamp") or each.get("eventTime") or ""))
    lines: dict[str, None] = {}
    for each in ordered:
        who = f"{find(each, 'involvedObject', 'kind')} {find(each, 'involvedObject', 'name')}"
        line = f"Event of {who}: {each.get('reason')}: {text(each, 'message').strip()}"
        lines.pop(line, None)
        lines[line] = None
    return list(lines)[-_FEW_EVENTS:]


def talkative(pod: Object) -> list[tuple[str, bool]]:
    """Return the containers whose last words matter, and whether they said them in their previous life."""
    found: list[tuple[str, bool]] = []
    for status in workloads.containers(pod):
        name, state = str(status.get("name")), status.get("state") or {}
        if find(state, "waiting", "reason") == "CrashLoopBackOff":
            found.append((name, True))
        elif find(state, "terminated", "exitCode") or ("running" in state and is_false({"status": _ready(status)})):
            found.append((name, False))
    return found


def _ready(status: Object) -> str:
    return "False" if status.get("ready") is False else "True"
