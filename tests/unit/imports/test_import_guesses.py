"""The type of a custom field and its cells, read as evaluating the file reads them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from kit.errors import InvalidInput
from learning.records import FieldType
from learning.tabular import Raw, encode, read_column
from learning.tabular_kinds import learn_reading
from services.gateway.imports.guesses import TypeGuess, quantity
from services.gateway.imports.messages import translate
from services.gateway.imports.schema import Format
from tests.unit.imports.import_runs import DEALS, HEADER, Memory, run


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["yes", "no", "Yes"], FieldType.YES_NO),
        (["0", "1", "1"], FieldType.NUMBER),
        (["1996", "2,5"], FieldType.TEXT),
        (["1996", "2.5", "-3"], FieldType.NUMBER),
        (["02139", "10001"], FieldType.TEXT),
        (["2017-01-01", "2016-12-31"], FieldType.DATE),
        (["31.12.2016"], FieldType.DATE),
        (["03/04/2017"], FieldType.TEXT),
        (["red", "red", "blue", "blue"], FieldType.CHOICE),
        ([f"note {i}" for i in range(50)], FieldType.TEXT),
        (["x" * 100] * 10, FieldType.TEXT),
        ([], FieldType.TEXT),
        ([f"{i:,}명" for i in range(990, 1_010)], FieldType.NUMBER),
        ([f"{i}%" for i in range(20)], FieldType.NUMBER),
        ([f"{i}.9k" for i in range(20)], FieldType.NUMBER),
        ([f"{i} months" for i in range(20)] + ["미상", "unknown"], FieldType.NUMBER),
        (["300만원", "1억 2,000만", "₩5,000,000", "(1,200)"], FieldType.NUMBER),
        (["0", "1", "2", "3+"] * 9, FieldType.CHOICE),
        ([f"{i} months" for i in range(20)] + ["1 year"], FieldType.TEXT),
        ([f"{i} Main St {i}" for i in range(20)], FieldType.TEXT),
        (["2017-01-01", "TBD"], FieldType.DATE),
        (["unknown", "TBD", "unknown", "TBD"], FieldType.CHOICE),
        (["1,200", "2,5"], FieldType.TEXT),
    ],
)
def test_the_type_is_the_narrowest_that_fits(cells: list[str], kind: FieldType) -> None:
    guess = TypeGuess(".", ",")
    for cell in cells:
        guess.add(cell)
    assert guess.result() is kind


@pytest.mark.parametrize(
    "cells",
    [
        [f"{i * 37:,}명" for i in range(60)] + ["미상", "unknown"],
        [f"{i}%" for i in range(40)] + ["7.5 %"],
        [f"{i}.9k" for i in range(30)] + ["2M", "950"],
        [f"{i} months" for i in range(30)] + ["1 month", "10+", "<5"],
        [f"{i}만" for i in range(30)] + ["1억 2,000만", "₩5,000", "(1,200)", "$3"],
        [f"{i} km" for i in range(30)],
    ],
    ids=["people", "percent", "magnitudes", "months", "myriads", "km"],
)
def test_cells_are_the_numbers_that_evaluating_the_file_makes_of_them(cells: list[str]) -> None:
    raw = Raw.of([encode(cells)])
    told, _ = read_column(raw, learn_reading(raw))
    guess = TypeGuess(".", ",")
    for cell in cells:
        guess.add(cell)
    style = guess.settled(Format(thousands=","), guess.result())
    found = [quantity(cell, style) for cell in cells]
    assert isinstance(told, np.ndarray)
    assert [math.nan if one is None else one for one in found] == pytest.approx(told.tolist(), nan_ok=True)


@pytest.mark.parametrize("declared", ["", '[files.deals.fields]\nSize = { column = "Size", type = "number" }\n'])
async def test_units_and_percents_come_in_as_numbers(tmp_path: Path, declared: str) -> None:
    rows = [HEADER + ",Size,Off"] + [f"d{i},u,Open,2017-01-01,,5,{i * 9}명,{i}%" for i in range(1, 21)]
    rows += ["e,u,Open,2017-01-01,,5,미상,8.5 %"]
    sink = Memory()
    for _ in range(2):  # found out, then known
        _, report = await run(tmp_path, DEALS + declared, {"deals.csv": "\n".join(rows)}, sink)
        assert report.total("rejected") == 0
        assert set(sink.defined.values()) == {FieldType.NUMBER}
        assert sink.deals["d20"].fields == {"Size": 180.0, "Off": 20.0}
        assert sink.deals["e"].fields == {"Size": None, "Off": 8.5}


async def test_a_number_in_another_unit_is_refused(tmp_path: Path) -> None:
    declared = '[files.deals.fields]\nTerm = { column = "Term", type = "number" }\n'
    rows = [HEADER + ",Term"] + [f"d{i},u,Open,2017-01-01,,5,{i} months" for i in range(40)]
    rows += ["e,u,Open,2017-01-01,,5,1 year", "f,u,Open,2017-01-01,,5,long"]
    sink, report = await run(tmp_path, DEALS + declared, {"deals.csv": "\n".join(rows)})
    assert sink.deals["d12"].fields == {"Term": 12.0}
    other, none = (each.errors[0] for each in report.rejects)
    assert (other.field, other.value, other.message) == ("Term", "1 year", "its unit 'year' is not that of the column")
    assert none.message == "it is not a number"


async def test_a_decimal_comma_is_never_taken_for_thousands(tmp_path: Path) -> None:
    rows = [HEADER.replace(",", ";") + ";Size"] + [f"d{i};u;Open;2017-01-01;;5;1,20{i}" for i in range(9)]
    sink, _ = await run(tmp_path, DEALS, {"deals.csv": "\n".join(rows)})
    assert sink.defined["deal", "Size"] is FieldType.TEXT


async def test_a_declared_type_that_the_field_does_not_have_stops_the_import(tmp_path: Path) -> None:
    sink = Memory()
    sink.defined = {("deal", "할인율"): FieldType.CHOICE, ("deal", "Note"): FieldType.TEXT}
    rows = [HEADER + ",할인율,Note", "a,u,Open,2017-01-01,,5,8%,x"]
    note = '[files.deals.fields]\nNote = { column = "Note", type = "choice" }\n'
    declared = note + '"할인율" = { column = "할인율", type = "number" }\n'
    with pytest.raises(InvalidInput) as caught:
        await run(tmp_path, DEALS + declared, {"deals.csv": "\n".join(rows)}, sink)
    assert (sink.saved, sink.ended, sink.as_of) == ({}, [], None), "nothing is begun"
    assert caught.value.message == "the mapping declares the field 할인율 as number, but it is there already as choice"
    line = '"할인율 (number)" = { column = "할인율", type = "number" }'
    assert line in caught.value.mend
    translate(caught.value, "ko")
    assert "숫자" in caught.value.message
    assert "새 항목" in caught.value.mend
    assert line in caught.value.mend
    sink, report = await run(tmp_path, DEALS + note + line, {"deals.csv": "\n".join(rows)}, sink)
    assert report.total("rejected") == 0
    assert sink.deals["a"].fields == {"할인율 (number)": 8.0, "Note": "x"}
