"""Whether one file may follow another: how far the open pipeline moves, by which column, and what of it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median

from services.gateway.imports.weekly.files import WeekFile
from services.gateway.imports.weekly.memory import Seen

MOST_MOVED = 0.30  # of the open pipeline, without being confirmed
FULL = 0.5  # a file with fewer of the open deals of the one before is no full one
FEW_LOST, ENOUGH_ENDED = 0.2, 10


@dataclass(frozen=True, slots=True)
class Step:
    """The open pipeline from one file to the next, in minor units, and what moves it most: a column, how many deals,
    and for amounts how many times as large they typically are."""

    file: str
    day: date
    before: int
    after: int
    column: str
    reason: str  # amount, ended, gone or new
    deals: int
    times: float = 1.0

    @property
    def moved(self) -> float:
        """The change as a share of what it was."""
        return (self.after - self.before) / self.before if self.before else 0.0

    @property
    def far(self) -> bool:
        """Whether it needs confirmation."""
        return self.before > 0 and abs(self.moved) > MOST_MOVED


def step(before: Mapping[str, Seen], after: Mapping[str, Seen], file: WeekFile) -> Step:
    """From the deals of one file to those of the next."""
    both = [(before[deal], after[deal]) for deal in before.keys() & after.keys()]
    amounts = [(old.amount, new.amount) for old, new in both if old.open and new.open and old.amount != new.amount]
    ended = [new.worth - old.worth for old, new in both if old.open != new.open]
    gone = [-seen.worth for deal, seen in before.items() if deal not in after and seen.open]
    new = [seen.worth for deal, seen in after.items() if deal not in before and seen.open]
    parts = {"amount": [new - old for old, new in amounts], "ended": ended, "gone": gone, "new": new}
    reason = max(parts, key=lambda name: abs(sum(parts[name])))
    ratios = [new / old for old, new in amounts if old]
    times = median(ratios) if reason == "amount" and ratios else 1.0
    wanted = {"amount": ("amount",), "ended": ("outcome", "stage")}.get(reason, ("id", "name"))
    column = next((file.holds[target] for target in wanted if target in file.holds), "")
    was, became = (sum(seen.worth for seen in side.values()) for side in (before, after))
    return Step(file.path.name, file.day, was, became, column, reason, len(parts[reason]), times)


def is_full(before: Mapping[str, Seen], after: Mapping[str, Seen]) -> bool:
    """Whether a file shows all there is, so that what it lacks is gone."""
    was_open = [deal for deal, seen in before.items() if seen.open]
    return sum(deal in after for deal in was_open) >= FULL * len(was_open)


def few_lost(outcomes: Mapping[str, int]) -> bool:
    """Whether so few of the deals that ended were lost that the lost ones are probably not in the files."""
    won, lost = outcomes.get("WON", 0), outcomes.get("LOST", 0)
    return won + lost >= ENOUGH_ENDED and lost < FEW_LOST * (won + lost)
