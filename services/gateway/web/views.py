"""What the templates show of a merged record: texts and lengths, no computing left to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from services.gateway.web.member_names import NOBODY, People, Person, person
from services.gateway.web.suggestion_views import offers, points
from services.gateway.web.words import Words

Json = Mapping[str, Any]
MOST_REASONS = 9
UNTRAINED = "prior"  # the version that a service names before any training
FIRST_REASONS = 5  # the others on demand


@dataclass(frozen=True, slots=True)
class ReasonView:
    """A reason with its signed bar: `width` in percent of half the track."""

    text: str
    value: str
    for_it: bool
    width: float
    evidence: str


@dataclass(frozen=True, slots=True)
class PartView:
    """What every part shows of itself; worded where it is shown, as a list shows next to nothing of it."""

    told: Json
    words: Words

    @property
    def stale(self) -> bool:
        """Whether it is behind the deal."""
        return bool(self.told["stale"])

    @property
    def as_of(self) -> str:
        """Up to when it knows."""
        return self.words("part.as_of", time=self.words.time(self.told["as_of"]))

    @property
    def model(self) -> str:
        """By which version it was worked out."""
        return model_text(self.told["model_version"], self.words)


@dataclass(frozen=True, slots=True)
class ScoreView:
    """The lead score; low, mid and high in percent of the track."""

    part: PartView
    text: str
    range_text: str
    within: int  # days in which a lead is to convert; 0: no horizon
    grade: str
    trend: str
    moved_since: str  # heads `moved`; empty where there is nothing to tell
    moved: tuple[ReasonView, ...]
    low: float
    mid: float
    high: float
    nothing_predicts: bool
    prior: str  # says that this is no prediction; empty where it is one
    reasons: tuple[ReasonView, ...]
    more: tuple[ReasonView, ...]


@dataclass(frozen=True, slots=True)
class PeriodView:
    """A quarter's chance, `width` in percent of the track."""

    period: str
    text: str
    width: float
    expected: str


@dataclass(frozen=True, slots=True)
class ForecastView:
    """When and for how much; `note` instead of all else where there is nothing to forecast."""

    part: PartView
    note: str
    close: str
    close_range: str
    amount: str
    amount_range: str
    periods: tuple[PeriodView, ...]
    category: str
    slip: str
    reasons: tuple[str, ...]
    expected: str  # the likely amount times the chance in the current quarter, for lists
    first_period: str  # the chance in the current quarter, for lists


@dataclass(frozen=True, slots=True)
class ActionView:
    """A suggestion."""

    text: str
    contact: str
    gain: str
    points: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActionsView:
    """The suggestions, best first; none means nothing now."""

    part: PartView
    actions: tuple[ActionView, ...]
    look_again: str
    order: str = ""  # said where one stands before another that is worth more


@dataclass(frozen=True, slots=True)
class DealView:
    """The deal's own members and its three parts; a part that is not there yet is None."""

    id: str
    href: str
    name: str
    account: str
    owner: Person
    stage: str
    outcome: str
    outcome_text: str
    kind: str
    motion: str
    lead: bool
    amount: str
    close: str
    overdue: bool
    closed: str
    category: str
    deleted: bool
    revision: int
    score: ScoreView | None
    forecast: ForecastView | None
    actions: ActionsView | None


def deal_view(record: Json, words: Words, business_day: date, people: People = NOBODY) -> DealView:
    """A merged record (services.gateway.merged) for the templates; its owner as one of these people."""
    owner = record["owner"] or {}
    is_open = record["outcome"] == "OPEN"
    overdue = is_open and bool(record["close_date"]) and record["close_date"] < business_day.isoformat()
    return DealView(
        id=record["id"], href=f"/deals/{quote(record['id'], safe='')}", name=_called(record),
        account=(record["account"] or {}).get("name", ""),
        owner=person(people, owner.get("id", ""), owner.get("name", ""), words), stage=record["stage"],
        outcome=record["outcome"], outcome_text=words.name("outcome", record["outcome"]),
        kind=words.name("kind", record["kind"]), motion=words.name("motion", record["motion"]),
        lead=record["kind"] == "LEAD", amount=words.money(record["amount"]), close=words.day(record["close_date"]),
        overdue=overdue, closed=words.day(record["closed_date"]) if record["closed_date"] else "",
        category=words.name("category", record["category"]) if record["category"] else "",
        deleted=record["deleted"], revision=record["revision"], score=_score(_with_owner(record), words),
        forecast=_forecast(record["forecast"], words, is_open),
        actions=_actions(record["next_actions"], record["contacts"], words),
    )  # fmt: skip


def _called(record: Json) -> str:
    """The deal's name; where a CRM gives none, what tells it from others: account, product and id."""
    if record["name"]:
        return str(record["name"])
    account = (record["account"] or {}).get("name", "")
    product = next((line["name"] or line["product_id"] for line in record.get("products", ())), "")
    return " · ".join(part for part in (account, product, record["id"]) if part)


def model_text(version: str, words: Words) -> str:
    """What worked a part out; before any training that is no model."""
    return words("part.model_prior") if version == UNTRAINED else words("part.model", version=version)


def _prior(score: Json, words: Words) -> str:
    """Says that a score is no prediction, and why: nothing is trained, or what is trained saw too little."""
    if not score.get("prior"):
        return ""
    version = score["model_version"]
    return words("part.prior") if version == UNTRAINED else words("part.prior_trained", version=version)


def _with_owner(record: Json) -> Json | None:
    """The score, its reasons naming the owner instead of the id: the model knows no names."""
    score, owner = record["lead_score"], record["owner"]
    if not score or not owner or not owner.get("name"):
        return score  # type: ignore[no-any-return]
    reasons = [
        {**reason, "value": owner["name"], "text": reason["text"].replace(owner["id"], owner["name"])}
        if reason["field"] == "owner_id" and reason["value"] == owner["id"]
        else reason
        for reason in score["reasons"]
    ]
    return {**score, "reasons": reasons}


def _score(score: Json | None, words: Words) -> ScoreView | None:
    if score is None:
        return None
    low, high = words.chance(score["low"]), words.chance(score["high"])
    reasons = reason_views(score["reasons"], words)
    cut = FIRST_REASONS if len(reasons) > FIRST_REASONS + 1 else len(reasons)
    since = words("part.moved_since", day=words.day(score["trend_since"])) if score["trend_reasons"] else ""
    return ScoreView(
        part=PartView(score, words), text=words.chance(score["probability"]),
        range_text=words("part.range", low=low, high=high), within=score.get("horizon_days") or 0, grade=score["grade"],
        trend=words.name("trend", score["trend"]), moved_since=since,
        moved=reason_views(score["trend_reasons"], words), low=_percent(score["low"]),
        mid=_percent(score["probability"]), high=_percent(score["high"]),
        nothing_predicts=bool(score.get("nothing_predicts")), prior=_prior(score, words), reasons=reasons[:cut],
        more=reasons[cut:],
    )  # fmt: skip


def _percent(share: float) -> float:
    return round(100 * min(1.0, max(0.0, share)), 1)


def reason_views(reasons: Sequence[Json], words: Words) -> tuple[ReasonView, ...]:
    """The strongest reasons, longest bar first, the rest of them all (without a field) last."""
    strongest = sorted(reasons, key=lambda reason: (not reason["field"], -abs(reason["effect"])))[:MOST_REASONS]
    longest = max((abs(reason["effect"]) for reason in strongest), default=0.0) or 1.0
    return tuple(
        ReasonView(
            reason["text"] or reason["field"], "" if reason["text"] else reason["value"], reason["effect"] >= 0,
            round(100 * abs(reason["effect"]) / longest, 1),
            "" if reason["text"] else _evidence(reason.get("evidence"), words),  # the text tells it
        )
        for reason in strongest
    )  # fmt: skip


def _evidence(evidence: Json | None, words: Words) -> str:
    if not evidence or not evidence["count"]:
        return ""
    return words("part.evidence", won=words.number(evidence["won"]), count=words.number(evidence["count"]))


def _forecast(forecast: Json | None, words: Words, is_open: bool) -> ForecastView | None:
    if forecast is None:
        return None
    status = forecast["status"]
    note = "" if status == "open" else words(f"forecast.{status}")
    periods, days, amount = forecast["periods"], forecast["close_date"], forecast["amount"]
    sums = {name: _part_money(amount, name, words) for name in ("mean", "p10", "p90")} if amount else {}
    return ForecastView(
        part=PartView(forecast, words), note=note, close=words.day(days["p50"]) if days else "",
        close_range=_span(words.day(days["p10"]), words.day(days["p90"]), words) if days else "",
        amount=sums.get("mean", ""),
        amount_range=_span(sums["p10"], sums["p90"], words) if sums else "",
        periods=tuple(_period(each, words) for each in periods),
        category=words.name("category", forecast["category"].lower()) if forecast["category"] else "",
        slip="" if forecast["slip_risk"] is None else words.chance(forecast["slip_risk"]),
        reasons=tuple(reason["text"] for reason in forecast.get("reasons", ()) if reason["text"]),
        expected=_expected(forecast, words) if status == "open" and is_open else "",
        first_period=words.chance(periods[0]["probability"]) if periods and status == "open" and is_open else "–",
    )  # fmt: skip


def _expected(forecast: Json, words: Words) -> str:
    expected = next((period["expected"] for period in forecast["periods"]), None)
    return words("list.expected_amount", amount=words.money(expected, compact=True)) if expected else ""


def _part_money(amount: Json, name: str, words: Words) -> str:
    return words.money({"currency": amount["currency"], "value": amount[name]}, compact=True)


def _span(low: str, high: str, words: Words) -> str:
    return words("forecast.span", low=low, high=high)


def _period(period: Json, words: Words) -> PeriodView:
    share = period["probability"]
    expected = words.money(period["expected"], compact=True) if period["expected"] else ""
    return PeriodView(period["period"], words.chance(share), _percent(share), expected)


def _actions(part: Json | None, contacts: Sequence[Json], words: Words) -> ActionsView | None:
    if part is None:
        return None
    names = {contact["contact_id"]: contact["name"] for contact in contacts}
    shown = tuple(
        ActionView(
            action["text"] or action["action"], names.get(action["contact_id"], ""),
            words("actions.gain", amount=words.money(action["gain"], compact=True)) if action["gain"] else "",
            points(action, words),
            (*(one["text"] or one["field"] for one in action["reasons"]), *offers(action, words)),
        )
        for action in part["actions"]
    )  # fmt: skip
    again = words("actions.look_again", day=words.day(part["look_again_date"])) if part["look_again_date"] else ""
    apart = (part.get("decision") or {}).get("control", False)
    worth = [float(action["gain"]["value"]) for action in part["actions"] if action["gain"]]
    order = words("actions.order") if worth != sorted(worth, reverse=True) else ""
    return ActionsView(PartView(part, words), shown, words("actions.control") if apart else again, order)
