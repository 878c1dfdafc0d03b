"""Quotas, seen by node and pasted from a sheet: looked at first, then saved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput
from kit.money import is_currency
from learning.fiscal import FiscalPeriod
from learning.tree import lines_on
from services.gateway.cautions import QUOTA_APART
from services.gateway.domain import WriteStatus
from services.gateway.noted_writes import set_quotas
from services.gateway.quarter_totals import HORIZON
from services.gateway.rest.base import principal_of
from services.gateway.rest.forecast import period_of
from services.gateway.rollup import COMPANY
from services.gateway.service import Gateway
from services.gateway.web.forms import form_of, page_address
from services.gateway.web.member_names import team_name
from services.gateway.web.pasted_quotas import Pasted, PastedRow, PastedTotal, read_pasted
from services.gateway.web.quota_places import MANAGER, Places
from services.gateway.web.rendering import answer, render
from services.gateway.web.words import Words

PATH = "/quotas"
ROWS_SHOWN, LONGEST_SAID, LINES_TOLD = 300, 80, 5
TOO_SMALL = 100  # a quota this many times smaller than what its node has booked or open mostly lacks its unit


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def quotas(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _page(gateway, request, words))

    @routes.post(PATH)
    async def paste(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _paste(gateway, request, words))

    return routes


async def _page(gateway: Gateway, request: Request, words: Words, **more: Any) -> str:
    """The quotas of the period asked for, beside what is pasted."""
    period, workspace = period_of(gateway, request), gateway.workspace
    forecast = await gateway.forecast(principal_of(request), str(period), "", str(more.get("currency", "")))
    current = workspace.calendar.current(workspace.business_day)
    values = {
        "pasted": "", "rows": (), "saved": None, "wrong": 0, "good": 0, "currency": forecast["currency"],
        "told": (), "small": "",
        "period": str(period), "nodes": [_node(one, forecast["currency"], words) for one in forecast["nodes"]],
        "periods": [(str(one), page_address(request, PATH, period=str(one)), str(one) == str(period))
                    for one in _offered(current, period)],
        "to": page_address(request, PATH), "since": await gateway.store.last_event_id(),
        "business_day": words.day(workspace.business_day), "sample": workspace.sample,
        "apart": [words("call.quota_apart", currency=one["currency"]) for one in forecast["cautions"]
                  if one["code"] == QUOTA_APART],
    }  # fmt: skip
    return render("quotas.html", request, words, **values | more)


def _offered(current: FiscalPeriod, chosen: FiscalPeriod) -> list[FiscalPeriod]:
    ahead = [current.next(place) for place in range(HORIZON)]
    return ahead if str(chosen) in map(str, ahead) else [chosen, *ahead]


def _node(row: dict[str, Any], currency: str, words: Words) -> dict[str, Any]:
    amount = None if row["quota"] is None else {"currency": currency, "value": row["quota"]}
    name = words("call.whole") if row["level"] == "company" else str(row["name"])
    return {"name": name, "level": row["level"], "quota": words.money(amount)}


async def _paste(gateway: Gateway, request: Request, words: Words) -> str:
    """Look at what is pasted; with `act` save, set what is understood, and leave the rest to be mended."""
    form, principal, workspace = await form_of(request), principal_of(request), gateway.workspace
    text, act = (form.get("pasted") or [""])[0], (form.get("act") or [""])[0]
    currency = (form.get("currency") or [""])[0].strip().upper() or workspace.currency
    if not is_currency(currency):
        mend = words("quotas.currency_mend")
        raise InvalidInput(words("quotas.no_currency"), field="currency", value=currency[:20], mend=mend)
    tree = await gateway.store.tree(principal, workspace.business_day)
    standing = lines_on(await gateway.store.list_lines(principal), workspace.business_day)
    regions = {line.region for line in standing.values() if line.region}
    places = Places.of(tree, await gateway.store.list_users(principal), regions)
    period = period_of(gateway, request)
    pasted = read_pasted(text, places, workspace.calendar, period, currency)
    rows, saved = pasted.rows, None
    forecast = await gateway.forecast(principal, str(period), "", currency)
    small, told = _small(rows, forecast, words), _told(pasted, currency, words)
    if act == "save" and (not small or (form.get("confirm") or [""])[0] == "yes"):
        wanted = [quota for row in rows if (quota := row.quota)]
        results = await set_quotas(gateway, principal, wanted)
        gateway.written(results)
        gateway.news.wake()
        saved = sum(one.status in (WriteStatus.CREATED, WriteStatus.CHANGED) for one in results)
        text, rows, small = _left(text, rows), [row for row in rows if row.wrong], ""
    shown = [_row(row, words) for row in rows[:ROWS_SHOWN]]
    wrong = sum(bool(row.wrong) for row in rows)
    return await _page(
        gateway, request, words, pasted=text, rows=shown, saved=saved, wrong=wrong, good=len(rows) - wrong,
        currency=currency, told=told, small=small,
    )  # fmt: skip


def _told(pasted: Pasted, currency: str, words: Words) -> list[str]:
    """Which lines are headings or hold no amount, in which unit amounts were read, and which lines of totals were left
    out."""
    good, told = [row for row in pasted.rows if row.amount], []
    for key, lines in (("quotas.headings", pasted.headings), ("quotas.passed", pasted.passed)):
        if lines:
            some = " · ".join(map(shorten, lines[:LINES_TOLD])) + (" …" if len(lines) > LINES_TOLD else "")
            told.append(words(key, count=len(lines), lines=some))
    for unit in dict.fromkeys(row.unit for row in good if row.unit):
        row = next(row for row in good if row.unit == unit)
        told.append(words("quotas.unit", unit=unit, cell=row.cell, amount=_money(row, words)))
    if bare := [row for row in good if row.bare]:
        told.append(words("quotas.no_unit", currency=currency, count=len(bare), cell=bare[0].cell,
                          amount=_money(bare[0], words)))  # fmt: skip
    return [*told, *(_total(total, words) for total in pasted.totals)]


def _total(total: PastedTotal, words: Words) -> str:
    said, added = (words.money({"currency": one.currency, "value": one.value}) for one in (total.amount, total.added))
    key = "quotas.total_agrees" if total.agrees else "quotas.total_differs"
    return words(key, name=total.said, period=total.period, amount=said, added=added)


def _small(rows: list[PastedRow], forecast: dict[str, Any], words: Words) -> str:
    """That quotas are far below what their people and teams have booked and open; empty where none is."""
    business = {node["node"]: Decimal(node["booked"] or 0) + Decimal(node["open_pipeline"] or 0)
                for node in forecast["nodes"]}  # fmt: skip
    found = [(row, business[row.node]) for row in rows
             if row.amount and Decimal(row.amount.value) * TOO_SMALL <= business.get(row.node, Decimal(0))]  # fmt: skip
    if not found:
        return ""
    row, most = max(found, key=lambda one: one[1])
    has = words.money({"currency": forecast["currency"], "value": str(most)})
    name = team_name(row.name, words) if row.node.startswith(MANAGER) else _called(row, words)
    return words("quotas.small", count=len(found), name=name, amount=_money(row, words), has=has)


def shorten(said: str) -> str:
    """What was pasted as a name, as far as it tells which line it is."""
    return said if len(said) <= LONGEST_SAID else said[:LONGEST_SAID] + "…"


def _called(row: PastedRow, words: Words) -> str:
    return words("call.whole") if row.node == COMPANY else row.name


def _money(row: PastedRow, words: Words) -> str:
    return words.money({"currency": row.amount.currency, "value": row.amount.value} if row.amount else None)


def _left(text: str, rows: list[PastedRow]) -> str:
    """The lines that were not understood, below those that came before the first: these may be headings."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    wrong = {row.line for row in rows if row.wrong}
    first = min((row.line for row in rows), default=1)
    return "\n".join(line for number, line in enumerate(lines, 1) if number in wrong or (wrong and number < first))


def _row(row: PastedRow, words: Words) -> dict[str, Any]:
    why = words.name("quotas", row.wrong) if row.wrong else ""
    return {
        "line": row.line, "said": shorten(row.said), "cell": row.cell, "period": row.period, "why": why,
        "name": _called(row, words),
        "node": row.node.partition(":")[0], "amount": _money(row, words),
    }  # fmt: skip
