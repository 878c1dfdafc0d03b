"""A deal's past as far as figures need it, read off its history once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from kit.money import Money
from learning.placements import WHOLE
from learning.records import Motion, Outcome
from services.gateway.renewals.terms import Contract, contract_of, renewed_id
from services.gateway.store.codec import to_us
from services.gateway.store.figures_interface import DealPast

DAY_US = 86_400_000_000
EPOCH = date(1970, 1, 1).toordinal()
WON, LOST, MOVED = "won", "lost", "moved"


@dataclass(slots=True, unsafe_hash=True)  # not frozen: made by the hundred thousand, which frozen makes 3 times dearer
class Visit:
    """A stay in a stage: microseconds since 1970; how it ended is MOVED (to `after`), WON, LOST or '' for not yet."""

    stage: str
    entered: int
    left: int = 0
    ended: str = ""
    after: str = ""


@dataclass(slots=True)
class Facts:
    """A deal as figures see it. Days are ordinals; `closed` is 0 while it is open."""

    id: str
    revision: int
    owner: str
    account: str
    pipeline: str
    motion: str
    outcome: str
    created: int  # as an opportunity
    closed: int
    money: Money | None
    fields: Mapping[str, Any]
    holders: Sequence[tuple[str, int]]
    visits: Sequence[Visit]
    promised: Sequence[tuple[int, int]]  # since when (microseconds) which day; 0 for none
    amounts: Sequence[tuple[int, Money | None]]
    contract: Contract | None
    renews: str

    def promised_at(self, moment: int) -> int:
        """The promised day at a moment; 0 for none."""
        return next((day for since, day in reversed(self.promised) if since <= moment), 0)

    def amount_at(self, moment: int) -> Money | None:
        """The amount at a moment."""
        return next((money for since, money in reversed(self.amounts) if since <= moment), None)

    def open_at(self, moment: int) -> bool:
        """Whether it was an opportunity under way at a moment, in a stage or none."""
        day = day_of(moment)
        return self.created <= day and not (self.closed and self.closed <= day)


def day_of(us: int) -> int:
    """The ordinal of the day in UTC."""
    return us // DAY_US + EPOCH


def end_of(day: int) -> int:
    """The last microsecond of a day."""
    return (day - EPOCH + 1) * DAY_US - 1


def facts_of(past: DealPast) -> Facts:
    """Read off what happened when; of what changed at one time the last counts."""
    deal = past.deal
    state: dict[str, Any] = {"outcome": Outcome.OPEN.value, "kind": deal.kind.value}
    visits: list[Visit] = []
    promised: list[tuple[int, int]] = []
    amounts: list[tuple[int, Money | None]] = []
    begun = 0
    if not any(field == "kind" for field, _, _ in past.changes):
        begun = _us(deal.created_time)
    for moment, changes in groupby(past.changes, key=lambda one: one[2]):
        for field, value, _ in changes:
            state[field] = value
            if field == "close_date":
                _keep(promised, moment, value.toordinal() if isinstance(value, date) else 0)
            elif field == "amount":
                _keep(amounts, moment, value if isinstance(value, Money) else None)
        if state["kind"] == "OPPORTUNITY":
            begun = begun or moment
            _move(visits, moment, str(state.get("stage") or ""), str(state["outcome"] or "OPEN"))
    contract = contract_of(deal) if deal.outcome is Outcome.WON else None
    return Facts(
        deal.id, deal.revision, deal.owner_id, deal.account_id, deal.pipeline, Motion(deal.motion).value,
        deal.outcome.value, day_of(max(begun, _us(deal.created_time))),
        deal.closed_date.toordinal() if deal.closed_date and deal.outcome is not Outcome.OPEN else 0, deal.amount,
        deal.fields, tuple([(one.owner_id, one.share) for one in deal.credits]) or ((deal.owner_id, WHOLE),),
        visits, promised, amounts, contract, renewed_id(deal),
    )  # fmt: skip


def _move(visits: list[Visit], moment: int, stage: str, outcome: str) -> None:
    last = visits[-1] if visits and not visits[-1].ended else None
    there = outcome == Outcome.OPEN.value
    if last is not None and (not there or stage != last.stage):
        last.left = moment
        last.ended, last.after = (MOVED, stage) if there else (outcome.lower(), "")
        if last.left == last.entered and there:
            visits.pop()  # was never in it
            _redirect(visits, last.entered, stage)
    if there and stage and not (visits and not visits[-1].ended and visits[-1].stage == stage):
        visits.append(Visit(stage, moment))


def _redirect(visits: list[Visit], moment: int, stage: str) -> None:
    if visits and visits[-1].ended == MOVED and visits[-1].left == moment:
        visits[-1].after = stage


def _keep(rows: list[tuple[int, Any]], moment: int, value: Any) -> None:
    if rows and rows[-1][0] == moment:
        rows.pop()
    rows.append((moment, value))


def _us(moment: datetime | None) -> int:
    return to_us(moment) if moment is not None else 0
