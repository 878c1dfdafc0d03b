"""The weekly sales report of a rep or a team: drafted, changed by hand, then printed, mailed or taken as xlsx."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.exports.columns import Kind, Table, column
from services.gateway.rest.base import principal_of
from services.gateway.rest.forecast import text_of
from services.gateway.service import Gateway
from services.gateway.web.call_views import node_name, node_person
from services.gateway.web.forms import addresses_by, page_address
from services.gateway.web.member_names import people_of, place_name, user_names
from services.gateway.web.rendering import answer, render
from services.gateway.web.report_mail import dropped_first, mail_address, too_long
from services.gateway.web.report_views import draft, sections
from services.gateway.web.words import Words
from services.gateway.web.workbooks import workbook_of
from services.gateway.weekly_report import SECTIONS, WeeklyReport, weekly_report

PATH = "/report"
COLUMNS = (
    column("section", Kind.TEXT, "Section", "구분"), column("id", Kind.TEXT, "Id", "ID"),
    column("name", Kind.TEXT, "Deal", "딜"), column("account", Kind.TEXT, "Account", "고객"),
    column("owner", Kind.TEXT, "Owner", "담당자"), column("cause", Kind.TEXT, "What happened", "변화"),
    column("amount", Kind.MONEY, "Amount", "금액", currency="currency"),
    column("currency", Kind.TEXT, "Currency", "통화"), column("day", Kind.DAY, "Close date", "마감 예정일"),
)  # fmt: skip
TABLE = Table("weekly_report", {"en": "Weekly report", "ko": "주간 영업보고"}, COLUMNS)


def router(gateway: Gateway, scratch: Path | None) -> APIRouter:
    """The routes; without a folder for files no xlsx is offered."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def report(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _page(gateway, request, words, offered=scratch is not None))

    if scratch is not None:

        @routes.get(PATH + ".xlsx")
        async def workbook(request: Request) -> Response:
            return await answer(gateway, request, lambda words: _workbook(gateway, request, scratch, words))

    return routes


async def _page(gateway: Gateway, request: Request, words: Words, *, offered: bool) -> str:
    principal = principal_of(request)
    found = await weekly_report(gateway, principal, text_of(request, "node"))
    people = await people_of(gateway, principal, words)
    names, who = {one: person.called for one, person in people.items()}, node_person(found.row, people, words)
    nodes = (await gateway.forecast(principal, found.period))["nodes"]
    own = await gateway.own_nodes(principal)
    text, address = draft(found, str(who), names, words), addresses_by(request, PATH, "node")
    values = {
        "report": found, "sections": sections(found, names, words), "text": text,
        "title": words("report.of", name=node_name(found.row, words)), "place": who.place,
        "week": words("forecast.span", low=words.day(found.first), high=words.day(found.last)),
        "places": [(place_name(one.id, one.name, words), address(one.id), one.id == found.node) for one in own]
                  if len(own) > 1 and found.node in [one.id for one in own] else (),
        "nodes": [(address(one["node"]), node_name(one, words), one["node"] == found.node)
                  for one in nodes if one["booked"] is not None],
        "mail": mail_address(words("report.title"), text, dropped_first(words), words("report.mail_short")),
        "dropped_first": dropped_first(words), "long": too_long(text),
        "workbook": page_address(request, PATH + ".xlsx", lang=words.language) if offered else "",
        "since": await gateway.store.last_event_id(), "business_day": words.day(gateway.workspace.business_day),
        "sample": gateway.workspace.sample,
    }  # fmt: skip
    return render("report.html", request, words, **values)


async def _workbook(gateway: Gateway, request: Request, scratch: Path, words: Words) -> Response:
    principal = principal_of(request)
    found = await weekly_report(gateway, principal, text_of(request, "node"))
    names = user_names(await gateway.store.list_users(principal))
    name = f"weekly-report-{found.last.isoformat()}.xlsx"
    return await workbook_of(TABLE, _sources(found, names, words), words.language, scratch, name)


def _sources(found: WeeklyReport, names: Mapping[str, str], words: Words) -> list[dict[str, Any]]:
    rows = [
        {"section": words(f"report.{section}"), "id": one["id"], "name": one["name"],
         "account": one["account"],
         "owner": names.get(one["owner_id"], one["owner_id"]), "cause": words(f"bridge.{one['cause']}"),
         "amount": one["booked"] if section == "won" else one["total"], "currency": found.currency}
        for section in SECTIONS
        for one in found.moves[section]
    ]  # fmt: skip
    for record in found.due:
        deal = record.history.deal
        rows.append({
            "section": words("report.due"), "id": deal.id, "name": deal.name, "owner": record.owner_name,
            "account": account.name if (account := record.history.account) else "",
            "amount": deal.amount.value if deal.amount else None,
            "currency": deal.amount.currency if deal.amount else "",
            "day": deal.close_date.isoformat() if deal.close_date else None,
        })  # fmt: skip
    return rows
