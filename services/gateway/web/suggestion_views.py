"""What a suggestion brings and what it offers, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.web.words import Words


def points(action: Mapping[str, Any], words: Words) -> str:
    """What it adds to the win chance, with the range that this is known to."""
    names = {"points": "probability_gain", "low": "probability_gain_low", "high": "probability_gain_high"}
    return words("actions.points", **{slot: words.points(action[name]) for slot, name in names.items()})


def offers(action: Mapping[str, Any], words: Words) -> tuple[str, ...]:
    """The products it offers: each with the quantity that won deals usually had, and why."""
    found = []
    for one in action.get("products", ()):
        usual = f" × {words.number(one['quantity'])}" if one["quantity"] else ""
        found.append(f"{one['name']}{usual}: {one['text']}")
    return tuple(found)
