"""What the records of a node are too few or too odd for: said beside its totals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from learning.doubtful_records import FEW_CLOSED, LARGE_SHARE, record_doubt, said
from learning.exchange import Rates
from learning.records import Node
from services.gateway.rollup import COMPANY, OWNER, with_unplaced
from services.gateway.store.shapes import RecordFacts

MANAGER = "manager"
MOSTLY_NEW = "mostly_new"
MOST = 0.5  # of a number
QUARTER_DAYS = 92  # of recorded creating: before, no quarter was seen from its beginning to its end


@dataclass(slots=True)
class _Below:
    """The open deals of owners at or below a node, amounts in major or minor units alike."""

    deals: int = 0
    unpriced: int = 0
    total: float = 0.0
    most: float = 0.0
    few: set[str] = field(default_factory=set)  # owners, as all below
    led: set[str] = field(default_factory=set)
    lone: set[str] = field(default_factory=set)
    owners: set[str] = field(default_factory=set)

    @property
    def is_led(self) -> bool:
        """Whether one deal is most of all."""
        return self.deals > 1 and self.most > LARGE_SHARE * self.total

    def add(self, below: _Below) -> None:
        """A child's."""
        self.deals, self.unpriced = self.deals + below.deals, self.unpriced + below.unpriced
        self.total, self.most = self.total + below.total, max(self.most, below.most)
        for name in ("few", "led", "lone", "owners"):
            getattr(self, name).update(getattr(below, name))


def record_cautions(
    facts: RecordFacts, tree: Sequence[Node], rates: Rates, currency: str, today: date
) -> dict[str, list[dict[str, Any]]]:
    """By node, the gravest first; nodes of which nothing is to be said are left out. currency: that of the totals,
    whose open deals are looked at."""
    whole = with_unplaced(tree, sorted({one.owner_id for one in facts.owners}))
    told = _own(facts, rates, currency, today)
    _mark(told, whole, known=facts.closed > 0)
    for node in reversed(whole):
        if node.parent:
            told[node.parent].add(told[node.id])
    found = {}
    for node in whole:
        lines = [*(_of_record(facts, today) if node.id == COMPANY else ()), *_of_node(told[node.id], node, facts)]
        if lines:
            found[node.id] = lines
    return found


def of_nodes(facts: RecordFacts, nodes: Collection[str]) -> RecordFacts:
    """The same record, with the open deals of these owners alone."""
    return replace(facts, owners=[one for one in facts.owners if OWNER + one.owner_id in nodes])


def _own(facts: RecordFacts, rates: Rates, currency: str, today: date) -> defaultdict[str, _Below]:
    told: defaultdict[str, _Below] = defaultdict(_Below)
    for one in facts.owners:
        if rates.currency_of(one.currency, today) != currency:
            continue
        rate = float(rates.on(one.currency, today) or 1)
        own = told[OWNER + one.owner_id]
        own.add(_Below(one.deals, one.unpriced, one.total * rate, one.most * rate, owners={one.owner_id}))
        if one.owner_id and one.closed < FEW_CLOSED:
            own.few.add(one.owner_id)
    return told


def _mark(told: defaultdict[str, _Below], tree: Sequence[Node], *, known: bool) -> None:
    """Owners with one large deal, and those without a manager where others have one; without any closed deal all owners
    are new alike."""
    nodes = {node.id: node for node in tree}
    for name, own in list(told.items()):
        own.led = set(own.owners) if own.is_led else set()
        own.few = own.few if known else set()
        node = nodes.get(name)
        while node is not None and node.level != MANAGER:
            node = nodes.get(node.parent)
        own.lone = set(own.owners) if node is None and name != OWNER else set()
    if not any(own.owners and not own.lone for name, own in told.items() if name != OWNER):
        for own in told.values():
            own.lone = set()


def _of_record(facts: RecordFacts, today: date) -> list[dict[str, Any]]:
    doubt = _doubt(facts, today)
    lines = [_line(*doubt)] if doubt else []
    return [*lines, _line("wins_without_amounts")] if facts.won and not facts.won_with_amount else lines


def _of_node(below: _Below, node: Node, facts: RecordFacts) -> list[dict[str, Any]]:
    lines = []
    if below.unpriced > LARGE_SHARE * below.deals and (facts.won_with_amount or not facts.won):
        lines.append(_line("no_amounts", below.unpriced, below.deals, usual=facts.won > 0))
    if below.is_led:
        lines.append(_line("one_deal", 1, owners=node.name))
    elif below.led:
        lines.append(_line("one_deal_of_owners", len(below.led)))
    if below.few:
        lines.append(_line("few_closed", len(below.few)))
    if below.lone:
        lines.append(_line("no_manager", len(below.lone)))
    return lines


def _line(code: str, count: int = 0, of: int = 0, *, usual: bool = True, owners: str = "") -> dict[str, Any]:
    text = said(code.removesuffix("_of_owners"), count, of, usual=usual, owners=owners)
    return {"code": code, "count": count, "of": of, "text": text}


def with_cautions(rows: Sequence[Mapping[str, Any]], found: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The rows with what is to be said of each that is seen."""
    return [{**row, "cautions": [] if row["booked"] is None else found.get(row["node"], [])} for row in rows]


def is_young(facts: RecordFacts, today: date) -> bool:
    """Whether there is too little record to know how much business comes up."""
    return _doubt(facts, today) is not None


def _doubt(facts: RecordFacts, today: date) -> tuple[str, int, int] | None:
    days = None if facts.first_closing is None else (today - facts.first_closing).days + 1
    return record_doubt(facts.won, facts.closed, days)


def of_new_business(
    rows: Sequence[Mapping[str, Any]], facts: RecordFacts, today: date, since: date | None = None
) -> list[dict[str, Any]]:
    """The rows with what is to be said of business not yet created where the record is young, and without a chance to
    reach a quota where most of the number is such business: its level is a guess, and the chance would be all of it.
    since: the first day that such business is reckoned from; None where nothing is told of it, or nothing closed."""
    days = 0 if since is None or facts.first_closing is None else (today - since).days + 1
    young = is_young(facts, today)
    return [_told_of_new(row, days) if young and row["mean"] is not None else dict(row) for row in rows]


def _told_of_new(row: Mapping[str, Any], days: int) -> dict[str, Any]:
    new, mean = float(row["not_yet_created"]), float(row["mean"])
    lines = list(row["cautions"])
    if new and row["node"] == COMPANY and 0 < days < QUARTER_DAYS:  # that nothing has closed is told already
        lines.append(_line("few_weeks", -(-days // 7)))
    if new <= MOST * mean:
        return {**row, "cautions": lines}
    lines.insert(0, _line(MOSTLY_NEW, min(round(100 * new / mean), 100)))
    return {**row, "cautions": lines, "quota_probability": None}
