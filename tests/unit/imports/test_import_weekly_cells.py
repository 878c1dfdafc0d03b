"""What cells, headings and file names of weekly files mean."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from learning.records import FieldType, Outcome
from services.gateway.imports.reader import Row
from services.gateway.imports.weekly import meanings
from services.gateway.imports.weekly.files import WeekFile, day_in
from services.gateway.imports.weekly.rows import RowReader, guess_kinds
from services.gateway.imports.weekly.suggest import CUSTOM, Suggestion, suggest


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [("김민수 부장", "김민수", "부장"), ("김민수부장님", "김민수", "부장"), ("부장 김민수", "김민수", "부장"),
     ("김민수(부장)", "김민수", "부장"), ("Kim Minsu", "Kim Minsu", ""), ("이부장", "이부장", ""),
     ("최유진 대표이사", "최유진", "대표이사"), ("김민수", "김민수", "")],
)  # fmt: skip
def test_people_with_titles(text: str, name: str, title: str) -> None:
    assert meanings.person(text) == (name, title)


@pytest.mark.parametrize(
    "text", ["㈜한빛소프트", "한빛소프트(주)", "주식회사 한빛 소프트", " 한빛소프트 ", "한빛소프트㈜"]
)
def test_companies_whatever_their_legal_form(text: str) -> None:
    assert meanings.company(text) == "한빛소프트"
    assert meanings.company("Acme Co., Ltd.") == meanings.company("ACME Inc.") == "acme"
    assert meanings.company("㈜") != ""


def test_business_numbers_by_their_check_digit() -> None:
    assert meanings.business_number("120-81-47521") == meanings.business_number("1208147521") == "1208147521"
    for text in ("120-81-47522", "1280147521", "12081", "", "가나다"):
        assert meanings.business_number(text) is None


@pytest.mark.parametrize(
    ("text", "dialled"),
    [("1012345678", "010-1234-5678"), ("01012345678", "010-1234-5678"), ("+82 10-1234-5678", "010-1234-5678"),
     ("821012345678", "010-1234-5678"), ("212345678", "02-1234-5678"), ("311234567", "031-123-4567"),
     ("15881234", "1588-1234"), ("7012345678", "070-1234-5678"), ("+1 212 555 0100", "+1 212 555 0100"),
     ("123", None), ("내선 3", None)],
)  # fmt: skip
def test_phones_get_their_zero_back(text: str, dialled: str | None) -> None:
    assert meanings.phone(text) == dialled


@pytest.mark.parametrize(
    ("text", "outcome"),
    [("수주", Outcome.WON), ("수주 완료", Outcome.WON), ("Closed Won", Outcome.WON), ("실주(가격)", Outcome.LOST),
     ("드랍", Outcome.LOST), ("Closed Lost", Outcome.LOST), ("보류", Outcome.OPEN), ("이월", Outcome.OPEN),
     ("진행", Outcome.OPEN), ("협상", None)],
)  # fmt: skip
def test_outcomes_by_their_words(text: str, outcome: Outcome | None) -> None:
    assert meanings.outcome(text) is outcome


@pytest.mark.parametrize(
    ("name", "day"),
    [("영업현황_20261116.xlsx", date(2026, 11, 16)), ("261116 주간보고.xlsx", date(2026, 11, 16)),
     ("주간 2026-11-16 v2.xlsx", date(2026, 11, 16)), ("기준일: 2026.11.16", date(2026, 11, 16)),
     ("2026년 11월 6일 기준", date(2026, 11, 6)), ("11월 3주차.xlsx", None), ("2026-11-16_2026-11-22.xlsx", None),
     ("20261316.xlsx", None)],
)  # fmt: skip
def test_the_day_that_a_name_tells(name: str, day: date | None) -> None:
    assert day_in(name) == day


def held(columns: dict[str, list[str]], given: dict[str, str] | None = None) -> dict[str, str]:
    return {each.column: each.target for each in suggest(list(columns), columns, given or {})}


def test_columns_by_their_headings_and_cells() -> None:
    columns = {
        "No.": ["1", "2", "3"], "거래처명": ["가", "나", "다"], "Opportunity Name": ["A", "B", "C"],
        "예상금액(천원)": ["1천원", "2억", "3"], "확정금액": ["1", "2", "3"],
        "수주예정일": ["26.11.21", "46347", "2026-11-21"],
        "상태": ["제안", "협상", "수주"], "모르는 열": ["120-81-47521", "1208147521", "120-81-47521"],
        "색": ["a", "b", "c"], "연락처": ["없음?", "x", "y"],
    }  # fmt: skip
    assert held(columns) == {
        "No.": "ignore", "거래처명": "account", "Opportunity Name": "name", "예상금액(천원)": "amount",
        "확정금액": "field", "수주예정일": "close_date", "상태": "stage", "모르는 열": "business_number", "색": "field",
        "연락처": "field",
    }  # fmt: skip
    told = {each.column: each for each in suggest(list(columns), columns)}
    assert (told["확정금액"].but, told["연락처"].but) == ("amount", "contact_phone")
    assert told["거래처명"].samples == ("가", "나", "다")
    assert held(columns, {"확정금액": "amount"})["예상금액(천원)"] == "field"


def test_what_is_to_come_tells_no_end() -> None:
    days, amounts = ["26.11.21", "2026-11-21"], ["120", "3.2억"]
    for heading in ("예상 계약일", "종결일(예정)", "목표 수주일", "계약 예정일자", "Expected Closed Date"):
        assert held({"딜명": ["a", "b"], heading: days})[heading] == "close_date", heading
    assert held({"예상 계약일": days, "계약일": days}) == {"예상 계약일": "close_date", "계약일": "closed_date"}
    for heading in ("수주예상액(백만원)", "예상 수주액", "총 사업액"):
        assert held({heading: amounts})[heading] == "amount", heading
    assert held({"최초접수": days, "예상 계약일": days})["최초접수"] == "created"
    assert [each.why for each in suggest(["계약일"], {"계약일": days}, {"계약일": "close_date"}, {"계약일"})] == [
        "said"
    ]


def test_days_of_contracts_by_their_headings() -> None:
    days = ["27.02.10", "2027-03-31"]
    for heading in ("계약종료일", "계약만료일(예정)", "유지보수 계약 만료일", "만료일", "contract_end"):
        assert held({"딜명": ["a", "b"], "계약일": days, "계약시작일": days, heading: days}) == {
            "딜명": "name", "계약일": "closed_date", "계약시작일": "contract_start", heading: "contract_end",
        }, heading  # fmt: skip
    assert held({"보증만료일": days})["보증만료일"] == "field"
    assert held({"계약종료일": ["자동 연장", "해지 시"]})["계약종료일"] == "field"


def test_days_of_contracts_are_read_like_all_others_or_refused() -> None:
    held = {"딜명": "name", "결과": "outcome", "계약종료일": "contract_end", "contract_cancelled": CUSTOM}
    cells = [
        ["a", "수주", "27.02.10", ""],
        ["b", "수주", "내년 봄", ""],
        ["c", "수주", "", "해지 예정"],
        ["d", "수주", "0201.1.1", ""],
    ]
    suggestions = [Suggestion(column, target, "given") for column, target in held.items()]
    rows = [Row(line, each) for line, each in enumerate(cells, 2)]
    file = WeekFile(Path("260105.csv"), date(2026, 1, 5), list(held), rows, suggestions)
    kinds = guess_kinds([file], {"contract_cancelled": FieldType.TEXT})
    assert {kind for kind, _ in kinds.values()} == {FieldType.DATE}
    first, *others = (RowReader(0, file, "KRW", kinds).read(each.line, each.cells) for each in rows)
    assert (first.fields, first.errors) == ({"contract_end": date(2027, 2, 10), "contract_cancelled": None}, [])
    assert [error.field for each in others for error in each.errors] == [
        "계약종료일", "contract_cancelled", "계약종료일"
    ]  # fmt: skip


def test_a_number_of_rows_is_no_id() -> None:
    assert held({"번호": ["1", "2", "3"], "딜명": ["a", "b", "c"]})["번호"] == "ignore"
    assert held({"번호": ["OPP-1", "OPP-2"], "딜명": ["a", "b"]})["번호"] == "id"


def test_numbers_with_units_are_read_and_totals_are_no_deals() -> None:
    held = {"딜명": "name", "담당자": "owner", "금액": "amount", "직원수": CUSTOM, "할인율": CUSTOM}
    cells = [[f"딜 {i}", "김민수", "100", f"{i * 100:,}명", f"{i}%"] for i in range(1, 21)] + [
        ["합계", "", "2,000", "", ""]
    ]
    rows = [Row(line, each) for line, each in enumerate(cells, 2)]
    suggestions = [Suggestion(column, target, "given") for column, target in held.items()]
    file = WeekFile(Path("260105.csv"), date(2026, 1, 5), list(held), rows, suggestions)
    kinds = guess_kinds([file], {})
    assert {name: kind for name, (kind, _) in kinds.items()} == dict.fromkeys(("직원수", "할인율"), FieldType.NUMBER)
    reader = RowReader(0, file, "KRW", kinds)
    *deals, total = [reader.read(each.line, each.cells) for each in rows]
    assert not any(each.errors for each in deals)
    assert deals[11].fields == {"직원수": 1200.0, "할인율": 12.0}
    assert [(error.field, error.message) for error in total.errors] == [("딜명", "the row is a total of others")]


@pytest.mark.parametrize(
    ("cell", "currency", "wrong"),
    [("USD 5,000", "KRW", "it is not in KRW"), ("5mnUSD", "KRW", "it is not in KRW"),
     ("$5,000", "KRW", "it is not in KRW"),
     ("5,000원", "USD", "it is not in USD"), ("1e3", "KRW", "it is not a number"),
     ("3억2천", "KRW", "it is not a number"),
     ("KRW 5,000", "KRW", ""), ("₩5,000", "KRW", ""), ("5백만원", "KRW", ""), ("$5k", "USD", ""), ("1.2M", "KRW", "")],
)  # fmt: skip
def test_amounts_of_other_currencies_are_refused(cell: str, currency: str, wrong: str) -> None:
    suggestions = [Suggestion("딜명", "name", ""), Suggestion("단계", "stage", ""), Suggestion("금액", "amount", "")]
    file = WeekFile(Path("a_20261116.csv"), date(2026, 11, 16), ["딜명", "단계", "금액"], [], suggestions)
    row = RowReader(0, file, currency, {}).read(2, ["서버", "제안", cell])
    assert [(one.field, one.message[: len(wrong)]) for one in row.errors] == ([("금액", wrong)] if wrong else [])
