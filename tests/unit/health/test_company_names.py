"""Names of companies: what is one, and what is another."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from accuracy.duplicates import LEAST_PRECISION, LEAST_RECALL, found_in, half_of
from services.gateway.health.names import company_name
from services.gateway.health.neighbours import FEW, neighbours
from services.gateway.health.same_name import alike_names, one_slip
from tests.data.companies import make

OTHERS = ["대성전자", "대상전자", "대성건설", "대상유통", "Summit Security", "Lakeside Securities", "삼성물산"]


def same(one: str, other: str) -> str:
    """Why two names are one, among some others; "" where they are not."""
    names = [company_name(name) for name in (one, other, *OTHERS)]
    return next((each.why for each in alike_names(names) if (each.first, each.second) == (0, 1)), "")


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("㈜한빛정밀", "한빛 정밀 주식회사", "spelling"),
        ("（주）한빛정밀 본사", "한빛정밀", "spelling"),
        ("(유)다온", "유한회사 다온", "spelling"),
        ("Acme Co., Ltd.", "THE ACME", "spelling"),
        ("Müller G.m.b.H.", "Muller GmbH", "spelling"),
        ("Blue Harbor Intl", "BlueHarbor International, Inc.", "spelling"),
        ("Procter & Gamble", "Procter and Gamble Company", "spelling"),
        ("에스케이하이닉스", "SK하이닉스(주)", "spelling"),
        ("동원에프앤비", "동원F&B", "spelling"),
        ("Systems Delta", "Delta Systems", "order"),
        ("한빛정밀", "한빗정밀", "slip"),
        ("Northwind Precision", "Northwind Precsion", "slip"),
        ("삼성전자", "Samsung Electronics Co., Ltd.", "script"),
        ("현대모비스", "Hyundai Mobis", "script"),
    ],
)
def test_one_company_written_in_two_ways(one: str, other: str, why: str) -> None:
    assert same(one, other) == why


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("삼성전자", "삼성전기"),
        ("대성전자", "대상전자"),
        ("한빛정밀", "한빛정밀 서울지사"),
        ("한빛정밀 1공장", "한빛정밀 2공장"),
        ("First National Bank of Texas", "First National Bank of Nevada"),
        ("Delta Unit A-1", "Delta Unit A-2"),
        ("Delta Fund I", "Delta Fund II"),
        ("KT", "KT&G"),
        ("Summit Security", "Summit Securities"),
        ("Siemens", "Siemens Energy"),
        ("롯데건설", "Redwood Construction"),
        ("", ""),
    ],
)
def test_two_companies_with_names_alike(one: str, other: str) -> None:
    assert same(one, other) == ""


def test_one_slip_is_a_letter_more_less_other_or_swapped() -> None:
    assert all(one_slip("granite", other) for other in ("granit", "granitte", "grenite", "garnite"))
    assert not any(one_slip("granite", other) for other in ("granite", "granulite", "garnote", "stone"))


def test_candidates_need_no_comparison_of_all_with_all() -> None:
    texts = ["northwind", "northwinds", *(f"{number:x}" * 3 for number in range(4_096, 4_096 + FEW))]
    found = list(neighbours(texts))
    assert (0, 1) in found
    assert len(found) < FEW * FEW / 10
    assert list(neighbours(["a"] * (FEW + 1))) == []
    assert list(neighbours(["ab", "cd"])) == [(0, 1)]  # so few that all are


def test_the_labelled_set_is_the_one_that_was_frozen() -> None:
    with (Path(make.__file__).parent / "companies.csv").open(encoding="utf-8") as file:
        held = [tuple(row) for row in csv.reader(file)][1:]
    assert held == make.rows()
    assert len({company for _, company, _ in held}) == make.NAMES


def test_what_is_proposed_of_the_labelled_names_is_as_right_and_whole_as_promised() -> None:
    found = found_in(half_of("held"))
    assert found.precision >= LEAST_PRECISION, found
    assert found.recall >= LEAST_RECALL, found
