"""The rule by which a newly trained version serves without being asked: pure.

A challenger is promoted when it is, with the stated confidence, not worse than the champion by more than a margin in
log loss and in calibration error, both on the same rows. Where the champion is too old, or off beyond chance on what
has come since, it is enough that the challenger is not shown to be worse. Else it waits for a person. Leads and
opportunities are judged apart, and the worse verdict counts (`promotion_kinds`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.gateway.promotion_kinds import of_kinds
from services.gateway.promotion_rule import Decision, PromotionRule, serve, wait

PRIOR = "prior"
FORECAST_SLACK = 0.1


def waits_with(version: str) -> Decision:
    """Of a model that learned from the scores of a version of lead scoring which waits."""
    return wait("waits_with_scores", f"it learned from the scores of lead scoring version {version}, which waits")


def decide(
    service: str, challenger: Mapping[str, Any], champion: Mapping[str, Any] | None, rule: PromotionRule, today: date
) -> Decision:
    """On versions as the gateway keeps them; `champion` None where nothing serves."""
    if champion is None:
        return serve("first", "nothing served before")
    if champion.get("erased"):
        return serve("erased", "what serves holds a person who was erased, and is replaced whatever is compared")
    if challenger["digest"] == champion["digest"]:
        return wait("same", f"it is the same model as version {champion['version']}, which serves")
    if service == "lead_scoring":
        return _score(challenger, champion, rule, today)
    if service == "forecast":
        return _forecast(challenger["evaluation"].get("champion") or {}, champion)
    return serve("not_compared", "there is no comparison for this model; the newest serves")


def _score(challenger: Mapping[str, Any], champion: Mapping[str, Any], rule: PromotionRule, today: date) -> Decision:
    new, old = (each["evaluation"].get("model") == PRIOR for each in (challenger, champion))
    if new and not old:
        return wait("prior", "too few outcomes: a prior takes no trained model's place")
    if old:
        return serve("prior_served", "what serves is a prior")
    found = challenger["evaluation"].get("champion") or {}
    age = _age(champion, today)
    aged = f"the champion's data end {age} days ago, more than {rule.max_age_days}"
    too_old = age is not None and age > rule.max_age_days
    decision = None
    if found.get("version") == champion["version"]:
        decision = of_kinds(challenger, rule, age, aged if too_old else "")
    if decision is not None:
        return decision
    if too_old:
        return serve("too_old", f"{aged}, and nothing shows the new one to be worse", {"age_days": age})
    return wait("not_compared", "it could not be compared with the champion on the same rows")


def _age(champion: Mapping[str, Any], today: date) -> int | None:
    """Days since its data end."""
    last = champion["evaluation"].get("last_day")
    return (today - date.fromisoformat(last)).days if last else None


def _forecast(found: Mapping[str, Any], champion: Mapping[str, Any]) -> Decision:
    """By the error of the replays: of single owners where there are, else of the whole."""
    levels = found.get("levels") or {}
    level = next((name for name in ("owner", "company") if name in levels), None)
    if level is None or found.get("version") != champion["version"]:
        return serve("not_compared", "its replays are of other quarters than what serves; the newest serves")
    new, old = (levels[level][name]["crps"] for name in ("challenger", "champion"))
    figures = {"quarters": found["quarters"], "level": level, "crps": {"challenger": new, "champion": old}}
    if new is None or old is None:
        return serve("not_compared", "its replays have no error to compare; the newest serves", figures)
    text = f"error (CRPS) of {level}s in replays of {', '.join(found['quarters'])}: {new:.3f}, champion {old:.3f}"
    if new > old * (1 + FORECAST_SLACK):
        return wait("worse", f"worse: {text}", figures)
    return serve("not_worse", f"not worse: {text}", figures)
