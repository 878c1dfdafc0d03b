"""Whom and what figures are told of: all deals, owners, places of the reporting tree, pipelines, segments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from kit.errors import InvalidInput
from learning.placements import FIELD, NO_VALUE
from learning.records import Node
from services.gateway.figures.book import Book
from services.gateway.figures.counting import Group
from services.gateway.figures.facts import Facts

ALL, OWNER, TEAM, PIPELINE, MOTION, SEGMENT = "all", "owner", "team", "pipeline", "motion", "segment:"
MOST_SEGMENTS = 200


def groups_of(book: Book, by: str, tree: Sequence[Node], seen: frozenset[str] | None) -> list[Group]:
    """The groups of a way to tell deals apart. `tree`: the reporting tree on the day it counts, parents first; `seen`:
    the nodes whose owners the reader sees, None for all. Raises InvalidInput."""
    counted = [deal for deal in book.deals if book.owners is None or deal.owner in book.owners]
    if by == ALL:
        return [Group(ALL, "", counted, book.deals, book.owners)]
    if by == OWNER:
        return [each for each in _nodes(book, counted, tree, seen) if each.level == OWNER]
    if by == TEAM:
        return _nodes(book, counted, tree, seen)
    return _values(book, counted, by, _reader(book, by))


def _nodes(book: Book, counted: Sequence[Facts], tree: Sequence[Node], seen: frozenset[str] | None) -> list[Group]:
    """A group a node that the reader sees whole: the deals of all owners at or below it."""
    below: dict[str, set[str]] = defaultdict(set)
    for node in reversed(tree):  # children before parents
        if node.level == OWNER:
            below[node.id].add(node.id.removeprefix("owner:"))
        if node.parent:
            below[node.parent] |= below[node.id]
    counts, shared = _by_owner(counted), _by_holder(book.deals)
    groups = []
    for node in tree:
        if seen is not None and node.id not in seen:
            continue
        owners = frozenset(below[node.id])
        deals = [deal for one in sorted(owners) for deal in counts.get(one, ())]
        parts = {id(deal): deal for one in sorted(owners) for deal in shared.get(one, ())}
        groups.append(Group(node.id, node.name, deals, list(parts.values()), owners, node.level, node.parent))
    return groups


def _by_owner(deals: Sequence[Facts]) -> Mapping[str, Sequence[Facts]]:
    found: dict[str, list[Facts]] = defaultdict(list)
    for deal in deals:
        found[deal.owner].append(deal)
    return found


def _by_holder(deals: Sequence[Facts]) -> Mapping[str, Sequence[Facts]]:
    found: dict[str, list[Facts]] = defaultdict(list)
    for deal in deals:
        for owner, _ in deal.holders:
            found[owner].append(deal)
    return found


def _reader(book: Book, by: str) -> Callable[[Facts], str]:
    if by == PIPELINE:
        return lambda deal: deal.pipeline
    if by == MOTION:
        return lambda deal: deal.motion
    name = by.removeprefix(SEGMENT).removeprefix(FIELD)
    if by.startswith(SEGMENT) and name in book.segments:
        return lambda deal: _text(deal.fields.get(name))
    known = ", ".join(f"{SEGMENT}{one}" for one in sorted(book.segments)[:20])
    mend = f"Use {ALL}, {OWNER}, {TEAM}, {PIPELINE}, {MOTION}" + (f", {known}" if known else "")
    raise InvalidInput("deals cannot be told apart by this", field="by", value=by[:60], mend=mend)


def _values(book: Book, counted: Sequence[Facts], by: str, read: Callable[[Facts], str]) -> list[Group]:
    deals, shared = defaultdict(list), defaultdict(list)
    for deal in counted:
        deals[read(deal)].append(deal)
    for deal in book.deals:
        shared[read(deal)].append(deal)
    if len(shared) > MOST_SEGMENTS:
        mend = "Name a field with fewer values"
        raise InvalidInput(f"the field has more than {MOST_SEGMENTS} values", field="by", value=by[:60], mend=mend)
    return [Group(one, one or NO_VALUE, deals[one], shared[one], book.owners) for one in sorted(shared)]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
