"""When a request is sent again, and when a cluster is given up. Pure: time is passed in.

Everything we send is idempotent, so a lost answer is no reason not to ask again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.engine.kubernetes.requests import Response

REQUEST_BUDGET_S = 20.0
OUTAGE_BUDGET_S = 20.0
FIRST_CONTACT_BUDGET_S = 2.0
CONNECT_TIMEOUT_S = 5.0

_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.2, 4.0
# The server, or who answers for it, takes no request at the moment.
OVERLOADED = frozenset({408, 429, 502, 503, 504})
_INTERNAL_ERROR = 500
_INTERNAL_ERROR_RETRIES = 3
_TIMEOUT_RETRIES = 1
# The API server answers these with 500 although the object is what is wrong, and stays so (apimachinery/pkg/util/
# managedfields and runtime conversion, whose errors have no status of their own).
_OBJECT_IS_WRONG = re.compile(
    r"^failed to (create typed|convert|prune|update managed)|\bfield not declared in schema\b"
)


def is_about_object(response: Response) -> bool:
    """Return whether an internal error is in truth about the object that was sent."""
    return response.status == _INTERNAL_ERROR and bool(_OBJECT_IS_WRONG.search(response.message))


def backoff_s(attempt: int) -> float:
    """Return how long to wait after the attempt with this number; the first is 0."""
    return float(min(_FIRST_DELAY_S * 2**attempt, _LONGEST_DELAY_S))


def may_ask_again(attempt: int, elapsed_s: float, *, timed_out: bool) -> bool:
    """Return whether a request that got no answer is sent again, while the server answers others.

    What took too long once mostly does so again: one more try.
    """
    if timed_out and attempt >= _TIMEOUT_RETRIES:
        return False
    return elapsed_s + backoff_s(attempt) <= REQUEST_BUDGET_S


def retry_after_s(response: Response, attempt: int, elapsed_s: float) -> float | None:
    """Return how long to wait before asking again, None when the answer is final.

    elapsed_s: since the request was first sent. The server's own wish is followed where the budget allows it.
    """
    if not _is_passing(response, attempt):
        return None
    delay = max(backoff_s(attempt), response.retry_after_s or 0.0)
    return delay if elapsed_s + delay <= REQUEST_BUDGET_S else None


def _is_passing(response: Response, attempt: int) -> bool:
    if response.status in OVERLOADED:
        return True
    if response.status != _INTERNAL_ERROR or is_about_object(response):
        return False
    return attempt < _INTERNAL_ERROR_RETRIES or response.retry_after_s is not None


@dataclass(slots=True)
class Outage:
    """How long a server has not answered at all, over all requests to it: a dead cluster is waited for once.

    A server that never even took a connection is given less time: most likely it is not there.
    """

    last_answer: float | None = None
    since: float | None = None
    was_met: bool = False

    def ended(self, now: float) -> None:
        """Note an answer, whatever it says."""
        self.last_answer = now
        self.since = None

    def goes_on(self, began: float, now: float, *, is_met: bool = False) -> bool:
        """Note that a request sent at `began` got no answer; return whether it is time to give the server up.

        is_met: the server took the connection, and no more.
        """
        self.was_met = self.was_met or is_met
        if self.since is None:
            self.since = max(began, self.last_answer or began)
        is_known = self.was_met or self.last_answer is not None
        budget = OUTAGE_BUDGET_S if is_known else FIRST_CONTACT_BUDGET_S
        return now - self.since >= budget

    def turned_away(self, began: float, now: float) -> None:
        """Note that a request sent at `began` was told to come back later: the server is there, and took nothing."""
        self.last_answer = now
        if self.since is None:
            self.since = began

    def lasts(self, now: float) -> bool:
        """Return whether a request whose own time is over is best taken for the last: nobody was answered for long."""
        return self.since is not None and now - self.since >= OUTAGE_BUDGET_S / 2
