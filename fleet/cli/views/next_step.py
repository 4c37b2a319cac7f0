"""What to type next: one line at the end of a run, so that nobody has to know the commands by heart."""

from __future__ import annotations

from fleet.cli.invocation import Invocation
from fleet.engine.request import Command, RunRequest, RunResult


def next_step(request: RunRequest, result: RunResult, invocation: Invocation) -> str:
    """Return the line, empty where nothing needs to be done."""
    command = _command(request, result)
    if not command:
        return _left_alone(result)
    why, words = command
    return f"{why}: {invocation.fleet(*words)}"


def _command(request: RunRequest, result: RunResult) -> tuple[str, tuple[str, ...]] | None:
    same = (request.command.value, *(("--refresh",) if request.refresh else ()))
    if result.cancelled:
        return ("To go on", same)
    if result.failures or result.exit_code:
        preview = ("--preview-only",) if request.command is not Command.UP and request.dry_run else ()
        again = ("preview", *same[1:]) if request.command is Command.UP and request.dry_run else (*same, *preview)
        return ("When that is mended, again", again)
    if request.command is Command.REFRESH:
        return ("To heal", ("up", "--refresh")) if any(drift.heals for drift in result.drift) else None
    if request.dry_run and result.changes:
        return ("To do it", same)
    return None


def _left_alone(result: RunResult) -> str:
    if any(not drift.heals for drift in result.drift):
        return "Drift is left alone where self_heal is off; to have it healed, turn self_heal on in the application."
    return ""
