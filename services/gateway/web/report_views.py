"""The weekly report in words: the lines of each section, and the draft that people change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from services.gateway.web.call_views import money, signed, titled
from services.gateway.web.totals import quota_chance
from services.gateway.web.words import Words, unbroken
from services.gateway.weekly_report import SECTIONS, WeeklyReport

MOST_LINES = 12
HANDED = "moved_owner"


@dataclass(frozen=True, slots=True)
class LineView:
    """A deal of a section."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section with the sum of its amounts."""

    title: str
    total: str
    lines: tuple[LineView, ...]
    more: int


def sections(found: WeeklyReport, names: Mapping[str, str], words: Words) -> list[SectionView]:
    """Won, lost, new, moved and due."""
    shown = [_section(name, found, names, words) for name in SECTIONS]
    lines = []
    for record in found.due:
        deal = record.history.deal
        amount = words.money({"currency": deal.amount.currency, "value": deal.amount.value} if deal.amount else None)
        account = record.history.account
        name = titled(deal.name or deal.id, account.name if account else "")
        owner = names.get(deal.owner_id, record.owner_name) or words("list.nobody")
        values = {"name": name, "owner": owner, "amount": amount}
        text = words(
            "report.due_own" if _own(found, deal.owner_id) else "report.due_line",
            day=words.day(deal.close_date),
            **values,
        )
        lines.append(LineView(f"/deals/{quote(deal.id, safe='')}", text))
    return [*shown, SectionView(words("report.due"), "", tuple(lines), 0)]


def _own(found: WeeklyReport, owner: str) -> bool:
    """Whether it is the report of this owner: it says so in its heading, and not line by line."""
    return found.node == f"owner:{owner}"


def _section(name: str, found: WeeklyReport, names: Mapping[str, str], words: Words) -> SectionView:
    """The largest deals of a section; what was won counts by what was booked."""
    rows, currency = found.moves[name], found.currency
    amounts = [Decimal(one["booked"] if name == "won" else one["total"]) for one in rows]
    handed, lines = _handed(rows), []
    for one, amount in zip(rows, amounts, strict=True):
        owner = names.get(one["owner_id"], one["owner_id"]) or words("list.nobody")
        values = {"name": titled(one["name"] or one["id"], one["account"]), "owner": owner}
        key = "report.own" if _own(found, one["owner_id"]) else "report.line"
        cause, shown = words(f"bridge.{one['cause']}"), unbroken(signed(amount, currency, words))
        if one["cause"] == HANDED and (before := handed.get(one["id"])) is not None:
            if amount < 0:
                continue  # told where it went to
            key, shown = "report.handed", money(amount, currency, words)
            values["before"] = names.get(before, before) or words("list.nobody")
        text = words(key, amount=shown, cause=cause, **values)
        lines.append(LineView(f"/deals/{quote(one['id'], safe='')}", text))
    total = money(abs(sum(amounts, Decimal(0))), currency, words) if name in ("won", "lost") else ""
    return SectionView(words(f"report.{name}"), total, tuple(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES))


def _handed(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Whose the deals were that went from one owner of the report to another: both are told in one line."""
    moved = [one for one in rows if one["cause"] == HANDED]
    gained = {one["id"] for one in moved if Decimal(one["total"]) > 0}
    left = [one for one in moved if Decimal(one["total"]) < 0 and one["id"] in gained]
    return {one["id"]: one["owner_id"] for one in left}


def draft(found: WeeklyReport, who: str, names: Mapping[str, str], words: Words) -> str:
    """The report as text; `who` heads it."""
    week = words("forecast.span", low=words.day(found.first), high=words.day(found.last))
    lines = [words("report.head", name=who, week=week), "", *_number(found, words), ""]
    for section in sections(found, names, words):
        total = f" ({section.total})" if section.total and section.lines else ""
        lines.append(f"[{section.title}]{total}")
        lines += [f"- {line.text}" for line in section.lines] or [f"- {words('report.none')}"]
        if section.more:
            lines.append(f"- {words('call.more', count=section.more)}")
        lines.append("")
    return "\n".join([*lines, f"[{words('report.help')}]", "- "])


def _number(found: WeeklyReport, words: Words) -> list[str]:
    row, currency = found.row, found.currency

    def of(name: str) -> str:
        return money(Decimal(row[name]) if row[name] is not None else None, currency, words)

    told = [words("report.booked", period=found.period, amount=of("booked"))]
    if row["p10"] is not None:
        told.append(words("report.forecast", middle=of("mean"), low=of("p10"), high=of("p90")))
    if row["quota"] is not None and row["quota_probability"] is not None:
        told.append(words("call.quota", chance=quota_chance(row, words), quota=of("quota")))
    return told
