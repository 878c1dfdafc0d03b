"""Quotas, exchange rates and users set by hand or by a program, each with an entry of the log as it stood before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from kit.money import Money
from learning.exchange import DatedRate
from learning.records import Quota, ReportingLine, User
from learning.tree import lines_on
from services.gateway import change_log as log
from services.gateway.access.members import AccessEvent, Act
from services.gateway.amount_types import AMOUNT
from services.gateway.domain import NodeQuota, Principal, WriteResult, WriteStatus
from services.gateway.quota_rows import OWNER, AnyQuota, save_quotas
from services.gateway.service import Gateway

TAKEN = (WriteStatus.CREATED, WriteStatus.CHANGED)
QuotaKey = tuple[str, str, str, str]  # node, period, currency, type


def money_of(amount: Money | None) -> dict[str, str] | None:
    """An amount as entries keep it."""
    return None if amount is None else {"currency": amount.currency, "value": str(amount.value)}


async def set_quotas(gateway: Gateway, principal: Principal, quotas: Sequence[AnyQuota]) -> list[WriteResult]:
    """As services.gateway.quota_rows.save_quotas."""
    before = await _quotas(gateway, principal, quotas)
    results = await save_quotas(gateway.workspace, gateway.store, principal, quotas)
    entries = []
    for quota, result in zip(quotas, results, strict=True):
        if result.status in TAKEN:
            key = _key(quota)
            entries.append(_quota_entry(Act.QUOTA_SET, principal, key, before.get(key), quota.amount))
            before[key] = quota.amount
    await log.note_all(gateway.store, entries)
    return results


async def drop_quotas(
    gateway: Gateway, principal: Principal, node: str, period: str, currency: str, type_name: str
) -> int:
    """Take a node's quotas of a period away; how many there were."""
    store = gateway.store
    owners, nodes = await store.quotas_in(principal, [period], type_name)
    there = {key: amount for key, amount in _by_key(owners, nodes).items() if key[0] == node}
    dropped = await store.drop_quotas(principal, node, period, currency, type_name)
    if dropped:
        await log.note_all(store, [
            _quota_entry(Act.QUOTA_DROPPED, principal, key, amount, None)
            for key, amount in there.items() if currency in ("", key[2])
        ])  # fmt: skip
    return dropped


async def _quotas(gateway: Gateway, principal: Principal, quotas: Sequence[AnyQuota]) -> dict[QuotaKey, Money]:
    """Those there are of the same periods and types."""
    known = {AMOUNT, *(each.name for each in gateway.workspace.forecast_types)}
    found: dict[QuotaKey, Money] = {}
    for type_name in sorted({_key(one)[3] for one in quotas} & known):
        periods = sorted({one.period for one in quotas if _key(one)[3] == type_name})
        owners, nodes = await gateway.store.quotas_in(principal, periods, type_name)
        found |= _by_key(owners, nodes)
    return found


def _by_key(owners: Sequence[Quota], nodes: Sequence[NodeQuota]) -> dict[QuotaKey, Money]:
    every: list[AnyQuota] = [*owners, *nodes]
    return {_key(one): one.amount for one in every}


def _key(quota: AnyQuota) -> QuotaKey:
    node, type_name = (OWNER + quota.owner_id, AMOUNT) if isinstance(quota, Quota) else (quota.node, quota.type)
    return node, quota.period, quota.amount.currency, type_name


def _quota_entry(
    act: Act, principal: Principal, key: QuotaKey, before: Money | None, after: Money | None
) -> AccessEvent:  # fmt: skip
    node, period, _, type_name = key
    return log.entry(act, principal.id, log.NODE, node, period=period, type=typed(type_name),
                     before=money_of(before), after=money_of(after))  # fmt: skip


def typed(type_name: str) -> str:
    """A forecast type as entries keep it: amounts are not named."""
    return "" if type_name == AMOUNT else type_name


async def set_rates(gateway: Gateway, principal: Principal, rates: Sequence[DatedRate]) -> Sequence[WriteResult]:
    """Set exchange rates, each from its day on."""
    before = await _rates(gateway, principal, {one.currency for one in rates})
    results = await gateway.store.save_rates(principal, rates, gateway.workspace.wall_time())
    entries = []
    for rate, result in zip(rates, results, strict=True):
        if result.status in TAKEN:
            there = before.get((rate.currency, rate.day))
            entries.append(_rate_entry(Act.RATE_SET, principal, rate.currency, rate.day, there, f"{rate.rate:f}"))
            before[rate.currency, rate.day] = f"{rate.rate:f}"
    await log.note_all(gateway.store, entries)
    return results


async def drop_rates(gateway: Gateway, principal: Principal, currency: str, day: date | None) -> int:
    """Take the rate of a day away, or all of a currency; how many there were."""
    before = await _rates(gateway, principal, {currency})
    dropped = await gateway.store.drop_rates(principal, currency, day, gateway.workspace.wall_time())
    if dropped:
        await log.note_all(gateway.store, [
            _rate_entry(Act.RATE_DROPPED, principal, code, since, rate, None)
            for (code, since), rate in before.items() if day in (None, since)
        ])  # fmt: skip
    return dropped


async def _rates(gateway: Gateway, principal: Principal, currencies: set[str]) -> dict[tuple[str, date], str]:
    found = [one for code in sorted(currencies) for one in await gateway.store.list_rates(principal, code)]
    return {(one.currency, one.day): f"{one.rate:f}" for one in found if one.rate is not None}


def _rate_entry(
    act: Act, principal: Principal, currency: str, day: date, before: str | None, after: str | None
) -> AccessEvent:  # fmt: skip
    return log.entry(act, principal.id, log.CURRENCY, currency, day=day.isoformat(), before=before, after=after)


@dataclass(frozen=True, slots=True)
class _People:
    """Users by id, and the line of each that holds today."""

    users: Mapping[str, User]
    lines: Mapping[str, ReportingLine]

    @classmethod
    async def now(cls, gateway: Gateway, principal: Principal) -> _People:
        users, lines = await gateway.store.list_users(principal), await gateway.store.list_lines(principal)
        return cls({one.id: one for one in users}, lines_on(lines, gateway.workspace.business_day))

    def manager(self, user_id: str) -> str | None:
        return line.manager_id if (line := self.lines.get(user_id)) else None


async def set_users(
    gateway: Gateway, principal: Principal, users: Sequence[User], lines: Sequence[ReportingLine], trace: str = ""
) -> list[WriteResult]:
    """Create or change users of the CRM and their reporting lines. Whom somebody reports to is told before and after;
    of names and addresses only that they are others."""
    before = await _People.now(gateway, principal)
    results = list(await gateway.store.save_users(principal, users, lines, trace=trace))
    written = [*(one.id for one in users), *(one.user_id for one in lines)]
    taken = {one for one, result in zip(written, results, strict=True) if result.status in TAKEN}
    if taken:
        after = await _People.now(gateway, principal)
        await log.note_all(gateway.store, [_user_entry(principal, one, before, after) for one in sorted(taken)])
    return results


def _user_entry(principal: Principal, user_id: str, before: _People, after: _People) -> AccessEvent:
    old, new = before.users.get(user_id), after.users.get(user_id)
    detail: dict[str, Any] = {}
    if before.manager(user_id) != after.manager(user_id):
        detail = {"before": before.manager(user_id), "after": after.manager(user_id)}
    changed = [one.name for one in fields(User) if old and new and getattr(old, one.name) != getattr(new, one.name)]
    act = Act.USER_CHANGED if old else Act.USER_ADDED
    return log.entry(act, principal.id, log.USER, user_id, changed=", ".join(changed), **detail)
