"""A line chart with logarithmic axes as SVG, with nothing but the standard library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 420, 300, 64, 16, 40, 48


@dataclass(frozen=True, slots=True)
class Panel:
    """points: (x, y), all above 0. aim: a point that is wanted to lie above the line."""

    title: str
    across: str
    points: Sequence[tuple[float, float]]
    aim: tuple[float, float] | None = None


def draw(panels: Sequence[Panel]) -> str:
    """The panels side by side."""
    parts = [_panel(panel, WIDTH * index) for index, panel in enumerate(panels)]
    size = f'width="{WIDTH * len(panels)}" height="{HEIGHT}"'
    style = 'font-family="sans-serif" font-size="11" fill="#333"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {WIDTH * len(panels)} {HEIGHT}" {style}>'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>"]) + "\n"


def _panel(panel: Panel, offset: int) -> str:
    shown = [*panel.points, *([panel.aim] if panel.aim else [])]
    first, last = _bounds([x for x, _ in shown])
    low, high = _bounds([y for _, y in shown])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (log10(x) - first) / (last - first) * (WIDTH - LEFT - RIGHT)
        up = (log10(y) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)
        return offset + LEFT + across, HEIGHT - BOTTOM - up

    parts = [f'<text x="{offset + LEFT}" y="22" font-size="13">{escape(panel.title)}</text>']
    for power in range(low, high + 1):
        x, y = place(10.0**first, 10.0**power)
        right = offset + WIDTH - RIGHT
        parts.append(f'<line x1="{x:.0f}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{x - 6:.0f}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>')
    for power in range(first, last + 1):
        x, y = place(10.0**power, 10.0**low)
        parts.append(f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{10**power:,}</text>')
    middle = offset + (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 10}" text-anchor="middle">{escape(panel.across)}</text>')
    dots = [place(x, y) for x, y in panel.points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#1f6feb" stroke-width="2"/>')
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#1f6feb"/>' for x, y in dots]
    for (x, y), (_, value) in zip(dots, panel.points, strict=True):
        parts.append(f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">{value:.2g}</text>')
    if panel.aim:
        x, y = place(*panel.aim)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="none" stroke="#d1242f" stroke-width="2"/>')
        parts.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="#d1242f">at most</text>')
    return "\n".join(parts)


def _bounds(values: Sequence[float]) -> tuple[int, int]:
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)
