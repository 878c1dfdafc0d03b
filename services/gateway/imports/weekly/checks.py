"""Whether one file may follow another: how far the open pipeline moves, by which column, and what of it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from kit.money import Money
from services.gateway.imports.weekly.files import WeekFile
from services.gateway.imports.weekly.memory import Seen

MOST_MOVED = 0.30  # of the open pipeline, without being confirmed
FULL = 0.5  # a file with fewer of the open deals of the one before is no full one
ODD = 10  # times what the others are worth: the column of amounts is to be looked at
BRANCH = 0.1  # of the open deals: fewer that only others show are no branch
FEW_LOST, ENOUGH_ENDED = 0.2, 10


@dataclass(frozen=True, slots=True)
class Step:
    """The open pipeline from one file to the next, in minor units, and what moves it most: a column ("" where none is
    to blame) and how many deals; `old` and `new` are what deals are typically worth, before and now, or the others and
    the new ones. `first`: new deals are no surprise, as nothing was imported before, or the file came before."""

    file: str
    day: date
    before: int
    after: int
    column: str
    reason: str  # amount, ended, gone or new
    deals: int
    old: int = 0
    new: int = 0
    first: bool = False

    @property
    def moved(self) -> float:
        """The change as a share of what it was."""
        return (self.after - self.before) / self.before if self.before else 0.0

    @property
    def far(self) -> bool:
        """Whether it needs confirmation."""
        return self.before > 0 and abs(self.moved) > MOST_MOVED and not (self.first and self.reason == "new")


def step(before: Mapping[str, Seen], after: Mapping[str, Seen], file: WeekFile, *, first: bool) -> Step:
    """From the deals of one file to those of the next."""
    both = [(before[deal], after[deal]) for deal in before.keys() & after.keys()]
    amounts = [(old.amount, new.amount) for old, new in both if old.open and new.open and old.amount != new.amount]
    ended = [new.worth - old.worth for old, new in both if old.open != new.open]
    gone = [-seen.worth for deal, seen in before.items() if deal not in after and seen.open]
    new = [seen.worth for deal, seen in after.items() if deal not in before and seen.open]
    parts = {"amount": [new - old for old, new in amounts], "ended": ended, "gone": gone, "new": new}
    reason = max(parts, key=lambda name: abs(sum(parts[name])))
    typical = {
        "amount": ([old for old, _ in amounts], [new for _, new in amounts]),
        "new": ([seen.amount for seen in before.values() if seen.open], new),
    }.get(reason, ((), ()))
    was_typical, is_typical = (round(median(filter(None, each))) if any(each) else 0 for each in typical)
    odd = was_typical and is_typical and not 1 / ODD <= is_typical / was_typical <= ODD
    blamed = {"amount": ("amount",), "ended": ("outcome", "stage"), "new": ("amount",) if odd else ()}.get(reason, ())
    column = next((file.holds[target] for target in blamed if target in file.holds), "")
    was, became = (sum(seen.worth for seen in side.values()) for side in (before, after))
    count = len(parts[reason])
    return Step(
        file.name, file.day, was, became, column, reason, count, was_typical, is_typical, first=first
    )  # fmt: skip


def step_told(one: Step, currency: str) -> str:
    """What moves the open pipeline and why, in one English sentence (services.gateway.imports.messages has others)."""
    file, count, column = one.file, f"{one.deals:,}", repr(one.column)
    before, after, old, new = (amount_told(each, currency) for each in (one.before, one.after, one.old, one.new))
    share, times = times_told(one.before, one.after), times_told(one.old, one.new)
    moves = f"{file} moves the open pipeline from {before} to {after} ({share})"
    if one.reason == "amount":
        return (
            f"{moves}, most of it by the column {column} in {count} deals: typically {old} before, {new} now ({times})"
        )
    if one.reason == "ended":
        return f"{moves}, most of it by {count} deals that are open in one file and ended in the other, by {column}"
    if one.reason == "gone":
        return f"{moves}, most of it by {count} open deals that the file lacks"
    if one.column:
        return (
            f"{moves}, most of it by {count} new deals, typically {new}, the others {old}: look at the column {column}"
        )
    return f"{moves}, most of it by {count} new deals, typically {new}, the others {old}"


def amount_told(minor: int, currency: str) -> str:
    """An amount as people write it."""
    return f"{Decimal(Money(currency, minor).value):,} {currency}"


def times_told(old: int, new: int) -> str:
    """How much more or less it is: +45 %, × 1,000 or ÷ 1,000."""
    if old <= 0 or new <= 0:
        return "–"
    if 0.5 < new / old < 2:
        return f"{new / old - 1:+.0%}"
    sign, times = ("×", new / old) if new > old else ("÷", old / new)
    return f"{sign} {times:,.0f}" if times >= 10 else f"{sign} {times:.1f}"


def is_full(before: Mapping[str, Seen], after: Mapping[str, Seen]) -> bool:
    """Whether a file shows all there is, so that what it lacks is gone."""
    was_open = [deal for deal, seen in before.items() if seen.open]
    return sum(deal in after for deal in was_open) >= FULL * len(was_open)


def elsewhere(before: Mapping[str, Seen], after: Mapping[str, Seen], series: str) -> dict[str, Seen]:
    """The deals of before that files of others tell of, as of another branch: none of their owners stand in the file,
    and no file of its series showed them. None where these are so few that they are rather of somebody who left."""
    owners = {seen.owner for seen in after.values()}
    strange = {deal: seen for deal, seen in before.items() if deal not in after and seen.owner not in owners}
    apart = {deal: seen for deal, seen in strange.items() if seen.series and seen.series != series}
    was_open = sum(seen.open for seen in before.values())
    return apart if sum(seen.open for seen in apart.values()) >= BRANCH * was_open > 0 else {}


def few_lost(outcomes: Mapping[str, int]) -> bool:
    """Whether so few of the deals that ended were lost that the lost ones are probably not in the files."""
    won, lost = outcomes.get("WON", 0), outcomes.get("LOST", 0)
    return won + lost >= ENOUGH_ENDED and lost < FEW_LOST * (won + lost)
