"""Who reports to whom: seen as a tree, and pasted from a sheet: looked at first, then saved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from learning.records import ReportingLine, User
from learning.tree import lines_on, managers_above
from services.gateway.domain import WriteStatus
from services.gateway.json_people import ALWAYS
from services.gateway.noted_writes import set_users
from services.gateway.rest.base import principal_of
from services.gateway.service import Gateway
from services.gateway.web.forms import form_of, page_address
from services.gateway.web.member_names import user_name
from services.gateway.web.pasted_lines import APART, PastedLine, covered_regions, read_lines, settled, totals_in
from services.gateway.web.quotas_page import shorten
from services.gateway.web.rendering import answer, render
from services.gateway.web.words import Words

PATH = "/reporting"
ROWS_SHOWN, PEOPLE_SHOWN = 300, 1_000


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def reporting(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _page(gateway, request, words))

    @routes.post(PATH)
    async def paste(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _paste(gateway, request, words))

    return routes


async def _page(gateway: Gateway, request: Request, words: Words, **more: Any) -> str:
    """The people seen, managers before theirs, beside what is pasted."""
    principal, day = principal_of(request), gateway.workspace.business_day
    users = {user.id: user for user in await gateway.store.list_users(principal)}
    lines = await gateway.store.list_lines(principal)
    standing = lines_on(lines, day)
    people = people_views(users, standing, words)
    teams = {node.id for node in await gateway.store.tree(principal, day)}
    values = {
        "pasted": "", "rows": (), "totals": (), "saved": None, "wrong": 0, "good": 0, "people": people[:PEOPLE_SHOWN],
        "more_people": max(0, len(people) - PEOPLE_SHOWN), "to": page_address(request, PATH),
        "alone": sum(not one["above"] and not one["leads"] for one in people),
        "apart": apart_views(users, standing, teams, words),
        "covered": covered_views(users, lines, day, words),
        "since": await gateway.store.last_event_id(), "business_day": words.day(day),
        "sample": gateway.workspace.sample,
    }  # fmt: skip
    return render("reporting.html", request, words, **values | more)


def covered_views(
    users: Mapping[str, User], lines: Sequence[ReportingLine], day: date, words: Words
) -> list[str]:  # fmt: skip
    """Which regions will not be seen, and why."""
    return [
        words("reporting.covered", below=", ".join(one.below), region=one.region,
              name=user_name(users[one.above]) if one.above in users else one.above)
        for one in covered_regions(lines, day)
    ]  # fmt: skip


def apart_views(
    users: Mapping[str, User], standing: Mapping[str, ReportingLine], teams: Set[str], words: Words
) -> list[str]:  # fmt: skip
    """Who leads people and has no total of them, with the line to paste that gives one."""
    leaders = {line.manager_id for line in standing.values()} & users.keys()
    names = Counter(user_name(user) for user in users.values())

    def said(user_id: str) -> str:
        """By whom a pasted line knows them."""
        user = users.get(user_id)
        name = user_name(user) if user else user_id or "-"
        return (user.email or user.id) if user and (names[name] > 1 or APART.search(name)) else name

    found = []
    for one in sorted(leaders, key=lambda one: (users[one].name, one)):
        if f"manager:{one}" not in teams:
            above = standing[one].manager_id if one in standing else ""
            line = ", ".join((said(one), said(above), words("reporting.head_region")))
            found.append(words("reporting.apart", name=user_name(users[one]), line=line))
    return found


def people_views(
    users: Mapping[str, User], standing: Mapping[str, ReportingLine], words: Words
) -> list[dict[str, Any]]:
    """Everybody below whom they report to."""
    below: dict[str, list[str]] = defaultdict(list)
    for user in sorted(users.values(), key=lambda one: (one.name, one.id)):
        above = standing[user.id].manager_id if user.id in standing else ""
        below[above if above in users else ""].append(user.id)
    found: list[dict[str, Any]] = []
    todo = [*reversed(below[""])]
    while todo:
        one = todo.pop()
        line = standing.get(one)
        above = line.manager_id if line else ""
        found.append({
            "id": one, "name": user_name(users[one]), "mail": users[one].email, "active": users[one].active,
            "depth": min(len(managers_above(one, standing)), 4), "leads": bool(below.get(one)),
            "above": user_name(users[above]) if above in users else above, "region": line.region if line else "",
            "since": _since(line, words),
        })  # fmt: skip
        todo += reversed(below.get(one, ()))
    return found


def _since(line: ReportingLine | None, words: Words) -> str:
    """From when on somebody stands there: a first place holds for all the past too."""
    if line is None:
        return ""
    return words.day(line.valid_from) if line.valid_from > ALWAYS else words("reporting.always")


async def _paste(gateway: Gateway, request: Request, words: Words) -> str:
    """Look at what is pasted; with `act` save, set what is understood, and leave the rest to be mended."""
    form, principal, store = await form_of(request), principal_of(request), gateway.store
    text, act = (form.get("pasted") or [""])[0], (form.get("act") or [""])[0]
    users = await store.list_users(principal)
    lines = await store.list_lines(principal)
    rows, wanted = settled(read_lines(text, users), lines, gateway.workspace.business_day)
    names = {user.id: user for user in [*users, *(row.user for row in rows if row.user)]}
    saved = None
    if act == "save":
        before = {user.id: user for user in users}
        people = [row.user for row in rows if row.user and not row.wrong and before.get(row.user.id) != row.user]
        results = await set_users(gateway, principal, people, wanted)
        gateway.written(results)
        gateway.news.wake()
        saved = len({one.id for one in results if one.status in (WriteStatus.CREATED, WriteStatus.CHANGED)})
        text, rows = _left(text, rows), [row for row in rows if row.wrong]
        lines, wanted = await store.list_lines(principal), []
    covered = covered_views(names, [*lines, *wanted], gateway.workspace.business_day, words)
    wrong = sum(bool(row.wrong) for row in rows)
    return await _page(
        gateway, request, words, totals=totals_in(text), pasted=text,
        rows=[_row(row, names, words) for row in rows[:ROWS_SHOWN]], saved=saved, wrong=wrong, good=len(rows) - wrong,
        covered=covered,
    )  # fmt: skip


def _left(text: str, rows: Sequence[PastedLine]) -> str:
    """The lines that were not understood, below the first where that is one of headings."""
    wrong = {row.line for row in rows if row.wrong}
    first = min((row.line for row in rows if row.line), default=1)
    lines = enumerate(text.splitlines(), 1)
    return "\n".join(line for number, line in lines if number in wrong or (wrong and number < first))


def _row(row: PastedLine, users: Mapping[str, User], words: Words) -> dict[str, Any]:
    user = row.user
    return {
        "said": shorten(row.said), "why": words.name("reporting", row.wrong) if row.wrong else "", "new": row.new,
        "name": user_name(user) if user else "", "mail": user.email if user else "", "region": row.region or "",
        "above": user_name(users[row.above]) if row.above else words("reporting.nobody"),
    }  # fmt: skip
