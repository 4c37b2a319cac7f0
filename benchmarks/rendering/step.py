"""Step: what is measured, in the order in which it happens."""

from __future__ import annotations

from enum import StrEnum


class Step(StrEnum):
    """One measurement; the loop knows nothing of before, so there is one of it."""

    LOOP = "shell loop"
    COLD = "fleet, nothing cached"
    WARM = "fleet, nothing changed"
    CHANGED = "fleet, one file changed"


OURS = (Step.COLD, Step.WARM, Step.CHANGED)
