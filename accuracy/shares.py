"""Shares with how sure they are."""

from __future__ import annotations

from learning import incidence


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); everything where there is nothing to count."""
    found = incidence.wilson(hits, of)
    return 0.0 if found.low is None else found.low, 1.0 if found.high is None else found.high
