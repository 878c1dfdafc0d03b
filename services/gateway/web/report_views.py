"""The weekly report in words: the lines of each section, and the draft that people change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from services.gateway.web.call_views import money, node_name, signed
from services.gateway.web.words import Words
from services.gateway.weekly_report import SECTIONS, WeeklyReport

MOST_LINES = 12


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
    shown = [_section(name, found.moves[name], found.currency, names, words) for name in SECTIONS]
    lines = []
    for record in found.due:
        deal = record.history.deal
        amount = words.money({"currency": deal.amount.currency, "value": deal.amount.value} if deal.amount else None)
        values = {"name": deal.name or deal.id, "owner": record.owner_name or words("list.nobody"), "amount": amount}
        text = words("report.due_line", day=words.day(deal.close_date), **values)
        lines.append(LineView(f"/deals/{quote(deal.id, safe='')}", text))
    return [*shown, SectionView(words("report.due"), "", tuple(lines), 0)]


def _section(
    name: str, rows: Sequence[Mapping[str, Any]], currency: str, names: Mapping[str, str], words: Words
) -> SectionView:
    """The largest deals of a section; what was won counts by what was booked."""
    amounts = [Decimal(one["booked"] if name == "won" else one["total"]) for one in rows]
    lines = []
    for one, amount in list(zip(rows, amounts, strict=True))[:MOST_LINES]:
        owner = names.get(one["owner_id"], one["owner_id"]) or words("list.nobody")
        values = {"name": one["name"] or one["id"], "owner": owner, "cause": words(f"bridge.{one['cause']}")}
        text = words("report.line", amount=signed(amount, currency, words), **values)
        lines.append(LineView(f"/deals/{quote(one['id'], safe='')}", text))
    total = money(abs(sum(amounts, Decimal(0))), currency, words) if name in ("won", "lost") else ""
    return SectionView(words(f"report.{name}"), total, tuple(lines), max(0, len(rows) - MOST_LINES))


def draft(found: WeeklyReport, names: Mapping[str, str], words: Words) -> str:
    """The report as text."""
    week = words("forecast.span", low=words.day(found.first), high=words.day(found.last))
    lines = [words("report.head", name=node_name(found.row, words), week=week), "", *_number(found, words), ""]
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
        told.append(words("call.quota", chance=words.percent(row["quota_probability"]), quota=of("quota")))
    return told
