"""How working with a cluster fails: either the cluster is out of reach for the whole run, or one object is.

ClusterUnavailableError   nothing more can be done there in this run; other clusters go on
ObjectFailedError         one object could not be brought to its state; others may well be
├── ObjectExistsError     it exists, and was not made by us
├── ImmutableFieldError   it can only be changed by deleting and making it again
├── KindNotServedError    the cluster does not know the kind, or not in that version
├── NotPermittedError     the user has no right to do that
├── NotReadyError         it is there as wanted, and does not become ready
├── StoppedError          the user has stopped the run before it was ready, or gone
└── NamespaceMissingError its namespace does not exist
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.errors import ClusterError, Problem


class KubernetesError(ClusterError):
    """One problem with a cluster or with an object in it. No secret is in it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


class ClusterUnavailableError(KubernetesError):
    """The cluster cannot be worked with: refused, unknown, not trusted, silent, or it does not know us."""


class ObjectFailedError(KubernetesError):
    """One object could not be read, applied or deleted. status: of the API server's answer; 0 without one.

    is_made: it was created all the same, or may have been.
    """

    def __init__(self, problem: Problem, status: int = 0) -> None:
        super().__init__(problem)
        self.status = status
        self.is_made = False


class ObjectExistsError(ObjectFailedError):
    """The object to create exists already and may not be taken over."""


class ImmutableFieldError(ObjectFailedError):
    """The cluster refuses to change these fields; the object must be replaced. fields: as the API server names them."""

    def __init__(self, problem: Problem, fields: tuple[str, ...], status: int = 0) -> None:
        super().__init__(problem, status)
        self.fields = fields


class KindNotServedError(ObjectFailedError):
    """The cluster does not serve the kind in this version. served: the apiVersions in which it does, if any."""

    def __init__(self, problem: Problem, served: tuple[str, ...]) -> None:
        super().__init__(problem)
        self.served = served


class NotPermittedError(ObjectFailedError):
    """The user may not do that to the object, whatever it is like."""


class NotReadyError(ObjectFailedError):
    """The object was applied, and did not become ready. live: as it was last seen."""

    def __init__(self, problem: Problem, live: Mapping[str, Any]) -> None:
        super().__init__(problem)
        self.live = live
        self.is_made = True


class StoppedError(ObjectFailedError):
    """The run was stopped while it waited for something to become of the object, which goes on without us."""


class NamespaceMissingError(ObjectFailedError):
    """The namespace of the object does not exist."""
