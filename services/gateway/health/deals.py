"""Deals that stand twice: the same business entered again, not the same thing bought again."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import combinations, pairwise, product
from statistics import median

from learning.records import Outcome
from services.gateway.health.findings import Finding
from services.gateway.health.hangul import spelled
from services.gateway.health.junk import junk
from services.gateway.health.names import vocabulary
from services.gateway.health.records import DealRow, Records
from services.gateway.health.same_name import one_slip

WINDOW = timedelta(days=30)  # within which a business is entered again
# How sure it is: same name and amount; no amount; nearly the same amount; nearly the same name; hardly more.
SAME, MAYBE, NEAR, ALIKE, HARDLY = 0.95, 0.85, 0.8, 0.75, 0.65
CLOSE = 0.1  # of an amount, by which another may differ to be nearly the same
UNITS = (1_000, 10_000, 1_000_000, 100_000_000)  # in which amounts are written: times the same number
STRONG = 0.9  # from which on two count once in training
SHORTEST = 4  # letters (of Hangul, single ones) of a name that tells one business from another
LONG = 8  # letters of a name in which one may be a slip where no amount says so
SUDDEN = 0.25  # of the time that usually lies between two purchases: so close together it is no purchase
DAY = 86_400
MOST_OF_ACCOUNT = 400  # deals of an account that are compared with each other
_COPY = re.compile(r"[\s_\-]*(?:\(\s*(?:\d{1,2}|copy|사본|복사본|중복)\s*\)|[-_ ](?:copy|사본|복사본|중복))\s*$", re.I)
_MARKS = re.compile(r"[\W_]+")

Ignored = Callable[[str, str], bool]


def duplicate_deals(records: Records, same_account: Callable[[str], str], ignored: Ignored) -> list[Finding]:
    """Deals that are probably one, the one that would go first, with how sure it is."""
    groups: dict[str, list[DealRow]] = defaultdict(list)
    named = [one for one in records.deals if len(spelled(deal_name(one.name))) >= SHORTEST and not junk(one.name)]
    for deal in named:
        if deal.account and deal.created:
            groups[same_account(deal.account)].append(deal)
    pairs = [pair for deals in groups.values() for pair in _pairs(sorted(deals, key=_since))]
    found = []
    for one, other, score, why in (*pairs, *_without_account(named)):
        kept, gone = sorted((one, other), key=_order)
        if not ignored(*sorted((kept.id, gone.id))):
            found.append(Finding(
                "duplicate_deals", gone.id, why, "", kept.id, score, gone.owner, gone.source, records.worth(gone),
                gone.open,
            ))  # fmt: skip
    return found


def _without_account(deals: Sequence[DealRow]) -> Iterator[tuple[DealRow, DealRow, float, str]]:
    """Of one owner, name and amount, where one of two names no account."""
    groups: dict[tuple[str, str], list[DealRow]] = defaultdict(list)
    for deal in deals:
        if deal.created and deal.owner:
            groups[deal_name(deal.name), deal.owner].append(deal)
    for same in groups.values():
        if 1 < len(same) <= MOST_OF_ACCOUNT and not all(deal.account for deal in same):
            for one, other in combinations(sorted(same, key=_since), 2):
                lacking = not (one.account and other.account)
                near = abs(_since(other) - _since(one)) <= WINDOW.total_seconds()
                if lacking and near and one.amounts & other.amounts and not _two_purchases(one, other):
                    yield one, other, NEAR, "no_account"


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
            return (SAME if len(mine) >= SHORTEST else MAYBE), "same"
        if lacking:
            return (STRONG if _copied(one, other) else MAYBE), "no_amount"
        return (NEAR, "near_amount") if _near_amounts(one, other) else None
    if not (amounts or lacking) or _digits(mine) != _digits(yours):
        return None
    letters = spelled(mine), spelled(yours)
    if one_slip(*letters) and (amounts or min(map(len, letters)) >= LONG):
        return (ALIKE if amounts else HARDLY), "slip"
    return (ALIKE, "words") if amounts and _same_words(one.name, other.name) else None


def _near_amounts(one: DealRow, other: DealRow) -> bool:
    """Whether amounts that they had differ little, or by the unit they are written in."""
    for mine, yours in product(one.amounts, other.amounts):
        less, more = sorted((mine.minor, yours.minor))
        close = more - less <= CLOSE * more or (less and more % less == 0 and more // less in UNITS)
        if mine.currency == yours.currency and less > 0 and close:
            return True
    return False


def _same_words(one: str, other: str) -> bool:
    """Whether names have the same words but for their order and general ones."""
    mine, yours = _words(one), _words(other)
    return bool(mine) and mine == yours


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", _COPY.sub("", name)).casefold()
    return sorted(word for word in re.findall(r"[^\W_]+", plain) if word not in vocabulary()["deals"]["general"])


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
