"""What an import of weekly files did and asks, in English or Korean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cli.import_report import UNDO, WORDS, row_lines

if TYPE_CHECKING:
    from services.gateway.imports.weekly.checks import Step
    from services.gateway.imports.weekly.importer import WeeklyReport

SHOWN = 20
_EN = {
    "files": "{count} files, {first} to {last}", "dry_run": ": dry run, nothing written",
    "as_before": "columns as last week", "others": "other columns than last week",
    "new": "{count} new: {what}", "missing": "{count} missing: {what}",
    "column": "  {column!r} is {target} ({why}): {samples}",
    "instead": "  {column!r} is a field, not {target}: {samples}",
    "heading": "by its heading", "part": "by part of its heading", "cells": "by its cells", "given": "as said before",
    "said": "as said now",
    "none": "no other meaning", "unit": "  amounts are read in {unit}: {files}", "counts": "  {what}: {counts}",
    "held": "held back in doubt", "repeated": "said twice", "read": "read", "created": "created", "changed": "changed",
    "unchanged": "unchanged", "checked": "checked", "rejected": "refused",
    "step": "{file}: open pipeline {before} → {after} ({share})", "far": "needs --confirm: {told}",
    "doubts": "{count} doubts are asked in {path}: answer in the last column, import again with --answers {path}",
    "unused": "{count} answers in {path} are kept, but were not used: import again with --answers {path}",
    "gone": "{count} open deals are in no file since:", "moved": "{count} deals have another owner now: {what}",
    "partial": "files with only some of the deals, nothing counts as gone by them: {what}",
    "apart": "{file} is compared with deals of its own owners and files alone: it says nothing of {count:,} open "
    "deals of others",
    "few_lost": "only {lost} of {ended} ended deals were lost: lost deals are probably deleted or not exported, and "
    "win rates learned from these files would be too high; add the lost ones, or answer what became of the gone",
    "note": "{file}, line {line}: {field} = {value}: {message}; {mend}",
    "more": "and {count:,} more", "rounded": "{file}: {count:,} amounts were rounded ({written} to {kept})",
    "won": "needs --currency KRW or --foreign: the amounts have Korean units ({said}), but the currency is {currency}",
    "short_days": "{count:,} days without a year were read in the year that brings them nearest to their file's day: "
    "{samples}", "rejects": "refused and held rows are in {path}",
    "no_amount": "no column is taken for the amount: the deals have none, unless --column 'HEADING=amount' says which",
    "no_close_date": "no column is taken for the promised day: the deals have none, unless --column "
    "'HEADING=close_date' says which",
    "yearless": "names without a year were read as the last such day: {what}",
    "closings": "closing days: {what}", "by_column": "{count:,} as {column!r} says",
    "by_file": "{count:,} the day of the first file that shows the deal ended, as no column tells another",
}  # fmt: skip
_KO = {
    "files": "파일 {count}개, {first} ~ {last}", "dry_run": ": 시험 실행, 아무것도 쓰지 않음",
    "as_before": "열 구성은 지난주와 같음", "others": "열 구성이 지난주와 다름",
    "new": "새 열 {count}개: {what}", "missing": "없어진 열 {count}개: {what}",
    "column": "  {column!r} → {target} ({why}): {samples}",
    "instead": "  {column!r} → {target}(이)가 아니라 추가 항목: {samples}",
    "heading": "제목으로", "part": "제목 일부로", "cells": "값으로", "given": "지난번대로", "said": "지정한 대로",
    "none": "다른 뜻 없음", "unit": "  금액을 읽은 단위 {unit}: {files}",
    "counts": "  {what}: {counts}", "held": "확인 대기", "repeated": "중복 행", "read": "읽음", "created": "생성",
    "changed": "변경", "unchanged": "그대로", "checked": "확인", "rejected": "거부",
    "step": "{file}: 진행 중 파이프라인 {before} → {after} ({share})", "far": "--confirm이 필요합니다. {told}",
    "doubts": "{path}에 확인할 질문 {count}개가 있습니다. 마지막 열에 답한 뒤 --answers {path}로 다시 가져오세요",
    "unused": "{path}에 적어 둔 답 {count}개는 그대로 두었지만 쓰지 않았습니다. --answers {path}로 다시 가져오세요",
    "gone": "이후 어느 파일에도 없는 진행 중 딜 {count}건:", "moved": "담당자가 바뀐 딜 {count}건: {what}",
    "partial": "일부 딜만 있는 파일(없어진 딜로 보지 않음): {what}",
    "apart": "{file}: 이 파일의 담당자나 같은 이름의 파일이 보여 준 딜과만 비교했습니다. 다른 지점이나 담당자의 진행 "
    "중 딜 {count:,}건은 그대로 둡니다",
    "few_lost": "종결된 딜 {ended}건 중 실주가 {lost}건뿐입니다. 실주 딜이 삭제되었거나 내보내지지 않았을 수 있고, "
    "이 파일로 배운 수주율은 실제보다 높습니다. 실주 딜을 추가하거나 없어진 딜이 어떻게 되었는지 답하세요",
    "note": "{file} {line}행: {field} = {value}: {message}. {mend}",
    "more": "그 밖에 {count:,}건", "rounded": "{file}: 금액 {count:,}건을 반올림했습니다({written} → {kept})",
    "won": "금액이 한국식 단위({said})인데 통화는 {currency}입니다. --currency KRW나 --foreign이 필요합니다",
    "short_days": "연도가 없는 날짜 {count:,}건은 파일의 날짜에 가장 가까운 해로 읽었습니다: {samples}",
    "no_amount": "금액으로 읽는 열이 없어 딜에 금액이 없습니다. --column '제목=amount'로 지정하세요",
    "no_close_date": "마감 예정일로 읽는 열이 없어 딜에 예정일이 없습니다. --column '제목=close_date'로 지정하세요",
    "yearless": "이름에 연도가 없는 파일은 가장 가까운 지난 날짜로 읽었습니다: {what}",
    "closings": "종결일: {what}", "by_column": "{column!r} 열의 날짜 {count:,}건",
    "by_file": "다른 날짜를 알려 주는 열이 없어 종결된 것을 처음 보여 준 파일의 기준일 {count:,}건",
    "rejects": "거부되거나 대기 중인 행은 {path}에 있습니다",
}  # fmt: skip
_KO_TARGETS = {
    "id": "딜 ID", "business_number": "사업자등록번호", "account": "고객사", "name": "딜 이름", "owner": "담당자",
    "stage": "단계", "outcome": "결과", "amount": "금액", "close_date": "마감 예정일", "closed_date": "종결일",
    "created": "등록일", "contract_start": "계약 시작일", "contract_end": "계약 종료일", "contact": "고객 담당자",
    "contact_phone": "고객 담당자 전화", "contact_email": "고객 담당자 메일", "ignore": "가져오지 않음",
    "field": "추가 항목",
}  # fmt: skip
_FATES = ("read", "created", "changed", "unchanged", "checked", "repeated", "held", "rejected")


def weekly_lines(found: WeeklyReport, language: str, doubts: Path, *, dry_run: bool) -> Iterator[str]:
    """The whole report."""
    from services.gateway.imports.amount_remarks import remark_lines
    from services.gateway.imports.sheet_told import alike_lines, sheet_lines

    words = _KO if language == "ko" else _EN
    yield from row_lines(found.report, language)
    first, last = found.files[0].day, found.files[-1].day
    title = words["files"].format(count=len(found.files), first=first, last=last)
    yield title + (words["dry_run"] if dry_run else "")
    yield from _columns(found, words, language)
    for unit in sorted({one.unit for one in found.files if one.unit}):
        files = [one.name for one in found.files if one.unit == unit]
        more = [words["more"].format(count=len(files) - SHOWN)] if len(files) > SHOWN else []
        yield words["unit"].format(unit=unit, files=", ".join(files[:SHOWN] + more))
    for name, left_out in found.report.left_out.items():
        yield from sheet_lines(name, left_out, language)
    yield from alike_lines(found.report.left_out, language)
    for entity, counts in found.report.counts.items():
        told = ", ".join(f"{words[fate]} {counts[fate]:,}" for fate in _FATES if counts.get(fate))
        yield words["counts"].format(what=WORDS[language].get(entity, entity), counts=told)
    if found.won and dry_run:
        yield words["won"].format(said=found.won, currency=found.currency)
    for one in found.steps:
        yield _step(one, found, language)
    yield from _asked(found, words, language)
    if found.doubts:
        yield words["doubts"].format(count=len(found.doubts), path=doubts)
    if found.unused_answers:
        yield words["unused"].format(count=found.unused_answers, path=doubts)
    yield from remark_lines(found.report.remarked, language)
    for name, rounded in found.report.rounded.items():
        yield words["rounded"].format(file=name, count=rounded.count, written=rounded.written, kept=rounded.kept)
    if found.short_days:
        samples = ", ".join(f"{written} → {day}" for written, day in found.short_day_samples)
        yield words["short_days"].format(count=sum(one.count for one in found.short_days), samples=samples)
    yield from _days(found, words)
    for path in found.report.rejects_files.values():
        yield words["rejects"].format(path=path)
    if found.report.import_id:
        yield UNDO[language].format(id=found.report.import_id)


def _days(found: WeeklyReport, words: dict[str, str]) -> Iterator[str]:
    """Which days names without a year mean, and where closing days are from."""
    if days := [f"{one.name} → {one.day}" for one in found.files if one.yearless]:
        yield words["yearless"].format(what=", ".join(days))
    told = found.closing_days.items()
    each = [words["by_column" if column else "by_file"].format(count=count, column=column) for column, count in told]
    if each:
        yield words["closings"].format(what=", ".join(each))


def _columns(found: WeeklyReport, words: dict[str, str], language: str) -> Iterator[str]:
    if found.known_columns:
        parts = [words["others" if found.other_columns else "as_before"]]
        for key, columns in (("new", found.new_columns), ("missing", found.missing_columns)):
            if columns:
                parts.append(words[key].format(count=len(columns), what=", ".join(columns)))
        yield ", ".join(parts)
    for each in found.files[-1].suggestions:
        if found.known_columns and each.column not in found.new_columns:
            continue
        key, target = ("instead", each.but) if each.but else ("column", each.target)
        if language == "ko":
            target = f"{_KO_TARGETS[target]}({target})"
        why, samples = words[each.why], " | ".join(each.samples)
        yield words[key].format(column=each.column, target=target, why=why, samples=samples)
    held = found.files[-1].holds
    yield from (words[f"no_{target}"] for target in ("amount", "close_date") if target not in held)


def _step(one: Step, found: WeeklyReport, language: str) -> str:
    from services.gateway.imports.messages import said
    from services.gateway.imports.weekly.checks import amount_told, step_told, times_told

    words = _KO if language == "ko" else _EN
    if one.far:
        return words["far"].format(told=said(step_told(one, found.currency), language))
    before, after = (amount_told(each, found.currency) for each in (one.before, one.after))
    return words["step"].format(file=one.file, before=before, after=after, share=times_told(one.before, one.after))


def _asked(found: WeeklyReport, words: dict[str, str], language: str) -> Iterator[str]:
    from services.gateway.imports.messages import told

    for file, line, note in found.notes[:SHOWN]:
        said = told(note, language)
        yield words["note"].format(
            file=file, line=line, field=said.field, value=said.value, message=said.message, mend=said.mend
        )
    if len(found.notes) > SHOWN:
        yield words["more"].format(count=len(found.notes) - SHOWN)
    if found.partial:
        yield words["partial"].format(what=", ".join(found.partial))
    for name, count in found.apart.items():
        yield words["apart"].format(file=name, count=count)
    if found.moved:
        yield words["moved"].format(count=len(found.moved), what="; ".join(found.moved[:SHOWN]))
    if found.gone:
        yield words["gone"].format(count=len(found.gone))
        yield from (f"  {one.told}" for one in list(found.gone.values())[:SHOWN])
        if len(found.gone) > SHOWN:
            yield words["more"].format(count=len(found.gone) - SHOWN)
    if found.few_lost:
        won, lost = found.outcomes.get("WON", 0), found.outcomes.get("LOST", 0)
        yield words["few_lost"].format(lost=lost, ended=won + lost)
