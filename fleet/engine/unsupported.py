"""What the embedded engine cannot do, said the same way everywhere: the feature by its name, and what to do."""

from __future__ import annotations

from fleet.errors import Problem, UnsupportedError

_HINT = "Deploy this program with Pulumi: `pulumi up`."


def unsupported(summary: str, *, detail: str = "", hint: str = _HINT) -> UnsupportedError:
    """Return the error for something that only Pulumi does. summary: names the resource and the feature."""
    return UnsupportedError(Problem(summary, detail=detail, hint=hint))
