"""Writing the results of a command into its place in a document, between two marks."""

from __future__ import annotations

from pathlib import Path

from benchmarks.errors import BenchmarkError

_BEGIN = "<!-- results: written by python -m benchmarks {} --write -->"
_ANY = _BEGIN.partition("{")[0]
END = "<!-- end of results -->"


def begin(command: str) -> str:
    """Return the line that a command's results come after."""
    return _BEGIN.format(command)


def write(path: Path, command: str, report: str, plot: str = "") -> None:
    """Put the report between the command's marks of a document. Raises BenchmarkError.

    plot: SVG, which goes into a file beside the document, and above the report; empty for none.
    """
    drawing = path.with_name(f"{path.stem}-{command}.svg")
    if plot:
        drawing.write_text(plot)
    shown = f"![{command}: seconds of each step]({drawing.name})\n\n" if plot else ""
    path.write_text(replaced(read(path, command), command, report, shown))


def read(path: Path, command: str) -> str:
    """Return a document that the command's report can be written into. Raises BenchmarkError."""
    try:
        text = path.read_text()
    except OSError as error:
        raise BenchmarkError(f"{path}: {error.strerror}") from error
    inside, end, _ = text.partition(begin(command))[2].partition(END)
    if text.count(begin(command)) != 1 or not end or _ANY in inside:
        raise BenchmarkError(f"{path} needs one line `{begin(command)}` and, below it, a line `{END}`")
    return text


def replaced(text: str, command: str, report: str, above: str = "") -> str:
    """Return the document with the report in place of what was between the command's marks."""
    before, _, rest = text.partition(begin(command))
    after = rest.partition(END)[2]
    return f"{before}{begin(command)}\n{above}```text\n{report}\n```\n{END}{after}"
