"""The card's pictures, as SVG that takes its colours from the page."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WIDTH, HEIGHT = 440, 340
LEFT, RIGHT, TOP, BOTTOM = 52, 22, 12, 48
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
Point = tuple[float, float]


def calibration(card: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """Rate by stated probability, with intervals; the diagonal is what a true score would show."""
    parts = [_line([(0.0, 0.0), (1.0, 1.0)], "var(--dim)", dashed=True)]
    for one in card["calibration"]:
        parts.append(_line([(one["mean"], one["rate_low"]), (one["mean"], one["rate_high"])], "var(--mark)"))
        told = f"{one['mean']:.1%} → {one['rate']:.1%} ({one['records']:,})"
        x, y = _place((one["mean"], one["rate"]))
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="var(--mark)"><title>{told}</title></circle>')
    return _picture(parts, words["calibration"], words["axis_said"], words["axis_rate"])


def gain(card: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """The part of all wins among the best records by score; the diagonal is a blind order."""
    curve = card["gain"]
    low, high = ([(0.0, 0.0), *((one["share"], one[name]) for one in curve)] for name in ("won_low", "won_high"))
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(_place, [*low, *reversed(high)]))
    parts = [
        f'<polygon points="{corners}" fill="var(--band)"/>',
        _line([(0.0, 0.0), (1.0, 1.0)], "var(--dim)", dashed=True),
        _line([(0.0, 0.0), *((one["share"], one["won"]) for one in curve)], "var(--mark)"),
    ]
    return _picture(parts, words["gain"], words["axis_share"], words["axis_won"])


def _place(point: Point) -> Point:
    x, y = point
    return LEFT + x * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y * (HEIGHT - TOP - BOTTOM)


def _line(points: Sequence[Point], colour: str, *, dashed: bool = False) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(_place, points))
    style = ' stroke-dasharray="4 4"' if dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{style}/>'


def _axes() -> Iterator[str]:
    for tick in TICKS:
        (x, bottom), (left, y) = _place((tick, 0.0)), _place((0.0, tick))
        (right, _), (_, top) = _place((1.0, tick)), _place((tick, 1.0))
        yield f'<path d="M{left:.1f} {y:.1f}H{right:.1f}M{x:.1f} {top:.1f}V{bottom:.1f}" stroke="var(--line)"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 17:.1f}" text-anchor="middle">{tick:.0%}</text>'
        yield f'<text x="{left - 7:.1f}" y="{y + 4:.1f}" text-anchor="end">{tick:.0%}</text>'


def _picture(parts: Sequence[str], title: str, across: str, up: str) -> str:
    middle = (HEIGHT - BOTTOM + TOP) / 2
    return "".join([
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-size="12" fill="var(--dim)" ',
        f'xmlns="http://www.w3.org/2000/svg"><title>{html.escape(title)}</title>', *_axes(), *parts,
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{html.escape(across)}</text>',
        f'<text transform="translate(12 {middle}) rotate(-90)" text-anchor="middle">{html.escape(up)}</text></svg>',
    ])  # fmt: skip
