"""What the pages of dropped files show of a try or an import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway.imports.weekly.uploads import FAILED, IMPORTED, TRIED, TRYING, Upload
from services.gateway.web.import_questions import (
    AtOnceView,
    DoubtView,
    UnitView,
    at_once_views,
    doubt_view,
    gone_told,
    unit_views,
)
from services.gateway.web.words import Words

Json = Mapping[str, Any]
FATES = ("read", "created", "changed", "unchanged", "checked", "repeated", "held", "rejected")
MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column with three of its values, and what it is taken to hold."""

    name: str
    samples: str
    target: str
    why: str
    new: bool
    units: str = ""  # that its bare amounts were read in
    currency: str = ""  # of its amounts
    wrong: str = ""  # why this is none


@dataclass(frozen=True, slots=True)
class UploadView:
    """Everything there is to say of some dropped files."""

    busy: bool
    imported: bool
    undoable: bool
    undone: str  # that it was, when and by whom
    progress: float
    doing: str
    error: str
    mend: str
    unread: tuple[str, ...]  # of several files
    files: tuple[str, ...]
    files_told: str
    head: str
    columns: tuple[ColumnView, ...]
    lacking: tuple[str, ...]  # what no column is taken for
    counts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    gone: tuple[str, tuple[str, ...]]
    moved: tuple[str, tuple[str, ...]]
    doubts: tuple[DoubtView, ...]
    more_doubts: int
    at_once: tuple[AtOnceView, ...]
    answered: int
    units: tuple[UnitView, ...]
    quotas: bool  # a file seems to hold these
    refused: tuple[str, ...]
    refused_told: str  # that these are not all
    held: bool  # some of these until a question is answered
    notes: tuple[str, ...]
    more_notes: int
    far: bool
    won: str  # a question where amounts with Korean units are in another currency
    can_try: bool
    ticked: tuple[str, ...]  # of the boxes, where the page comes back for something else
    can_import: bool  # not while something is wrong that no answer on the page mends


def upload_view(upload: Upload, words: Words, undone: str = "") -> UploadView:
    """The upload as it stands; `undone` tells that its import was."""
    report, error = upload.report, upload.report.get("error") or {}
    what, done, total = upload.done
    failed = upload.state == FAILED or bool(error)
    steps = report.get("steps", ())
    text = error.get("message") or (words("import.broke") if failed else "")
    far, won = any(one["far"] for one in steps), report.get("won", "")
    of_currency = won and error.get("field") == "--currency"
    if far and error and not of_currency:  # told below, beside the box to tick
        text, error = words("import.needs_confirm"), {}
    stuck = bool(error) and not of_currency
    if of_currency and upload.state == FAILED:
        text, error = words("import.needs_currency"), {}
    settled = upload.state in (TRIED, FAILED) and bool(report.get("columns"))
    columns = tuple(_column(one, report, upload, words) for one in report.get("columns", ()))
    wrong = any(one.wrong for one in columns)
    ticked = tuple(name for name in ("confirm", "foreign") if wrong and getattr(upload, name))
    return UploadView(
        busy=upload.busy, imported=upload.state == IMPORTED, undoable=bool(report.get("import_id")), undone=undone,
        progress=round(100 * done / total, 1) if total else 0.0,
        doing=_doing(what, words, trying=upload.state == TRYING), error=text, units=unit_views(upload, words),
        quotas="/quotas" in (error.get("mend") or ""),
        mend=error.get("mend", ""), unread=tuple(report.get("unread_files", ())),
        files=(*(_file(one, words) for one in report.get("files", ())), *report.get("sheets", ())),
        files_told=_files(report.get("files", ()), words), head=_head(report, words),
        columns=columns, ticked=ticked,
        lacking=_lacking(report, upload, words),
        counts=tuple(_counts(report.get("counts") or {}, words)), warnings=tuple(_warnings(report, words)),
        gone=_gone(report, words), moved=_moved(report, words),
        doubts=tuple(doubt_view(one, upload, words) for one in report.get("doubts", ())),
        more_doubts=report.get("more_doubts", 0), at_once=at_once_views(report, words), answered=len(upload.answers),
        refused=_lines(report.get("refused", ()), words, asked=upload.state != IMPORTED),
        refused_told=_some_refused(report, words), more_notes=report.get("more_notes", 0),
        held=any(error.get("held") for row in report.get("refused", ()) for error in row["errors"]),
        notes=_lines(report.get("notes", ()), words), far=far, won=_won(report, words) if won else "",
        can_try=settled, can_import=settled and not stuck and not wrong,
    )  # fmt: skip


def _some_refused(report: Json, words: Words) -> str:
    shown, more = len(report.get("refused", ())), report.get("more_refused", 0)
    return words("import.refused_some", shown=words.number(shown), count=words.number(shown + more)) if more else ""


def kept_told(upload: Upload, words: Words, *, undone: bool = False) -> str:
    """Files that are kept, in a line: which, how far they are, how many of their rows were refused."""
    names = [one["name"] for one in upload.report.get("files", ())] or upload.names
    rest = words("import.and_more", count=len(names) - 1) if len(names) > 1 else ""
    state = words.name("import_state", "undone" if undone else upload.state)
    deals = (upload.report.get("counts") or {}).get("deals", {})
    refused = deals.get("rejected", 0) + deals.get("held", 0)
    lacking = words("import.kept_refused", count=words.number(refused)) if refused else ""
    return " · ".join(filter(None, (f"{names[-1]}{rest}" if names else "", state, lacking)))


def _doing(what: str, words: Words, *, trying: bool) -> str:
    """A try changes a copy alone: it must not look as if anything were saved."""
    if trying and what.lower().startswith("writing"):
        return words("import.trying_out")
    return words.name("doing", what.lower().removeprefix("writing ")) if what else words("import.begins")


def _file(one: Json, words: Words) -> str:
    return words("import.file", name=one["name"], day=words.day(one["day"]), count=words.number(one["rows"]))


def _files(files: Sequence[Json], words: Words) -> str:
    """How many, from when to when, in a line."""
    if not files:
        return ""
    days = sorted(one["day"] for one in files)
    span = {"first": words.day(days[0]), "last": words.day(days[-1])}
    return words("import.files", count=len(files), rows=words.number(sum(one["rows"] for one in files)), **span)


def _head(report: Json, words: Words) -> str:
    if not report.get("known_columns"):
        return words("import.first_time")
    new, missing = report["new_columns"], report["missing_columns"]
    if not new and not missing:
        return words("import.as_before")
    key = "import.others" if report["other_columns"] else "import.as_before_but"
    return words(key, new=", ".join(new) or "–", missing=", ".join(missing) or "–")


def _column(one: Json, report: Json, upload: Upload, words: Words) -> ColumnView:
    target = upload.columns.get(one["column"]) or str(one["target"])
    why = words.name("why", upload.reasons.get(one["column"], str(one["why"])))
    if one["but"]:
        why = words("import.but", target=words.name("target", one["but"]))
    unit = _unit_told(report, words) if target == "amount" else ""
    currency = upload.currency if not upload.assumed else report.get("currency", upload.currency)
    new = one["column"] in report["new_columns"]
    shown, wrong = currency if target == "amount" else "", ""
    if shown and upload.wrong_currency:
        shown, wrong = upload.wrong_currency, words("import.wrong_currency", said=upload.wrong_currency, kept=currency)
    return ColumnView(one["column"], " · ".join(one["samples"]), target, why, new, unit, shown, wrong)


def _lacking(report: Json, upload: Upload, words: Words) -> tuple[str, ...]:
    """That no column is taken for what sums and forecasts need."""
    held = {upload.columns.get(one["column"]) or one["target"] for one in report.get("columns", ())}
    return tuple(words(f"import.no_{target}") for target in ("amount", "close_date") if held and target not in held)


def _won(report: Json, words: Words) -> str:
    return words("import.won", said=report["won"], currency=report["currency"])


def _unit_told(report: Json, words: Words) -> str:
    """The unit that bare amounts were read in, by file where they differ."""
    units = {one["name"]: one.get("unit") or words("import.no_unit") for one in report.get("files", ())}
    if len({*units.values()}) > 1:
        return words("import.units", units=", ".join(f"{name} {unit}" for name, unit in units.items()))
    return words("import.unit", unit=next(iter(units.values()), ""))


def _counts(counts: Json, words: Words) -> list[tuple[str, str]]:
    found = []
    for entity, row in counts.items():
        told = [words("import.fate", fate=words.name("fate", fate), count=words.number(row[fate]))
                for fate in FATES if row.get(fate)]  # fmt: skip
        if told:
            found.append((words.name("entity", entity), ", ".join(told)))
    return found


def _warnings(report: Json, words: Words) -> list[str]:
    found = [one["told"] for one in report.get("steps", ()) if one["far"]]
    if report.get("few_lost"):
        won, lost = (report["outcomes"].get(name, 0) for name in ("WON", "LOST"))
        found.append(words("import.few_lost", lost=words.number(lost), ended=words.number(won + lost)))
    if report.get("partial"):
        found.append(words("import.partial", files=", ".join(report["partial"])))
    found += [
        words("import.apart", file=one["file"], count=words.number(one["count"])) for one in report.get("apart", ())
    ]
    days = [f"{one['name']} → {words.day(one['day'])}" for one in report.get("files", ()) if one.get("yearless")]
    found += [words("import.yearless", days=", ".join(days))] if days else []
    found += _short_days(report.get("short_days") or {}, words)
    found += _closing_days(report.get("closing_days") or {}, words)
    return [*report.get("alike", ()), *found, *report.get("unread", ()), *report.get("amounts", ())]


def _short_days(told: Json, words: Words) -> list[str]:
    """That days without a year were read, with some of them as written and as read."""
    if not told.get("count"):
        return []
    samples = ", ".join(f"{one['written']} → {words.day(one['day'])}" for one in told["samples"])
    return [words("import.short_days", count=words.number(told["count"]), samples=samples)]


def _closing_days(told: Mapping[str, int], words: Words) -> list[str]:
    """From which column closing days were taken, where any are not of a column for them."""
    parts = [
        words("import.closed_by", column=column, count=words.number(count)) if column
        else words("import.closed_by_file", count=words.number(count))
        for column, count in told.items()
    ]  # fmt: skip
    return [words("import.closing_days", told=", ".join(parts))] if parts else []


def _gone(report: Json, words: Words) -> tuple[str, tuple[str, ...]]:
    """How many open deals are in no file since, and the first of them."""
    gone = report.get("gone", ())
    if not gone:
        return "", ()
    head = words("import.gone", count=words.number(len(gone) + report["more_gone"]))
    return head, tuple(gone_told(one, words) for one in gone[:MOST_LISTED])


def _moved(report: Json, words: Words) -> tuple[str, tuple[str, ...]]:
    """How many deals have another owner, and the first of them, with whose they were and are."""
    moved = report.get("moved", ())
    if not moved:
        return "", ()
    return words("import.moved", count=words.number(len(moved) + report["more_moved"])), tuple(moved[:MOST_LISTED])


def _lines(rows: Sequence[Json], words: Words, *, asked: bool = False) -> tuple[str, ...]:
    """Row by row what is wrong and the mend. `asked`: the questions stand on the same page."""
    here = words("import.answer_above")
    return tuple(
        words("import.refused", where=words("import.line", file=row["file"], line=row["line"]), field=error["field"],
              value=error["value"], message=error["message"],
              mend=here if asked and error.get("held") else error["mend"])
        for row in rows
        for error in row["errors"]
    )  # fmt: skip
