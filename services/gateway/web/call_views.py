"""What the forecast call shows of a node: the number in words, the numbers side by side, the tree below, the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.gateway.quotas import parts_of
from services.gateway.rollup import committed
from services.gateway.web.below_views import BelowSaid, without_echoes
from services.gateway.web.member_names import NOBODY, People, Person
from services.gateway.web.totals import TotalsView, quota_chance, totals_view
from services.gateway.web.words import Words
from services.gateway.workspace import UNTRAINED

Json = Mapping[str, Any]
BELOW = 2  # levels of the tree shown below the node; further down by a click
STAND = ("booked", "mean", "p10", "p90", "quota", "quota_probability")
NOT_TOLD: Json = {"error": None, "said": ()}  # of what is people's, to others
UNDER = {"up": "▲", "down": "▼", "even": ""}


@dataclass(frozen=True, slots=True)
class SideView:
    """One of the numbers that stand side by side, and how it differs from the forecast's."""

    name: str
    label: str
    amount: str
    beside: str
    told: str


@dataclass(frozen=True, slots=True)
class NodeView:
    """A row of the tree; `depth` below the node shown."""

    node: str
    name: str
    person: Person  # with title and team; of regions and the company their name alone
    depth: int
    expected: str
    span: str
    commit: str
    submitted: str
    quota: str
    gap: str
    chance: str
    moved: str
    moved_way: str
    behind: bool  # expected below the quota
    low: float | None
    mid: float | None
    high: float | None
    quota_at: float | None
    hidden: bool


@dataclass(frozen=True, slots=True)
class PastView:
    """A past period: what was said of it, what came; points of the line, in percent of what came."""

    period: str
    booked: str
    ai: str
    people: str
    held: str
    ai_line: str
    people_line: str


@dataclass(frozen=True, slots=True)
class NumberView:
    """The head of the page."""

    bar: TotalsView
    sentence: str
    ranged: bool  # the sentence tells a range
    quota_sentence: str
    sides: tuple[SideView, ...]
    stand: str  # what was worked out of other numbers than these is old


def number_view(
    forecast: Json, submission: Json | None, names: Mapping[str, str], words: Words, below: BelowSaid | None = None
) -> NumberView | None:
    """Of the answer of Gateway.forecast for one node; None where it has no such node or its totals are not seen.
    `below`: what those below it submitted."""
    bar = totals_view([forecast], words)
    if bar is None or forecast["nodes"][0]["booked"] is None:
        return None
    row, currency = forecast["nodes"][0], forecast["currency"]
    sentence, ranged = words("call.no_number"), row["p10"] is not None and row["p10"] != row["p90"]
    if row["p10"] is not None:
        sentence = words("call.sentence", low=bar.p10, high=bar.p90) if ranged else words("call.nothing_open")
    quota = words("call.no_quota") if row["quota"] is None else _quota_sentence(forecast, row, bar, words)
    stand = " ".join(str(row[name]) for name in STAND)
    hidden = bool(forecast.get("people_withheld")) and row["submitted"] is None
    sides = _sides(row, currency, submission, names, words, None if hidden else below, withheld=hidden)
    return NumberView(bar, sentence, ranged, quota, sides, stand)


def _quota_sentence(forecast: Json, row: Json, bar: TotalsView, words: Words) -> str:
    """The quota with the chance to reach it, or why none is told."""
    if row["quota_probability"] is not None:
        return words("call.quota", chance=bar.quota_chance, quota=bar.quota)
    rests = row["quota_of"]
    told = row["mean"] is not None and forecast["model_version"] != UNTRAINED
    owners, months = parts_of(rests) if told and rests else (False, False)
    if owners:
        return words("call.quota_part", quota=bar.quota, owners=rests["owners"], of=rests["of"])
    if months:
        return words("call.quota_months", quota=bar.quota, months=rests["months"], of=rests["of_months"])
    return words("call.quota_alone", quota=bar.quota)


def _sides(
    row: Json, currency: str, submission: Json | None, names: Mapping[str, str], words: Words,
    below: BelowSaid | None, *, withheld: bool,
) -> tuple[SideView, ...]:  # fmt: skip
    expected = _decimal(row["mean"])
    told = "" if submission is None else said_by(submission, names, words)
    if withheld:
        told = words("call.people_withheld")
    numbers = [
        ("call.ai", expected, words("call.ai_told")),
        ("call.commit", committed(row), words("call.commit_told")),
        ("call.adjusted", _decimal(row["adjusted"]), words("call.adjusted_told") if row["adjustment"] else ""),
        ("call.submitted", _decimal(row["submitted"]), told or words("call.not_submitted")),
    ]
    views = [
        SideView(
            label, words(label), money(amount, currency, words), _beside(amount, expected, currency, words, label), text
        )
        for label, amount, text in numbers
    ]
    if below is not None:
        beside = _beside(below.amount, below.expected, currency, words, "call.below")
        counts = {"count": below.count, "owners": below.owners, "of": below.of}
        told = words("call.below_told", **{name: words.number(count) for name, count in counts.items()})
        views.append(SideView("call.below", words("call.below"), money(below.amount, currency, words), beside, told))
    return tuple(views)


def said_by(call: Json, names: Mapping[str, str], words: Words) -> str:
    """Who said a number, when, and the note."""
    author = names.get(call["author"], call["author"])
    text = words("call.said_by", name=author, day=words.day(call["time"]))
    return f"{text}: {call['note']}" if call["note"] else text


def _beside(amount: Decimal | None, expected: Decimal | None, currency: str, words: Words, label: str) -> str:
    if amount is None or expected is None or label == "call.ai":
        return ""
    return signed(amount - expected, currency, words)


def titled(name: str, account: str) -> str:
    """A deal beside others, with whose it is: deals of many customers are often called the same."""
    return f"{account} · {name}" if account and account not in name else name


def signed(amount: Decimal, currency: str, words: Words) -> str:
    """An amount with its sign, also a plus."""
    text = money(abs(amount), currency, words)
    return f"+{text}" if amount > 0 else f"−{text}" if amount < 0 else text


def money(amount: Decimal | None, currency: str, words: Words) -> str:
    """An amount in short; a dash for none."""
    return words.money(None if amount is None else {"currency": currency, "value": str(amount)}, compact=True)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def tree_view(
    forecast: Json, bridge: Json | None, node: str, words: Words, people: People = NOBODY
) -> tuple[NodeView, ...]:
    """The node and what stands below it, each followed by those below it. `bridge` as of
    services.gateway.forecast_changes, None where it is not read yet."""
    moved = {row["node"]: row for row in bridge["nodes"]} if bridge else {}
    seen = without_echoes(forecast["nodes"], node)
    rows = [(row, depth) for row, depth in _descent(seen, node) if depth <= BELOW]
    currency = forecast["currency"]
    return tuple(
        _node(row, node_person(row, people, words), depth, moved.get(row["node"]), currency, words)
        for row, depth in rows
    )


def _descent(rows: Sequence[Json], top: str) -> Iterator[tuple[Json, int]]:
    """The node with this id, then each child with all below it, with their depths."""
    below: dict[str | None, list[Json]] = {}
    for row in rows:
        below.setdefault(row["parent"], []).append(row)
    left = [(row, 0) for row in rows if row["node"] == top]
    while left:
        row, depth = left.pop()
        yield row, depth
        left.extend((child, depth + 1) for child in reversed(below.get(row["node"], ())))


def _node(row: Json, person: Person, depth: int, moved: Json | None, currency: str, words: Words) -> NodeView:
    hidden = row["booked"] is None
    expected, quota = _decimal(row["mean"]), _decimal(row["quota"])
    commit = None if hidden else committed(row)
    gap = None if expected is None or quota is None else expected - quota
    change = _change(moved)
    places = _places(row)
    return NodeView(
        node=row["node"], name=node_name(row, words), person=person, depth=depth,
        expected=money(expected, currency, words), span=_span(row, currency, words),
        commit=money(commit, currency, words),
        submitted=money(_decimal(row["submitted"]), currency, words), quota=money(quota, currency, words),
        gap="–" if gap is None else signed(gap, currency, words), chance=quota_chance(row, words),
        moved="–" if change is None else signed(change, currency, words),
        moved_way=UNDER["even" if not change else "up" if change > 0 else "down"],
        behind=gap is not None and gap < 0, hidden=hidden, low=places.get("p10"), mid=places.get("mean"),
        high=places.get("p90"), quota_at=places.get("quota"),
    )  # fmt: skip


def _change(moved: Json | None) -> Decimal | None:
    if moved is None or moved["start"] is None:
        return None
    return Decimal(moved["end"]["total"]) - Decimal(moved["start"]["total"])


def _span(row: Json, currency: str, words: Words) -> str:
    if row["p10"] is None:
        return "–"
    low, high = (money(Decimal(row[name]), currency, words) for name in ("p10", "p90"))
    return words("forecast.span", low=low, high=high)


def _places(row: Json) -> dict[str, float]:
    """Where the row's own range and quota lie, in percent of its largest: rows of all sizes can be read."""
    amounts = {name: float(row[name]) for name in ("p10", "mean", "p90", "quota") if row[name] is not None}
    most = max([*amounts.values(), 1e-9]) * 1.05
    return {name: round(100 * max(0.0, amount) / most, 1) for name, amount in amounts.items()}


def node_name(row: Json, words: Words) -> str:
    """What a node is called; the company, which has no name of its own, is everybody."""
    return words("call.whole") if row["level"] == "company" else str(row["name"])


def node_person(row: Json, people: People, words: Words) -> Person:
    """Who a node is: somebody, by their team; else its name."""
    level, _, user = str(row["node"]).partition(":")
    known = people.get(user) if level in ("owner", "manager") else None
    return known or Person(node_name(row, words))


def walk(forecast: Json, node: str) -> tuple[str, str, tuple[Json, ...]]:
    """The nodes before and after this one in the order of the tree ('' at its ends), and the rows above it."""
    tops = [row["node"] for row in forecast["nodes"] if not row["parent"]]
    rows = [row for top in tops for row, _ in _descent(forecast["nodes"], top)]
    ids = [row["node"] for row in rows if row["booked"] is not None]
    place = ids.index(node) if node in ids else -1
    above: list[Json] = []
    parents = {row["node"]: row for row in forecast["nodes"]}
    one = parents.get(parents[node]["parent"]) if node in parents else None
    while one is not None:
        above.append(one)
        one = parents.get(one["parent"])
    before = ids[place - 1] if place > 0 else ""
    after = ids[place + 1] if 0 <= place < len(ids) - 1 else ""
    return before, after, tuple(reversed(above))


def past_views(accuracy: Json, words: Words) -> tuple[PastView, ...]:
    """Past periods, newest first: how far off the forecast and the people were on average, and how they moved."""
    return tuple(_past(row, accuracy["currency"], words) for row in accuracy["periods"])


def _past(row: Json, currency: str, words: Words) -> PastView:
    ai, people = row["sources"]["mean"], row["sources"]["submitted"] or NOT_TOLD
    return PastView(
        period=row["period"], booked=money(Decimal(row["booked"]), currency, words), ai=_off(ai, words),
        people=_off(people, words),
        held="–" if row["range_held"] is None else words.percent(row["range_held"]),
        ai_line=_line(ai["said"], row["booked"]), people_line=_line(people["said"], row["booked"]),
    )  # fmt: skip


def _off(source: Json, words: Words) -> str:
    return "–" if source["error"] is None else words.percent(source["error"])


def _line(said: Sequence[str | None], booked: str) -> str:
    """Points of an SVG line over the period, what came at its end at half height; twice as much at the top."""
    came = float(booked)
    if not came:
        return ""
    places = [(place * 100 / len(said), float(text) / came) for place, text in enumerate(said) if text is not None]
    points = [f"{x:.0f},{20 - 10 * min(2.0, max(0.0, share)):.1f}" for x, share in [*places, (100.0, 1.0)]]
    return " ".join(points) if len(points) > 1 else ""
