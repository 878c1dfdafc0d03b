"""What an import did, in English or Korean: refused rows one by one, then counts that add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.gateway.imports.importer import Report

SHOWN = 20
FATES = ("created", "changed", "unchanged", "checked", "rejected")
PARTS_OF_DEALS = ("history", "events", "activities", "deal_contacts", "deal_products", "deal_credits")
_SOMETIMES = ("checked", "merged", "passed", "derived")  # not told where there is none
_ENGLISH = {
    "row": "{file}, line {line}: {what}: {message}; {mend}",
    "more": "and {count:,} more",
    "as_of": ", as of {day}",
    "stays": "; the company's day stays {day}",
    "dry_run": ": dry run, nothing written",
    "in_all": "in all",
    "rejects": "refused rows are in {path}: correct them and import that file with the same mapping",
    "rounded": "{file}: {count:,} amounts had more decimals than their currency and were rounded ({written} to {kept})",
    "read": "{:,} read",
    "created": "{:,} created",
    "changed": "{:,} changed",
    "unchanged": "{:,} unchanged",
    "checked": "{:,} checked",
    "rejected": "{:,} rejected",
    "merged": "{:,} further rows on the same ones",
    "passed": "{:,} without an id passed over",
    "derived": "{:,} of them known from other rows alone",
}
_KOREAN = {
    "row": "{file} {line}행: {what}: {message}. {mend}",
    "more": "그 밖에 {count:,}건",
    "as_of": ", 기준일 {day}",
    "stays": " (회사의 영업일은 {day} 그대로)",
    "dry_run": ": 시험 실행, 아무것도 쓰지 않음",
    "in_all": "합계",
    "rejects": "거부된 행은 {path}에 있습니다. 고친 뒤 같은 매핑으로 그 파일을 가져오세요",
    "rounded": "{file}: 통화보다 소수 자릿수가 많은 금액 {count:,}건을 반올림했습니다(예: {written} → {kept})",
    "read": "읽음 {:,}",
    "created": "생성 {:,}",
    "changed": "변경 {:,}",
    "unchanged": "그대로 {:,}",
    "checked": "확인 {:,}",
    "rejected": "거부 {:,}",
    "merged": "같은 대상의 추가 행 {:,}",
    "passed": "ID 없이 건너뜀 {:,}",
    "derived": "그중 다른 행에서만 확인됨 {:,}",
    "users": "사용자",
    "reporting lines": "보고 라인",
    "accounts": "고객사",
    "products": "제품",
    "contacts": "연락처",
    "deals": "딜",
    "quotas": "목표",
    "node_quotas": "조직 목표",
    "field_definitions": "필드 정의",
    "settings": "설정",
    "history": "이력",
    "events": "이벤트",
    "activities": "활동",
    "deal_contacts": "딜 연락처",
    "deal_products": "딜 제품",
    "deal_credits": "딜 실적 배분",
}
UNDO = {"en": "to undo it whole: dealcast imports undo {id}", "ko": "전부 되돌리려면: dealcast imports undo {id}"}
WORDS: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "ko": _KOREAN}


def row_lines(report: Report, language: str) -> Iterator[str]:
    """The first refused rows, a line a reason."""
    from services.gateway.imports.messages import place

    words = WORDS[language]
    for rejected in report.rejects[:SHOWN]:
        for error in rejected.errors:
            field = place(error.field, language)
            what = f"{field} = {error.value}" if error.value else field
            yield words["row"].format(
                file=rejected.file, line=rejected.line, what=what, message=error.message, mend=error.mend
            )
    rest = report.total("rejected") - SHOWN
    if rest > 0:
        yield words["more"].format(count=rest)


def report_lines(report: Report, name: str, language: str, *, dry_run: bool) -> Iterator[str]:
    """What was imported: as of when, then counts for each kind of rows, and where the refused ones are."""
    from services.gateway.imports.amount_remarks import remark_lines
    from services.gateway.imports.sheet_told import sheet_lines

    words, title = WORDS[language], name
    if report.as_of:
        title += words["as_of"].format(day=report.as_of)
        if report.business_day != report.as_of:
            title += words["stays"].format(day=report.business_day)
    yield title + (words["dry_run"] if dry_run else "")
    for entity, counts in report.counts.items():
        yield f"  {words.get(entity, entity)}: {_counts(counts, _shown(entity), words)}"
    yield f"{words['in_all']}: {_counts({what: report.total(what) for what in FATES}, FATES, words)}"
    for name, left_out in report.left_out.items():
        yield from sheet_lines(name, left_out, language)
    yield from remark_lines(report.remarked, language)
    for file, found in report.rounded.items():
        yield words["rounded"].format(file=file, count=found.count, written=found.written, kept=found.kept)
    for path in report.rejects_files.values():
        yield words["rejects"].format(path=path)
    if report.import_id:
        yield UNDO[language].format(id=report.import_id)


def _shown(entity: str) -> tuple[str, ...]:
    """What is counted of it: rows that belong to deals are written with them, and lines come along with users."""
    if entity in PARTS_OF_DEALS:
        return ("read", "rejected", "passed")
    return FATES if entity == "reporting lines" else ("read", *FATES, "merged", "passed", "derived")


def _counts(counts: Mapping[str, int], shown: tuple[str, ...], words: Mapping[str, str]) -> str:
    told = (what for what in shown if what not in _SOMETIMES or counts.get(what))
    return ", ".join(words[what].format(counts.get(what, 0)) for what in told)
