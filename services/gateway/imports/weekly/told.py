"""What an import of weekly files found, as JSON: for who shows it in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.gateway.imports.amount_remarks import remark_lines
from services.gateway.imports.messages import DOUBT, place, said, told
from services.gateway.imports.sheet_told import alike_lines, sheet_lines, unread_lines
from services.gateway.imports.weekly.checks import step_told
from services.gateway.imports.weekly.doubts import Doubt, alike, maybe_told
from services.gateway.imports.weekly.remains import SEPARATOR
from services.gateway.imports.weekly.report import Gone, WeeklyReport
from services.gateway.imports.weekly.suggest import doubled

SAMPLES, LISTED = 3, 50


def report_json(found: WeeklyReport, language: str) -> dict[str, Any]:
    """Everything that a person is to see or answer, in their language."""
    report = found.report
    return {
        "files": [{"name": one.name, "day": one.day.isoformat(), "rows": len(one.rows), "unit": one.unit,
                   "yearless": one.yearless}
                  for one in found.files],
        "sheets": [line for name, one in report.left_out.items() for line in sheet_lines(name, one, language)],
        "alike": list(alike_lines(report.left_out, language)),
        "unread": list(unread_lines(report.left_out, language)),
        "amounts": list(remark_lines(report.remarked, language)),
        "currency": found.currency,
        "won": found.won,
        "columns": _columns(found),
        "known_columns": found.known_columns,
        "other_columns": found.other_columns,
        "new_columns": found.new_columns,
        "missing_columns": found.missing_columns,
        "counts": report.counts,
        "rejects": [path.name for path in report.rejects_files.values()],
        "refused": [
            {"file": one.file, "line": one.line, "errors": [_error(each, language) for each in one.errors]}
            for one in report.rejects[:LISTED]
        ],
        "more_refused": max(0, _refused(found) - LISTED),
        "notes": [
            {"file": file, "line": line, "errors": [_error(each, language)]}
            for file, line, each in found.notes[:LISTED]
        ],
        "more_notes": max(0, len(found.notes) - LISTED),
        "doubts": [
            {
                "id": one.id, "kind": one.kind, "file": one.file, "line": one.line, "about": one.about,
                "maybe": "" if one.named else maybe_told(one.kind, one.maybe, language),
                "answers": list(one.answers), "named": dict(zip(one.choices, one.named, strict=False)),
            } | _gone_asked(found, one)
            for one in found.doubts[:LISTED]
        ],
        "more_doubts": max(0, len(found.doubts) - LISTED),
        "at_once": alike(found.doubts),
        "gone": [_gone(one) for one in list(found.gone.values())[:LISTED]],
        "more_gone": max(0, len(found.gone) - LISTED),
        "moved": found.moved[:LISTED],
        "more_moved": max(0, len(found.moved) - LISTED),
        "partial": found.partial,
        "apart": [{"file": file, "count": count} for file, count in found.apart.items()],
        "steps": list(_steps(found, language)),
        "few_lost": found.few_lost,
        "outcomes": found.outcomes,
        "closing_days": found.closing_days,
        "short_days": {
            "count": sum(one.count for one in found.short_days),
            "samples": [{"written": text, "day": day.isoformat()} for text, day in found.short_day_samples],
        },
        "import_id": report.import_id,
        "business_day": report.business_day.isoformat() if report.business_day else None,
    }  # fmt: skip


def _refused(found: WeeklyReport) -> int:
    """How many rows were refused or held."""
    deals = found.report.counts.get("deals", {})
    return deals.get("rejected", 0) + deals.get("held", 0)


def _gone(one: Gone) -> dict[str, Any]:
    amount = {"currency": one.amount.currency, "value": one.amount.value} if one.amount else None
    return {"account": one.account, "name": one.name, "owner": one.owner, "amount": amount, "day": one.day}


def _gone_asked(found: WeeklyReport, doubt: Doubt) -> dict[str, Any]:
    """The deal that a question is about whose file lacks it, in parts: pages show its amount and day their way."""
    one = found.gone.get(doubt.key.partition(SEPARATOR)[0]) if doubt.kind == "gone" else None
    return {"gone": _gone(one)} if one else {}


def _columns(found: WeeklyReport) -> list[dict[str, Any]]:
    """Those of the last file; where another file's are taken for one thing, these too: they can be settled there."""
    if not found.files:
        return []
    shown = {one.column: one for one in found.files[-1].suggestions}
    for file in found.files[:-1]:
        alike = {column for columns in doubled(file.suggestions).values() for column in columns}
        shown |= {one.column: one for one in file.suggestions if one.column in alike and one.column not in shown}
    return [
        {"column": one.column, "target": one.target, "why": one.why, "but": one.but,
         "samples": list(one.samples[:SAMPLES])}
        for one in shown.values()
    ]  # fmt: skip


def _steps(found: WeeklyReport, language: str) -> Iterator[dict[str, Any]]:
    for one in found.steps:
        yield {
            "file": one.file, "before": one.before, "after": one.after, "moved": one.moved, "far": one.far,
            "told": said(step_told(one, found.currency), language),
        }  # fmt: skip


def _error(error: Any, language: str) -> dict[str, Any]:
    shown = told(error, language, page=True)
    return {
        "field": place(shown.field, language), "value": shown.value, "message": shown.message, "mend": shown.mend,
        "held": error.field == DOUBT,
    }  # fmt: skip
