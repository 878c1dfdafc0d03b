"""What the rule says of each kind of deal that lead scoring predicts, and of all of them: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.gateway.promotion_rule import LEVELS, Decision, PromotionRule, serve, wait

JUDGED = ("log_loss", "ece")
KINDS: Mapping[str, str] = {"LEAD": "leads", "OPPORTUNITY": "opportunities"}
# What decides among the kinds: the first of these.
ORDER = (
    "worse", "prior", "unsure", "not_compared", "new_horizon", "drifted", "too_old", "knew_little", "not_worse",
    "prior_served", "seen",
)  # fmt: skip
RATE = "base rate"
SHOWN_COLUMNS = 5
KNEW_LITTLE = 0.8  # of the ended deals: a champion that learned from a smaller part goes unless the new one is worse
TITLES: Mapping[str, str] = {"log_loss": "log loss", "ece": "calibration error"}


def of_kinds(challenger: Mapping[str, Any], rule: PromotionRule, age: int | None, aged: str) -> Decision | None:
    """The worst of the kinds' verdicts, with what is said of each; None where no kind could be judged.

    age: days since the champion's data end; aged: says that this is too long, empty where it is not.
    """
    found = challenger["evaluation"]["champion"]
    kinds: Sequence[Mapping[str, Any]] = [found, *found.get("others", ())]
    pairs = [(one, _of_kind(one, challenger, rule, age, aged)) for one in kinds]
    judged = [(one, verdict) for one, verdict in pairs if verdict is not None]
    if not judged:
        return None
    _, first = min(judged, key=lambda pair: ORDER.index(pair[1].code))
    if len(kinds) == 1:
        return first
    told = [f"{_name(one)}: {verdict.text if verdict else 'too few rows to compare on'}" for one, verdict in pairs]
    by_kind = {one["kind"]: {"code": verdict.code, **verdict.figures} for one, verdict in judged}
    return Decision(first.promote, first.code, "; ".join(told), {"kinds": by_kind})


def _name(one: Mapping[str, Any]) -> str:
    return KINDS.get(one.get("kind", ""), "deals")


def _of_kind(
    one: Mapping[str, Any], challenger: Mapping[str, Any], rule: PromotionRule, age: int | None, aged: str
) -> Decision | None:
    if one.get("why") == "falls_to_prior":
        known = f"{one['outcomes']} outcomes are known, too few to learn from or of one sort only"
        return wait("prior", f"the champion predicts {_name(one)}, the new one has a prior for them: {known}")
    if one.get("champion_prior"):
        return serve("prior_served", "the champion has only a prior")
    if one.get("why") == "other_horizon":
        return _new_horizon(challenger["evaluation"], rule)
    return _compared(one, challenger["version"], rule, age, aged) if "difference" in one else None


def _new_horizon(evaluation: Mapping[str, Any], rule: PromotionRule) -> Decision:
    """Of leads whose score is the chance of something else by now: people decided that, and nothing compares."""
    days = evaluation["champion"].get("lead_horizon_days") or {}
    since = " to ".join(_days(days.get(name)) for name in ("champion", "challenger"))
    said = (
        f"the days within which a lead is to convert were changed from {since}: the champion's score says another thing"
    )
    leads: Mapping[str, Any] = next((one for one in evaluation.get("kinds") or () if one.get("kind") == "LEAD"), {})
    tested = leads if "test" in leads else evaluation
    loss = ((tested.get("test") or {}).get("log_loss") or {}).get("value")
    base = (tested.get("baseline") or {}).get("log_loss")
    if tested.get("model") == "base_rate":
        loss = base  # what was tested is the model that was rejected for it
    if loss is None or base is None:
        return wait("not_compared", f"{said}; no outcomes show yet how good the new score is")
    figures = {"lead_horizon_days": days, "log_loss": loss, "base_rate": base}
    text = f"{said}; log loss {loss:.3f}, the plain rate's {base:.3f}"
    if loss > base * (1 + rule.log_loss_margin):
        return wait("worse", f"{text}: worse than that", figures)
    return serve("new_horizon", text, figures)


def _days(horizon: int | None) -> str:
    return "any number" if horizon is None else str(horizon)


def _compared(found: Mapping[str, Any], version: str, rule: PromotionRule, age: int | None, aged: str) -> Decision:
    low, high = LEVELS[rule.confidence]
    apart = found["difference"]
    margins = {
        "log_loss": rule.log_loss_margin * (found["models"]["champion"]["log_loss"]["value"] or 0.0),
        "ece": rule.ece_margin,
    }
    figures = {
        "basis": found["basis"], "knew": found.get("knew"),
        "records": found["records"], "confidence": rule.confidence, "age_days": age,
        "difference": {name: {end: apart[name][end] for end in ("value", low, high)} for name in JUDGED},
        "margins": {name: round(value, 6) for name, value in margins.items()},
    }  # fmt: skip
    off = (found.get("calibration") or {}).get("miscalibrated", True)
    told = " and ".join(_told(name, apart[name], low, high, margins[name]) for name in JUDGED)
    told += "" if off else ", its probabilities no further off than chance explains"
    on = f"on {found['records']} records" + (", part of which the champion learned from" if found["seen"] else "")
    verdicts = {name: _verdict(apart[name], low, high, margins[name]) for name in JUDGED}
    if not off or (_sure(apart["log_loss"], high) and (apart["ece"][low] or 0.0) <= margins["ece"]):
        verdicts["ece"] = "passes"
    if set(verdicts.values()) == {"passes"}:
        return serve("not_worse", f"not worse {on}: {told}", figures)
    if found["seen"]:
        return _seen(found, rule, aged, _without(found, version), figures)
    if "worse" in verdicts.values():
        by = " and ".join(TITLES[name] for name in JUDGED if verdicts[name] == "worse")
        return wait("worse", f"worse by its {by} {on}: {told}" + _without(found, version), figures)
    if aged:
        return serve("too_old", f"{aged}, and the new one is not shown to be worse {on}: {told}", figures)
    if (found.get("drift") or {}).get("miscalibrated"):
        text = f"the champion's probabilities are off by now, and the new one is not shown to be worse {on}: {told}"
        return serve("drifted", text, figures)
    if little := _knew_little(found):
        return serve("knew_little", f"{little}, and the new one is not shown to be worse {on}: {told}", figures)
    return wait("unsure", f"it may be worse than the margin allows {on}: {told}" + _without(found, version), figures)


def _seen(found: Mapping[str, Any], rule: PromotionRule, aged: str, hint: str, figures: Mapping[str, Any]) -> Decision:
    """Where the champion has learned the answers that both are judged by, it looks better than it is: that the new
    one looks worse says nothing. It is only known whether the new one is worse than the plain rate."""
    ours, rate = (found["models"][name]["log_loss"]["value"] for name in ("challenger", RATE))
    figures = {**figures, "base_rate": rate}
    if ours is None or rate is None or ours > rate * (1 + rule.log_loss_margin):
        return wait("worse", f"worse than the plain rate on {found['records']} records: log loss {ours}, {rate}" + hint,
                    figures)  # fmt: skip
    if aged:
        return serve("too_old", f"{aged}, and nothing shows the new one to be worse", figures)
    if little := _knew_little(found):
        return _more(found, rule, little, hint, figures)
    text = (
        f"only {found['fresh_records']} ended records are new to the model in use, too few to compare on "
        f"(it learned {found['seen']:.0%} of the known outcomes already, which makes it look better than it is)"
    )
    return wait("seen", text + hint, figures)


def _knew_little(found: Mapping[str, Any]) -> str:
    """That the champion learned from too few of the ended deals there are; empty where it did not."""
    knew: Mapping[str, Any] = found.get("knew") or {}
    of, learned = knew.get("outcomes", 0), knew.get("learned", 0)
    if learned >= KNEW_LITTLE * of:
        return ""
    return f"the champion learned from {learned} of the {of} ended deals there are"


def _more(
    found: Mapping[str, Any], rule: PromotionRule, little: str, hint: str, figures: Mapping[str, Any]
) -> Decision:
    """Of a version that learned from many more deals: what the champion did not have is all that it can be held to."""
    low, _ = LEVELS[rule.confidence]
    alone: Mapping[str, Any] = found.get("unlearned") or {}
    if alone and (alone["log_loss"][low] or 0.0) > 0:
        on = f"on the {alone['records']} records that the champion did not learn from"
        return wait("worse", f"worse by its log loss {on}: {alone['log_loss']['value']:+.3f}" + hint, figures)
    return serve("knew_little", f"{little}, and nothing shows the new one to be worse", figures)


def _verdict(apart: Mapping[str, float | None], low: str, high: str, margin: float) -> str:
    end = apart[high]
    if end is not None and end <= margin:
        return "passes"
    return "worse" if (apart[low] or 0.0) > 0 else "unsure"


def _sure(apart: Mapping[str, float | None], high: str) -> bool:
    """Better with confidence. Log loss counts calibration too: that is then held against it beyond the margin only."""
    end = apart[high]
    return end is not None and end <= 0


def _without(found: Mapping[str, Any], version: str) -> str:
    """That the champion reads what has been left out since: a leak makes it look better than it will be."""
    columns: Sequence[str] = found.get("left_out_now") or ()
    if not columns:
        return ""
    shown = ", ".join(columns[:SHOWN_COLUMNS]) + (", …" if len(columns) > SHOWN_COLUMNS else "")
    return (
        f". The champion reads {shown}, left out since: if that gives the outcome away, the champion looks better on "
        "closed records than it is on open ones; then let the new one serve by dealcast models promote lead_scoring "
        f'{version} --reason "…"'
    )


def _told(name: str, figure: Mapping[str, float], low: str, high: str, margin: float) -> str:
    ends = ", ".join("–" if figure[end] is None else f"{figure[end]:+.3f}" for end in (low, high))
    value = "–" if figure["value"] is None else f"{figure['value']:+.3f}"
    return f"{TITLES[name]} {value} [{ends}], allowed {margin:+.3f}"
