"""Exchange rates to the company's currency: entries that are added, of which the newest of a day counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from kit.errors import InvalidInput
from kit.money import is_currency
from learning.exchange import LARGEST, MOST_DECIMALS, SMALLEST, DatedRate, Rates
from services.gateway.domain import Principal, WriteResult, WriteStatus
from services.gateway.limits import FIRST_YEAR, LAST_YEAR
from services.gateway.store import tables_forecast as f
from services.gateway.store.around import company_wide
from services.gateway.store.checks import Checker
from services.gateway.store.codec import from_us, storable, to_us
from services.gateway.store.context import RATES_VERSION, Part
from services.gateway.store.database import Database
from services.gateway.store.interface import RateEntry

R = f.exchange_rates.c
WHAT = "exchange rates"
MOST_RATES = 200_000


class Exchange(Part):
    """What ExchangeStore promises."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._add_rates = database.insert(f.exchange_rates)

    async def save_rates(self, principal: Principal, rates: Sequence[DatedRate], time: datetime) -> list[WriteResult]:
        """Set rates; one result each. What counts already stays as it is."""
        company_wide(principal, WHAT)

        def work(connection: Connection) -> list[WriteResult]:
            base, counting = self._counting(connection)
            added: list[DatedRate] = []
            results = []
            for each in rates:
                check, known = _check(each, base), counting.get((each.currency, each.day))
                if known is None and len(counting) >= MOST_RATES:
                    mend = "Keep monthly rates, or take old ones away"
                    check.refuse("date", each.day, f"there are {MOST_RATES:,} rates already", mend)
                status = WriteStatus.CREATED if known is None else WriteStatus.CHANGED
                if check.errors:
                    status = WriteStatus.REJECTED
                elif known == each.rate:
                    status = WriteStatus.UNCHANGED
                else:
                    counting[each.currency, each.day] = each.rate
                    added.append(each)
                results.append(WriteResult(f"{each.currency} {each.day}", status, 0, tuple(check.errors)))
            self._add(connection, base, [(one.currency, one.day, one.rate) for one in added], principal, time)
            return results

        return await self._database.write(work)

    async def drop_rates(self, principal: Principal, currency: str, day: date | None, time: datetime) -> int:
        """Take rates away; how many there were."""
        company_wide(principal, WHAT)

        def work(connection: Connection) -> int:
            base, counting = self._counting(connection)
            found = [(code, on) for code, on in counting if code == currency and day in (None, on)]
            self._add(connection, base, [(code, on, None) for code, on in found], principal, time)
            return len(found)

        return await self._database.write(work)

    async def restore_rates(self, principal: Principal, entries: Sequence[RateEntry]) -> None:
        """Keep what was set elsewhere, in its order; what is known already stays once. Raises InvalidInput."""
        company_wide(principal, WHAT)
        for each in entries:
            known = DatedRate(each.currency, each.day, SMALLEST if each.rate is None else each.rate)
            if (check := _check(known, each.base)).errors:
                first = check.errors[0]
                raise InvalidInput(first.message, field=first.field, value=first.value, mend=first.mend)

        def work(connection: Connection) -> None:
            before = {_entry(row) for row in connection.execute(select(f.exchange_rates)).all()}
            fresh = [each for each in entries if each not in before]
            self._add_rates.run(connection, [_row(each) for each in fresh])
            if fresh:
                self._contexts.touch(connection, RATES_VERSION)

        await self._database.write(work)

    def _counting(self, connection: Connection) -> tuple[str, dict[tuple[str, date], Decimal]]:
        """The company's currency, and the rates that count, as the write finds them."""
        context = self._contexts.read(connection)
        rates = context.rates
        pairs = ((code, zip(days, rates.values[code], strict=True)) for code, days in rates.days.items())
        return context.currency, {(code, day): rate for code, rows in pairs for day, rate in rows}

    def _add(
        self, connection: Connection, base: str, rates: Sequence[tuple[str, date, Decimal | None]],
        principal: Principal, time: datetime,
    ) -> None:  # fmt: skip
        if rates:
            entries = [RateEntry(code, day, rate, principal.id, time, base) for code, day, rate in rates]
            self._add_rates.run(connection, [_row(each) for each in entries])
            self._contexts.touch(connection, RATES_VERSION)

    async def list_rates(self, principal: Principal, currency: str, *, replaced: bool = False) -> list[RateEntry]:
        """Those of a currency that count, by day, or every entry there was."""
        if not storable([currency]):
            return []

        def work(connection: Connection) -> list[RateEntry]:
            base = self._contexts.read(connection).currency
            wanted = select(f.exchange_rates).where(R.base == base, R.currency == currency).order_by(R.day, R.id)
            entries = [_entry(row) for row in connection.execute(wanted).all()]
            last = {one.day: one for one in entries}
            return entries if replaced else [one for one in last.values() if one.rate is not None]

        return await self._database.read(work)

    async def rates(self) -> Rates:
        """All that count."""

        def work(connection: Connection) -> Rates:
            return self._contexts.read(connection).rates

        return await self._database.read(work)


def _entry(row: Any) -> RateEntry:
    rate = None if row.rate is None else Decimal(row.rate)
    return RateEntry(row.currency, date.fromisoformat(row.day), rate, row.author, from_us(row.time), row.base)


def _row(entry: RateEntry) -> dict[str, Any]:
    return {
        "base": entry.base, "currency": entry.currency, "day": entry.day.isoformat(), "author": entry.author,
        "rate": None if entry.rate is None else f"{entry.rate:f}", "time": to_us(entry.time),
    }  # fmt: skip


def exported_rate(row: Any) -> dict[str, Any]:
    """An entry as a row of the history format."""
    texts = {name: row._mapping[name] for name in ("base", "currency", "rate", "author")}
    return texts | {"day": date.fromisoformat(row.day), "time": from_us(row.time)}


def _check(rate: DatedRate, base: str) -> Checker:
    check = Checker()
    if not is_currency(rate.currency):
        check.refuse("currency", rate.currency, "this is no currency", "Use an ISO 4217 code such as EUR")
    elif rate.currency == base:
        check.refuse("currency", rate.currency, "this is the company's own currency", "Leave it out")
    if not FIRST_YEAR <= rate.day.year <= LAST_YEAR:
        check.refuse("date", rate.day, "the day is out of range", f"Use the years {FIRST_YEAR} to {LAST_YEAR}")
    if not rate.rate.is_finite() or not SMALLEST <= rate.rate <= LARGEST:
        mend = f"Say how many {base} one {rate.currency} is, between 0.000000001 and 1000000000"
        check.refuse("rate", str(rate.rate), "this is no exchange rate", mend)
    elif -int(rate.rate.normalize().as_tuple().exponent) > MOST_DECIMALS:
        mend = f"Use at most {MOST_DECIMALS} decimals"
        check.refuse("rate", str(rate.rate), "the rate has too many decimals", mend)
    return check
