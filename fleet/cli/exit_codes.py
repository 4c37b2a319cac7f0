"""The exit codes of every command, taken from the errors themselves so that help, reference and behaviour agree."""

from __future__ import annotations

from fleet import errors
from fleet.errors import CancelledError, FleetError

CANCELLED = CancelledError.exit_code
SUCCESS = "Done; with `preview` and `--preview-only`, whether or not there is anything to do."
UNEXPECTED = "Anything else; an unexpected error says where its details are."


def table() -> tuple[tuple[int, str], ...]:
    """Return (exit code, meaning), ascending."""
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, FleetError)]
    meanings = {error.exit_code: _first_line(error) for error in classes}
    return tuple(sorted({**meanings, 0: SUCCESS, FleetError.exit_code: UNEXPECTED}.items()))


def epilog() -> str:
    """Return the table for `--help`."""
    rows = "\n".join(f"  {code:>2}  {meaning}" for code, meaning in table())
    return f"\b\nExit codes:\n{rows}"


def _first_line(error: type[FleetError]) -> str:
    return (error.__doc__ or "").strip().splitlines()[0]
