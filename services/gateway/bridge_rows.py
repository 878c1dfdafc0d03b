"""The bridge between two moments over the reporting tree, as programs see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kit.money import format_minor
from learning.records import Node
from services.gateway.bridge import (
    AS_IS,
    CAUSES,
    NOTHING,
    Counting,
    Move,
    Span,
    Worth,
    counts,
    moves,
    parted,
    state_at,
    worth,
)
from services.gateway.rollup import with_unplaced
from services.gateway.store.interface import DealPair

MOST_DEALS = 200
START, END = "start", "end"
MEMBERS = (START, END, "parts")


@dataclass(frozen=True, slots=True)
class Told:
    """What a deal, by its place, was worth to an owner at one end, or what one step made of it."""

    deal: int
    move: Move


@dataclass(slots=True)
class Parts:
    """A node's bridge in one currency: totals at both ends, and per cause what it did and to which deals."""

    start: Worth = NOTHING
    end: Worth = NOTHING
    causes: dict[str, Worth] = field(default_factory=dict)
    deals: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def take(self, told: Told) -> None:
        """Note one thing told of a deal."""
        cause, value = told.move.cause, told.move.worth
        if cause == START:
            self.start += value
        elif cause == END:
            self.end += value
        else:
            self.causes[cause] = self.causes.get(cause, NOTHING) + value
            self.deals[cause].add(told.deal)

    def add(self, below: Parts) -> None:
        """A child's bridge."""
        self.start, self.end = self.start + below.start, self.end + below.end
        for cause, value in below.causes.items():
            self.causes[cause] = self.causes.get(cause, NOTHING) + value
            self.deals[cause] |= below.deals[cause]


@dataclass(frozen=True, slots=True)
class Bridge:
    """Every deal's moves in one currency, and what they come to on every node."""

    currency: str
    currencies: Sequence[str]
    tree: Sequence[Node]
    nodes: Mapping[str, Parts]
    moved: Sequence[tuple[DealPair, Move]]

    @classmethod
    def of(
        cls, pairs: Sequence[DealPair], span: Span, tree: Sequence[Node], seen: frozenset[str] | None,
        chosen: str, main: str, counting: Counting = AS_IS,
    ) -> Bridge:  # fmt: skip
        """Of the owners that are seen, in the chosen currency, else the main one, else the first there is."""
        told = [one for one in _told(pairs, span, counting) if seen is None or f"owner:{one.move.owner_id}" in seen]
        traded = sorted({one.move.currency for one in told})
        currency = chosen or (main if main in traded or not traded else traded[0])
        owners: dict[str, Parts] = defaultdict(Parts)
        moved = []
        for one in told:
            if one.move.currency == currency:
                owners[one.move.owner_id].take(one)
                if one.move.cause in CAUSES:
                    moved.append((pairs[one.deal], one.move))
        whole = with_unplaced(tree, owners)
        return cls(currency, traded, whole, _up(whole, owners), moved)

    def below(self, node: str) -> frozenset[str]:
        """The owners at or below a node."""
        inside = {node}
        for each in self.tree:  # parents before children
            if each.parent in inside:
                inside.add(each.id)
        return frozenset(one.removeprefix("owner:") for one in inside if one.startswith("owner:"))


def _told(pairs: Sequence[DealPair], span: Span, counting: Counting) -> Iterator[Told]:
    steady = not counting.rates and not span.over(counting.last)  # what does not change itself is worth the same
    for place, pair in enumerate(pairs):
        for end, deal, moment in ((START, pair.before, counting.first), (END, pair.after, counting.last)):
            if deal is None or not counts(deal):
                continue
            state = state_at(deal, span, counting.rates, moment)
            if (value := worth(state, span)) != NOTHING:
                for owner, part in parted(state, value):
                    yield Told(place, Move(end, owner, state.currency, part))
        if steady and pair.before is pair.after:
            continue
        for move in moves(pair.before, pair.after, span, counting, there=pair.there):
            yield Told(place, move)


def _up(tree: Sequence[Node], owners: Mapping[str, Parts]) -> dict[str, Parts]:
    nodes: dict[str, Parts] = {node.id: Parts() for node in tree}
    for owner, parts in owners.items():
        nodes[f"owner:{owner}"].add(parts)
    for node in reversed(tree):
        if node.parent:
            nodes[node.parent].add(nodes[node.id])
    return nodes


def node_rows(bridge: Bridge, seen: frozenset[str] | None, only: str) -> list[dict[str, Any]]:
    """Parents before children; above what is seen nothing but names."""
    rows = []
    for node in bridge.tree:
        if only and node.id != only:
            continue
        row: dict[str, Any] = {"node": node.id, "level": node.level, "name": node.name, "parent": node.parent}
        if seen is not None and node.id not in seen:
            rows.append(row | dict.fromkeys(MEMBERS))
            continue
        parts = bridge.nodes[node.id]
        row |= {"start": _worth_json(parts.start, bridge.currency), "end": _worth_json(parts.end, bridge.currency)}
        row["parts"] = {
            cause: _worth_json(parts.causes.get(cause, NOTHING), bridge.currency) | {"deals": len(parts.deals[cause])}
            for cause in CAUSES
        }
        rows.append(row)
    return rows


def _worth_json(value: Worth, currency: str) -> dict[str, Any]:
    return {
        "open": format_minor(currency, value.open),
        "booked": format_minor(currency, value.booked),
        "total": format_minor(currency, value.open + value.booked),
    }


def deal_rows(bridge: Bridge, owners: Iterable[str]) -> list[dict[str, Any]]:
    """What was moved most among these owners' deals, one row a deal and cause; of deals the principal sees."""
    mine = set(owners)
    found = [(pair, move) for pair, move in bridge.moved if pair.id and move.owner_id in mine]
    found.sort(key=lambda one: (-abs(one[1].worth.open) - abs(one[1].worth.booked), one[0].id))
    return [
        {"id": pair.id, "name": pair.name, "account": pair.account, "owner_id": move.owner_id, "cause": move.cause}
        | _worth_json(move.worth, bridge.currency)
        for pair, move in found[:MOST_DEALS]
    ]
