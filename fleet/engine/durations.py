"""Durations as Go writes them, which is how programs give timeouts: `90s`, `1h30m`, `1.5h`, `300ms`. Pure."""

from __future__ import annotations

import re
from typing import Final

from fleet.errors import FleetError, Problem

_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}


def seconds(text: str) -> float:
    """Return a duration in seconds. Raises FleetError where it is none."""
    parts = _PART.findall(text)
    if not parts or "".join(amount + unit for amount, unit in parts) != text:
        raise FleetError(Problem(f"{text!r} is not a duration", hint="Write it like `90s`, `10m` or `1h30m`."))
    return sum(float(amount) * _SECONDS[unit] for amount, unit in parts)
