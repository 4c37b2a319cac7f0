"""Writing the results into a document, between two marks."""

from __future__ import annotations

from pathlib import Path

from benchmarks.errors import BenchmarkError

BEGIN = "<!-- results: written by python -m benchmarks apply --write -->"
END = "<!-- end of results -->"


def write(path: Path, report: str) -> None:
    """Put the report between the marks of a document. Raises BenchmarkError."""
    path.write_text(replaced(read(path), report))


def read(path: Path) -> str:
    """Return a document that a report can be written into. Raises BenchmarkError."""
    try:
        text = path.read_text()
    except OSError as error:
        raise BenchmarkError(f"{path}: {error.strerror}") from error
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise BenchmarkError(f"{path} needs one line `{BEGIN}` and, below it, one line `{END}`")
    return text


def replaced(text: str, report: str) -> str:
    """Return the document with the report in place of what was between the marks."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n```text\n{report}\n```\n{END}{after}"
