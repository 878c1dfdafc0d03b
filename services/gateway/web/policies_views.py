"""What the page of data and models shows of the policies that choose what a deal is shown first: off-policy report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway.monitoring.words import BECAUSE
from services.gateway.web.words import Words

Json = Mapping[str, Any]
DIGITS = 1  # of points


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A policy: its share of the deals, its value by the log, and what it brings over the champion."""

    id: str
    name: str
    share: str
    ranks: str
    value: str
    difference: str
    champion: bool


@dataclass(frozen=True, slots=True)
class ShownView:
    """What showing an action first brings, by the log."""

    action: str
    effect: str


@dataclass(frozen=True, slots=True)
class PoliciesView:
    """The off-policy report."""

    told: tuple[str, ...]
    policies: tuple[PolicyView, ...]
    actions: tuple[ShownView, ...]


def policies_view(about: Json, titles: Mapping[str, str], words: Words) -> PoliciesView:
    """Of services.gateway.policies.PolicyDesk.about; `titles` of actions by name."""
    log: Json = about["evaluation"] or {}
    policies = tuple(_policy(one, about, log, words) for one in about["policies"])
    actions = [
        ShownView(titles.get(name, name), points_of(found, words)) for name, found in (log.get("actions") or {}).items()
        if found.get("value") is not None and not found.get("why")
    ]  # fmt: skip
    return PoliciesView(tuple(_told(about, log, words)), policies, tuple(actions))


def _told(about: Json, log: Json, words: Words) -> Sequence[str]:
    found = about["detectable"]
    lines = [words("policies.control", share=words.percent(about["control_share"]))]
    if found["difference"] is not None:
        points = words.number(round(100 * found["difference"], DIGITS))
        lines.append(words("policies.detectable", count=words.number(found["control_deals"]), points=points))
    if not log:
        return [*lines, words("policies.no_log")]
    rows, days = words.number(log.get("rows", 0)), log.get("horizon_days", 0)
    lines.append(words("policies.log", rows=rows, days=days, waiting=words.number(log.get("waiting", 0))))
    return [*lines, because(log["why"], words)] if log.get("why") else lines


def _policy(policy: Json, about: Json, log: Json, words: Words) -> PolicyView:
    name, champion = str(policy["id"]), str(about["champion"])
    found = (log.get("policies") or {}).get(name)
    apart = (log.get("differences") or {}).get(name, {}).get(champion) if name != champion else None
    return PolicyView(
        name, words.name("policy", name), words.percent(about["shares"].get(name, 0.0)),
        words.name("policies", str(policy["rank_by"])),
        share_of(found, words) if found else "–", points_of(apart, words) if apart else "–", name == champion,
    )  # fmt: skip


def share_of(found: Json, words: Words) -> str:
    """A share with its interval, or why there is none."""
    if found.get("why") or found.get("value") is None:
        return because(found.get("why", ""), words) or "–"
    value, low, high = (words.percent(found[name]) for name in ("value", "low", "high"))
    return words("policies.span", value=value, low=low, high=high)


def points_of(found: Json, words: Words) -> str:
    """A difference in points with its interval, or why there is none."""
    if found.get("why") or found.get("value") is None:
        return because(found.get("why", ""), words) or "–"
    value, low, high = ("–" if found[name] is None else words.points(found[name]) for name in ("value", "low", "high"))
    return words("policies.span", value=value, low=low, high=high)


def because(why: object, words: Words) -> str:
    """Why the log cannot tell something."""
    text = BECAUSE.said(str(why), words.language)
    return text[:1].upper() + text[1:]
