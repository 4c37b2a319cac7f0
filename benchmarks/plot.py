"""A plot of the times as SVG: a panel for each size, in it a bar for each contender and step. Pure.

Light and dark pages show it alike: it has a ground of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from types import MappingProxyType

from benchmarks.marks import Results
from benchmarks.measurement import Typical
from benchmarks.size import Size
from benchmarks.steps import Step

_COLOURS: Mapping[str, str] = MappingProxyType(
    {"fleet": "#0b6e99", "kubectl": "#d98b2b", "raw loop": "#8a8f98", "kapp": "#5a8f3c", "pulumi": "#8a4fbf"}
)
_WIDTH, _LEFT, _RIGHT = 860, 170, 70
_BAR, _GAP, _HEADING, _MARGIN = 11, 8, 34, 16
_FONT = 'font-family="sans-serif" font-size="11" fill="#222"'
_TEXT = '<text x="{x}" y="{y}" text-anchor="{anchor}"{more}>{text}</text>'


def svg(results: Results) -> str:
    """Return the drawing: seconds, each panel with a scale of its own."""
    body, bottom = list(_legend(results)), _MARGIN + _HEADING
    for size, typical in results.items():
        lines, bottom = _panel(size, typical, bottom)
        body += lines
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom}" {_FONT}>',
            f'<rect width="{_WIDTH}" height="{bottom}" fill="#fff"/>',
            *body,
            "</svg>\n",
        ]
    )


def _legend(results: Results) -> Iterator[str]:
    names = dict.fromkeys(contender for typical in results.values() for contender, _ in typical)
    yield _text(_MARGIN, _MARGIN + _BAR, "Seconds", weight="bold")
    for position, name in enumerate(names):
        x = _LEFT + 110 * position
        yield _rectangle(x, _MARGIN + 2, _BAR, name)
        yield _text(x + _BAR + 6, _MARGIN + _BAR, name)


def _panel(size: Size, typical: Typical, top: int) -> tuple[list[str], int]:
    """Return a panel's lines, and where it ends."""
    y = top + _HEADING
    lines = [_text(_MARGIN, y - _BAR, str(size), weight="bold")]
    longest = max(each.usage.wall_s for each in typical.values()) or 1.0
    for step in Step:
        bars = [(name, each.usage.wall_s) for (name, taken), each in typical.items() if taken is step]
        if not bars:
            continue
        lines.append(_text(_LEFT - 8, y + len(bars) * _BAR // 2 + 4, step, anchor="end"))
        for name, seconds in bars:
            width = seconds / longest * (_WIDTH - _LEFT - _RIGHT)
            lines += [_rectangle(_LEFT, y, width, name), _text(_LEFT + width + 5, y + 9, f"{seconds:.2f}")]
            y += _BAR
        y += _GAP
    return lines, y + _MARGIN


def _rectangle(x: float, y: float, width: float, contender: str) -> str:
    colour = _COLOURS.get(contender, "#444")
    return f'<rect x="{x:g}" y="{y:g}" width="{width:.1f}" height="{_BAR - 1}" fill="{colour}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "") -> str:
    more = f' font-weight="{weight}"' if weight else ""
    return _TEXT.format(x=f"{x:.1f}", y=f"{y:g}", anchor=anchor, more=more, text=escape(text))
