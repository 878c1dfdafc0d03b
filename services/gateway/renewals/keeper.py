"""Opens, moves and ends renewals as contracts come up, whenever the day or a deal has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import structlog

from kit.errors import DealcastError, InvalidInput
from learning.records import Deal
from services.gateway.domain import LOCAL, UNSET, DealWrite, Principal, WriteStatus
from services.gateway.live import wait_either
from services.gateway.renewals.planning import DAYS, Standing, plan, running
from services.gateway.renewals.stages import first_of_open_deals, open_stages
from services.gateway.renewals.terms import DEFINITIONS, RENEWS
from services.gateway.service import Gateway
from services.gateway.store.interface import Store

log = structlog.get_logger(__name__)

SETTING, DEAL_EVENT = "renewal_days", "deal"
FEWEST_DAYS, MOST_DAYS = 1, 730
EVERY_SECONDS = 5.0
PAUSES = 100  # of what a plan took: where deals change all the time, planning takes a hundredth of it
AT_ONCE = 500


async def renewal_days(store: Store) -> int | None:
    """How many days before a contract's end its renewal opens; None for never."""
    kept = await store.get_setting(SETTING)
    days = DAYS if kept is None else kept["days"]
    return None if days is None else int(days)


async def set_renewal_days(store: Store, days: Any) -> None:
    """Keep it. Raises InvalidInput."""
    whole = isinstance(days, int) and not isinstance(days, bool)
    if days is not None and not (whole and FEWEST_DAYS <= days <= MOST_DAYS):
        mend = f"Send a number from {FEWEST_DAYS} to {MOST_DAYS}, or null for no renewals"
        raise InvalidInput("this is no number of days", field="days", value=str(days)[:20], mend=mend)
    await store.put_setting(SETTING, {"days": days})


class RenewalKeeper:
    """Does what the plan says. Doing it again changes nothing, also beside another gateway."""

    name = "renewals"
    ready = True

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._seen: tuple[date, int, int | None] | None = None
        self._event, self._not_before = -1, 0.0  # the newest event that was looked at; monotonic

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped; a store that is away is asked again."""
        while not stop.is_set():
            try:
                await self.look()
            except DealcastError as error:
                log.warning("renewals_not_looked_at", error=error.problem)
            await wait_either(stop, stop, EVERY_SECONDS)

    async def look(self) -> int:
        """Where the day, the setting or a deal has changed; how many deals were written. What services answer and
        what else happens is no change of a deal."""
        store, today = self._gateway.store, self._gateway.workspace.business_day
        days, newest = await renewal_days(store), await store.last_event_id()
        before = self._seen
        same_rules = before is not None and before[::2] == (today, days)
        if same_rules and (newest == self._event or time.monotonic() < self._not_before):
            return 0
        seen = (today, await store.last_event_id(DEAL_EVENT), days)
        written = 0
        if seen != before:
            written, took = await self._planned(today, days)
            self._seen, self._not_before = seen, time.monotonic() + PAUSES * took
        self._event = newest  # only now: where the store was away meanwhile, it is looked at again
        return written

    async def _planned(self, today: date, days: int | None) -> tuple[int, float]:
        """How many deals were written, and the seconds of a processor that planning took."""
        if days is None:
            return 0, 0.0
        deals = await self._gateway.store.contract_deals(LOCAL)
        writes, took = await asyncio.to_thread(_timed, deals, today, days)
        written = 0
        for start in range(0, len(writes), AT_ONCE):
            written += await self._write(writes[start : start + AT_ONCE])
        return written, took

    async def _write(self, writes: Sequence[DealWrite]) -> int:
        await self._define()
        whole = await self._with_lines(writes)
        done = {WriteStatus.CREATED, WriteStatus.CHANGED}
        results = await self._gateway.apply_deals(LOCAL, whole, source="renewals")
        refused = [one for one in results if one.errors and one.errors[0].field != "expected_revision"]
        if refused:
            log.warning("renewals_refused", deals=len(refused), field=refused[0].errors[0].field)
        return sum(one.status in done for one in results)

    async def _define(self) -> None:
        """The fields as what they are, unless they are defined: the first value would only be guessed from."""
        known = {one.name for one in await self._gateway.store.list_fields() if one.entity == "deal"}
        missing = [one for one in DEFINITIONS if one.name not in known]
        if missing:
            await self._gateway.store.define_fields(LOCAL, missing)

    async def _with_lines(self, writes: Sequence[DealWrite]) -> list[DealWrite]:
        """New renewals with the people, products and credit of their contracts, in the first stage of the pipeline."""
        named = {one.id: str(one.fields[RENEWS]) for one in writes if one.fields.get(RENEWS)}
        records = await self._gateway.store.get_records(LOCAL, list(named.values()), insights=False)
        contracts = {one.history.deal.id: one.history for one in records}
        pipelines: Mapping[str, Sequence[str]] = await self._gateway.store.get_setting("pipelines") or {}
        begun = {one.deal.id: list(pipelines.get(one.deal.pipeline) or open_stages(one)) for one in contracts.values()}
        lacking = {one.deal.pipeline for one in contracts.values() if not begun[one.deal.id]}
        firsts = {one: await first_of_open_deals(self._gateway.store, one) for one in sorted(lacking)}
        found = []
        for write in writes:
            contract = contracts.get(named.get(write.id, ""))
            if contract is not None:
                deal = contract.deal
                stage = (begun[deal.id] or [firsts.get(deal.pipeline, "")])[0]
                write = _completed(write, deal, stage)
            found.append(write)
        return found


def _timed(deals: Sequence[Deal], today: date, days: int) -> tuple[list[DealWrite], float]:
    """The plan, and the seconds of a processor that it took."""
    began = time.thread_time()
    return plan(deals, today, days), time.thread_time() - began


def _completed(write: DealWrite, deal: Deal, stage: str) -> DealWrite:
    return replace(
        write, products=deal.products, contacts=deal.contacts, credits=deal.credits, stage=stage or UNSET
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coming:
    """A contract that ends, as people read it."""

    deal: Deal
    end: date
    days_left: int
    standing: Standing
    renewal_id: str


async def coming(gateway: Gateway, principal: Principal, within: int) -> list[Coming]:
    """Contracts that the principal sees and that end within so many days of the business day, before or after, by
    end."""
    today = gateway.workspace.business_day
    days = await renewal_days(gateway.store) or DAYS
    found = []
    for one in running(await gateway.store.contract_deals(principal), days):
        left = (one.contract.end - today).days
        if abs(left) <= within:
            there = [each for each in (one.other, one.own) if each is not None and not each.deleted]
            named = there[0].id if there else ""
            found.append(Coming(one.deal, one.contract.end, left, one.standing(today, days), named))
    return found
