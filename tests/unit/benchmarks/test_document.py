"""Writing results into a document."""

from pathlib import Path

import pytest

from benchmarks import document
from benchmarks.document import END, begin
from benchmarks.errors import BenchmarkError

BEGIN = begin("apply")


def test_only_what_is_between_the_marks_changes(tmp_path: Path) -> None:
    path = tmp_path / "results.md"
    path.write_text(f"# Before\n\n{BEGIN}\nold\n{END}\n\nAfter.\n")
    document.write(path, "apply", "new")
    document.write(path, "apply", "newer")
    assert path.read_text() == f"# Before\n\n{BEGIN}\n```text\nnewer\n```\n{END}\n\nAfter.\n"


def test_a_plot_lies_beside_the_document_and_is_shown_above_the_report(tmp_path: Path) -> None:
    path = tmp_path / "results.md"
    path.write_text(f"{BEGIN}\n{END}\n")
    document.write(path, "apply", "new", "<svg/>")
    document.write(path, "apply", "newer", "<svg></svg>")
    shown = "![apply: seconds of each step](results-apply.svg)"
    assert path.read_text() == f"{BEGIN}\n{shown}\n\n```text\nnewer\n```\n{END}\n"
    assert (tmp_path / "results-apply.svg").read_text() == "<svg></svg>"


def test_each_command_has_marks_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "results.md"
    path.write_text(f"{BEGIN}\none\n{END}\nBetween.\n{begin('render')}\ntwo\n{END}\nAfter.\n")
    document.write(path, "render", "new")
    assert path.read_text() == (f"{BEGIN}\none\n{END}\nBetween.\n{begin('render')}\n```text\nnew\n```\n{END}\nAfter.\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        BEGIN,
        END,
        f"{END}\n{BEGIN}",
        f"{BEGIN}\n{BEGIN}\n{END}",
        f"{begin('render')}\n{END}",
        f"{BEGIN}\n{begin('render')}\n{END}",
    ],
    ids=[
        "none",
        "no end",
        "no begin",
        "the wrong way round",
        "twice",
        "another command's",
        "without an end of its own",
    ],
)
def test_a_document_without_both_marks_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.md"
    path.write_text(text)
    with pytest.raises(BenchmarkError, match="needs one line"):
        document.write(path, "apply", "new")
    assert path.read_text() == text


def test_a_missing_document_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"absent\.md"):
        document.read(tmp_path / "absent.md", "apply")
