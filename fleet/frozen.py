"""Frozen: the `dataclass` of values. To the type checker they are frozen; at run time that is not looked after.

A frozen dataclass takes several times as long to make, since each field is set by a call, and a run makes dozens for
each object. What is assigned to a value is found by mypy, which sees every line of this project. The words of the DSL,
which others write with, are frozen in every way. In Python's development mode, `python -X dev`, so is everything
(docs/adr/0022-values-frozen-by-the-type-checker.md).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or sys.flags.dev_mode:
    from dataclasses import dataclass
else:
    import dataclasses

    def dataclass(cls=None, /, *, frozen=False, eq=True, **options):
        """Return what `dataclasses.dataclass` does, as for a frozen one, but without refusing to be assigned to."""

        def made(plain):
            # What compares by value, and does not change, has a hash by value, unless it brings its own.
            hashes = frozen and eq and "__hash__" not in vars(plain)
            return dataclasses.dataclass(plain, eq=eq, unsafe_hash=hashes, **options)

        return made if cls is None else made(cls)


__all__ = ["dataclass"]
