"""Which renewals are to be opened, moved, given up or taken back: pure, from contracts and renewals as they stand.

What was done before is read off the deals themselves, so that doing it again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from learning.records import Deal, Motion, Outcome
from services.gateway.domain import UNSET, DealWrite
from services.gateway.renewals.terms import (
    MONTHS,
    RENEWS,
    RENEWS_END,
    START,
    WHY,
    Contract,
    contract_of,
    day_in,
    renewed_id,
)

DAYS = 90  # before the end of a contract, unless the workspace says otherwise
PREFIX = "renewal-"
LONGEST_ID = 150
NEAR = timedelta(days=180)  # between a contract's end and a renewal that does not name it
CANCELLED, RENEWED, ELSEWHERE, PROLONGED, GONE = (
    "cancelled", "renewed by {}", "renewed in {}", "the contract runs until {}", "there is no such contract any more",
)  # fmt: skip


class Standing(StrEnum):
    """How it stands with a contract's renewal."""

    AHEAD = "ahead"  # not yet due
    DUE = "due"  # to be opened
    OPEN = "open"
    RENEWED = "renewed"
    LOST = "lost"
    CANCELLED = "cancelled"
    DELETED = "deleted"  # by somebody: it is not opened again
    OVER = "over"  # ended before a renewal was ever due here


@dataclass(frozen=True, slots=True)
class Running:
    """A contract with the deals that renew it: `own` was opened by itself, `other` by somebody else."""

    deal: Deal
    contract: Contract
    own: Deal | None
    other: Deal | None

    def standing(self, today: date, days: int) -> Standing:
        """Of its renewal, as of a day."""
        for one in (self.other, self.own):
            if one is not None and not one.deleted and one.outcome is Outcome.WON:
                return Standing.RENEWED
        if self.contract.cancelled is not None and self.contract.cancelled <= today:
            return Standing.CANCELLED
        for one in (self.other, self.own):
            if one is not None and not one.deleted:
                lost = one.outcome is Outcome.LOST and not _given_up(one)
                if one.outcome is Outcome.OPEN or lost:
                    return Standing.LOST if lost else Standing.OPEN
        if self.own is not None and self.own.deleted and not self.own.fields.get(WHY):
            return Standing.DELETED
        if today > self.contract.end:
            return Standing.OVER
        return Standing.DUE if today >= self.contract.end - timedelta(days=days) else Standing.AHEAD


def renewal_id(contract_id: str, end: date) -> str:
    """The same for a contract and its end, whenever it is asked for."""
    short = len(contract_id) <= LONGEST_ID
    name = contract_id if short else hashlib.sha256(contract_id.encode()).hexdigest()[:32]
    return f"{PREFIX}{name}-{end.isoformat()}"


def is_own(deal: Deal) -> bool:
    """Whether a renewal was opened by itself."""
    return deal.id.startswith(PREFIX) and bool(renewed_id(deal)) and day_in(deal, RENEWS_END) is not None


def running(deals: Sequence[Deal], days: int = DAYS) -> list[Running]:
    """The contracts among the deals, by end, each with its renewals. `deals`: won ones with terms, and all renewals,
    deleted ones too."""
    own: dict[str, list[Deal]] = defaultdict(list)
    named: dict[str, list[Deal]] = defaultdict(list)
    for deal in deals:
        if is_own(deal):
            own[renewed_id(deal)].append(deal)
        elif renewed_id(deal) and not deal.deleted:
            named[renewed_id(deal)].append(deal)
    contracts = [(deal, contract) for deal in deals if (contract := contract_of(deal)) is not None]
    for deal, contract_id in _unnamed(deals, contracts):
        named[contract_id].append(deal)
    found = []
    for deal, contract in sorted(contracts, key=lambda one: (one[1].end, one[0].id)):
        mine = [one for one in own.get(deal.id, ()) if _of_this_end(one, contract, days)]
        others = [one for one in named.get(deal.id, ()) if _covers(one, contract)]
        found.append(Running(deal, contract, _first(mine), _first(others)))
    return found


def _first(deals: Sequence[Deal]) -> Deal | None:
    """The one that tells most: won before open before lost before deleted."""
    order = (Outcome.WON, Outcome.OPEN, Outcome.LOST)
    return min(deals, key=lambda one: (one.deleted, order.index(one.outcome), one.id), default=None)


def _of_this_end(own: Deal, contract: Contract, days: int) -> bool:
    """Whether it was opened for this end, or for one that was corrected since."""
    then = day_in(own, RENEWS_END)
    length = (contract.end - contract.start).days if contract.start else 2 * days
    return then is not None and abs((then - contract.end).days) <= min(days, max(length // 2, 1))


def _covers(deal: Deal, contract: Contract) -> bool:
    closed = deal.closed_date
    return closed is None or closed >= contract.end - 2 * NEAR


def _unnamed(deals: Sequence[Deal], contracts: Sequence[tuple[Deal, Contract]]) -> Iterator[tuple[Deal, str]]:
    """Renewals that name no contract, with the one of the same account that ends nearest."""
    by_account: dict[str, list[tuple[Deal, Contract]]] = defaultdict(list)
    for deal, contract in contracts:
        if deal.account_id:
            by_account[deal.account_id].append((deal, contract))
    for deal in deals:
        if deal.motion is not Motion.RENEWAL or deal.deleted or renewed_id(deal) or deal.outcome is Outcome.LOST:
            continue
        born = deal.created_time.date() if deal.created_time else None
        day = day_in(deal, START) or deal.closed_date or deal.close_date or born
        near = [
            (abs(contract.end - day), one.id)
            for one, contract in by_account.get(deal.account_id, ())
            if day is not None and one.id != deal.id and abs(contract.end - day) <= NEAR
        ]
        if near:
            yield deal, min(near)[1]


def plan(deals: Sequence[Deal], today: date, days: int = DAYS) -> list[DealWrite]:
    """What is to be written; of renewals to be opened what the contract alone tells (see `opened`)."""
    writes: dict[str, DealWrite] = {}
    found = running(deals, days)
    kept = {one.own.id for one in found if one.own is not None}
    ends = {one.deal.id: one.contract.end for one in found}
    for one in found:
        for write in _steps(one, today, days):
            writes[write.id] = write
    for deal in deals:
        if is_own(deal) and deal.id not in kept and deal.outcome is Outcome.OPEN and not deal.deleted:
            end = ends.get(renewed_id(deal))
            writes[deal.id] = _taken_back(deal, GONE if end is None else PROLONGED.format(end.isoformat()))
    return list(writes.values())


def _steps(one: Running, today: date, days: int) -> Iterator[DealWrite]:
    own, other, standing = one.own, one.other, one.standing(today, days)
    if own is None:
        if standing is Standing.DUE:
            yield _opened(one)
        return
    is_open = own.outcome is Outcome.OPEN and not own.deleted
    if is_open and other is not None and other.outcome is not Outcome.LOST:
        yield _taken_back(own, (RENEWED if other.outcome is Outcome.WON else ELSEWHERE).format(other.id))
    elif is_open and standing is Standing.CANCELLED:
        lost = max(one.contract.cancelled or today, own.created_time.date() if own.created_time else today)
        yield DealWrite(own.id, outcome=Outcome.LOST, closed_date=min(lost, today), fields={WHY: CANCELLED},
                        expected_revision=own.revision)  # fmt: skip
    elif is_open:
        yield from _moved(own, one.contract.end)
    elif standing is Standing.DUE:  # the reason why it was taken back or given up is no more
        yield DealWrite(own.id, deleted=False, outcome=Outcome.OPEN, fields={WHY: None, RENEWS_END: one.contract.end},
                          close_date=one.contract.end, expected_revision=own.revision)  # fmt: skip


def _given_up(deal: Deal) -> bool:
    return is_own(deal) and deal.fields.get(WHY) == CANCELLED


def _moved(own: Deal, end: date) -> Iterator[DealWrite]:
    """The end was corrected: the promised day goes along, unless somebody had set another."""
    before = day_in(own, RENEWS_END)
    if before != end:
        promised = end if own.close_date == before else UNSET
        yield DealWrite(own.id, close_date=promised, fields={RENEWS_END: end}, expected_revision=own.revision)


def _taken_back(own: Deal, why: str) -> DealWrite:
    return DealWrite(own.id, deleted=True, fields={WHY: why}, expected_revision=own.revision)


def _opened(one: Running) -> DealWrite:
    deal, contract = one.deal, one.contract
    start = contract.end + timedelta(days=1)
    return DealWrite(
        renewal_id(deal.id, contract.end), motion=Motion.RENEWAL, pipeline=deal.pipeline,
        name=f"{deal.name or deal.id} ({contract.end.isoformat()})"[:500], owner_id=deal.owner_id,
        account_id=deal.account_id, amount=deal.amount, close_date=contract.end,
        fields={RENEWS: deal.id, RENEWS_END: contract.end, START: start, MONTHS: _months(deal, contract)},
        expected_revision=0,
    )  # fmt: skip


def _months(deal: Deal, contract: Contract) -> float | None:
    """How long it ran, for the new one to run as long."""
    begun = contract.start or deal.closed_date
    if contract.months is not None or begun is None:
        return contract.months
    return float(max(1, round((contract.end - begun).days / 30.44)))
