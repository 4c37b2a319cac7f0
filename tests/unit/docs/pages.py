"""The documentation as values: pages, their code blocks, the code and the links in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[3]
_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. info: what stands behind the fence: a language, then what the block is to the tests."""

    info: str
    text: str

    @property
    def language(self) -> str:
        return self.info.partition(" ")[0]


@dataclass(frozen=True)
class Page:
    """One file of the documentation. path: relative to the repository."""

    path: str

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(Block(found["info"].strip(), found["text"]) for found in _FENCE.finditer(self.text))

    @cached_property
    def prose(self) -> str:
        """The page without its blocks."""
        return _FENCE.sub("", self.text)

    def marked(self, info: str) -> list[str]:
        """Return the blocks that are what the tests know by this name: `python stack`, `yaml config`."""
        return [block.text for block in self.blocks if block.info == info]

    def code(self) -> Iterator[str]:
        """Yield what is to be typed or shown literally, except Python."""
        yield from (block.text for block in self.blocks if block.language != "python")
        yield from _INLINE.findall(self.prose)

    def links(self) -> list[str]:
        return _LINK.findall(_INLINE.sub("", self.prose))

    def anchors(self) -> set[str]:
        """Return the anchors of the headings, as GitHub makes them."""
        found: set[str] = set()
        for heading in _HEADING.findall(self.prose):
            words = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            found.add(next(each for each in (words, *(f"{words}-{n}" for n in range(1, 100))) if each not in found))
        return found

    def rows(self, heading: str) -> list[tuple[str, ...]]:
        """Return the cells of the first table below a heading, without its head."""
        _, _, section = self.text.partition(f"\n## {heading}\n")
        lines = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("|")]
        cells = (re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in lines[2:])
        return [tuple(cell.strip().replace("\\|", "|") for cell in row) for row in cells]


def _paths() -> Iterator[Path]:
    yield from (ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md"))
    yield from sorted((ROOT / "docs").rglob("*.md"))


PAGES = {str(path.relative_to(ROOT)): Page(str(path.relative_to(ROOT))) for path in _paths()}
