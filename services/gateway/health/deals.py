"""Deals that stand twice: the same business entered again, not the same thing bought again."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from statistics import median

from learning.records import Outcome
from services.gateway.health.findings import Finding
from services.gateway.health.hangul import spelled
from services.gateway.health.junk import junk
from services.gateway.health.records import DealRow, Records
from services.gateway.health.same_name import one_slip

WINDOW = timedelta(days=30)  # within which a business is entered again
SAME, MAYBE, ALIKE = 0.95, 0.85, 0.75  # how sure it is: same name and amount; no amount; nearly the same name
STRONG = 0.9  # from which on two count once in training
SHORTEST = 4  # letters of a name that tells one business from another
SUDDEN = 0.25  # of the time that usually lies between two purchases: so close together it is no purchase
DAY = 86_400
MOST_OF_ACCOUNT = 400  # deals of an account that are compared with each other
_COPY = re.compile(r"[\s_\-]*(?:\(\s*(?:\d{1,2}|copy|사본|복사본|중복)\s*\)|[-_ ](?:copy|사본|복사본|중복))\s*$", re.I)
_MARKS = re.compile(r"[\W_]+")

Ignored = Callable[[str, str], bool]


def duplicate_deals(records: Records, same_account: Callable[[str], str], ignored: Ignored) -> list[Finding]:
    """Deals that are probably one, the one that would go first, with how sure it is."""
    groups: dict[str, list[DealRow]] = defaultdict(list)
    for deal in records.deals:
        if deal.account and len(deal_name(deal.name)) >= SHORTEST and deal.created and not junk(deal.name):
            groups[same_account(deal.account)].append(deal)
    found = []
    for deals in groups.values():
        for one, other, score, why in _pairs(sorted(deals, key=_since)):
            kept, gone = sorted((one, other), key=_order)
            if not ignored(*sorted((kept.id, gone.id))):
                found.append(Finding(
                    "duplicate_deals", gone.id, why, "", kept.id, score, gone.owner, gone.source, records.worth(gone),
                    gone.open,
                ))  # fmt: skip
    return found


def deal_name(name: str) -> str:
    """A deal's name to compare: without marks, case, and what says that it is a copy."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return _MARKS.sub("", _COPY.sub("", plain))


def counted_once(found: Sequence[Finding]) -> dict[str, str]:
    """Deals that training leaves out, with the one that stands for each: of pairs sure enough, the one that would
    go, unless it is the one that stands for others."""
    gone: dict[str, str] = {}
    for one in sorted(found, key=lambda each: (-each.score, each.id)):
        if one.score >= STRONG and one.id not in gone and one.other not in gone:
            gone[one.id] = one.other
    return gone


def _since(deal: DealRow) -> float:
    return deal.created.timestamp() if deal.created else 0.0


def _order(deal: DealRow) -> tuple[bool, bool, float, int, str]:
    """The one to keep comes first: one that was won, one whose name does not say that it is a copy, the older, the one
    more was done with."""
    copied = _COPY.search(deal.name) is not None
    return deal.outcome != Outcome.WON.value, copied, _since(deal), -deal.activities, deal.id


def _pairs(deals: Sequence[DealRow]) -> Iterator[tuple[DealRow, DealRow, float, str]]:
    """Of one account's deals, by when they were created."""
    names = {deal.id: deal_name(deal.name) for deal in deals}
    habits = _habits(deals, names)
    for place, one in enumerate(deals[:MOST_OF_ACCOUNT]):
        for other in deals[place + 1 : place + 1 + MOST_OF_ACCOUNT]:
            if one.created is None or other.created is None or other.created - one.created > WINDOW:
                break
            alike = _alike(one, other, names)
            usual = habits.get(names[one.id])
            habit = usual is not None and (_since(other) - _since(one)) / DAY > SUDDEN * usual
            if alike and not habit and not _two_purchases(one, other):
                yield one, other, *alike


def _alike(one: DealRow, other: DealRow, names: Mapping[str, str]) -> tuple[float, str] | None:
    mine, yours = names[one.id], names[other.id]
    amounts = bool(one.amounts & other.amounts)
    lacking = not one.amounts or not other.amounts
    if mine == yours:
        if amounts:
            return SAME, "same"
        return (STRONG if _copied(one, other) else MAYBE, "no_amount") if lacking else None
    if amounts and _digits(mine) == _digits(yours) and one_slip(spelled(mine), spelled(yours)):
        return ALIKE, "slip"
    return None


def _copied(one: DealRow, other: DealRow) -> bool:
    """Whether one of the names says that it is a copy."""
    return any(_COPY.search(each.name) for each in (one, other))


def _digits(name: str) -> str:
    return re.sub(r"\D", "", name)


def _two_purchases(one: DealRow, other: DealRow) -> bool:
    """Both won, on different days: it was bought twice."""
    won = Outcome.WON.value
    return one.outcome == other.outcome == won and one.closed != other.closed


def _habits(deals: Sequence[DealRow], names: Mapping[str, str]) -> dict[str, float]:
    """Of names that the account uses over more than the window, how many days typically lie between two deals: the
    same thing is bought again and again."""
    by_name: dict[str, list[float]] = defaultdict(list)
    for deal in deals:
        by_name[names[deal.id]].append(_since(deal) / DAY)
    return {
        name: median(later - time for time, later in pairwise(times))
        for name, times in by_name.items()
        if len(times) > 2 and times[-1] - times[0] > WINDOW.days
    }
