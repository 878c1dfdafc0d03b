"""Files that are no tables: each is named in one sentence, in both languages, with what to do."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference

from kit.errors import InvalidInput
from services.gateway.imports.messages import translate
from services.gateway.imports.weekly.files import read_files

OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in names:
            file.writestr(name, "<x/>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.xlsx", b"", "empty"), ("a.csv", b"", "empty"), ("a.xls", OLD + "Workbook".encode("utf-16-le"), "old Excel"),
        ("a.xlsx", OLD + "Workbook".encode("utf-16-le"), "old Excel"),
        ("a.xlsx", OLD + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("a.xlsx", OLD + "WordDocument".encode("utf-16-le"), "Office document"),
        ("a.xlsx", b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "picture"), ("a.csv", b"\x89PNG\r\n\x1a\n", "picture"),
        ("a.xlsx", b"%PDF-1.7", "PDF"), ("a.xls", b"<html><table>", "web page"),
        ("a.xlsx", "딜명,금액\n".encode(), "text"),
        ("a.xlsx", b"\x9b \x00\x01\x02 kept by a guard", "DRM"), ("a.csv", archive("xl/workbook.xml"), "workbook or"),
        ("a.xlsx", archive("word/document.xml"), "archive"), ("a.xlsb", archive("xl/workbook.bin"), "workbook or"),
        ("a.xlsx", archive("xl/workbook.bin"), "binary"), ("a.ods", archive("content.xml"), "workbook or"),
        ("a.xlsx", archive("xl/workbook.xml", "xl/worksheets/sheet1.xml")[:-60], "breaks off"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_named_in_one_sentence(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    path = tmp_path / f"영업현황_240108_{name}"
    path.write_bytes(data)
    for place in (path, tmp_path):
        with pytest.raises(InvalidInput) as caught:
            read_files([place], {}, {})
        error = caught.value
        assert said in f"{error.message}; {error.mend}"
        english = error.message, error.mend
        translate(error, "ko", page=True)
        assert error.message != english[0]
        assert error.mend != english[1]


def test_a_workbook_without_a_table_says_why(tmp_path: Path) -> None:
    charts, hidden, empty = Workbook(), Workbook(), Workbook()
    chart = BarChart()
    chart.add_data(Reference(charts.active, min_col=1, min_row=1, max_row=3))
    charts.create_chartsheet("차트").add_chart(chart)
    charts.remove(charts.worksheets[0])
    charts.active = 0
    hidden.active.append(["고객사", "딜명"])
    hidden.active.sheet_state = "hidden"
    hidden.create_sheet("빈 시트")
    for name, made, said in (("a", charts, "charts"), ("b", hidden, "hidden"), ("c", empty, "is empty")):
        made.save(tmp_path / f"{name}_240108.xlsx")
        with pytest.raises(InvalidInput, match=said):
            read_files([tmp_path / f"{name}_240108.xlsx"], {}, {})
