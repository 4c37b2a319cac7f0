"""Here: the line of a stack's Python that makes a value, for messages about it.

In: nothing but who calls. Out: a Where. Values that anybody else makes, as the reader of YAML does, have no such line.
"""

from __future__ import annotations

import inspect

from fleet.errors import Where

# The `__name__` of a stack's file while it is run.
STACK = "__fleet__"


def here() -> Where:
    """Return the innermost line outside this project from which a stack's file makes a value; else an empty place.

    Its file is an absolute path.
    """
    frame = inspect.currentframe()
    own = None
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if own is None and not name.startswith("fleet."):
            own = Where(frame.f_code.co_filename, frame.f_lineno)
        if name == STACK:
            return own or Where()
        frame = frame.f_back
    return Where()
