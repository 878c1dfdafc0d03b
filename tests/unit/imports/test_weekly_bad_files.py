"""Files that cannot be read are told all at once; days without a year in their names are read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.gateway.imports.messages import file_told, translate
from services.gateway.imports.weekly.files import UnreadFilesError, day_before, read_files
from tests.unit.imports.weekly_runs import row, write


@pytest.mark.parametrize(
    ("name", "day"),
    [("서울_주간_0921.xlsx", date(2026, 9, 21)), ("주간 12.28.xlsx", date(2025, 12, 28)),
     ("주간 9월 21일.xlsx", date(2026, 9, 21)), ("0921_0928.xlsx", None), ("11월 3주차.xlsx", None),
     ("2026_0921_0928.xlsx", None), ("주간_v2.xlsx", None), ("주간_0231.xlsx", None)],
)  # fmt: skip
def test_a_day_without_a_year_is_the_last_before_today(name: str, day: date | None) -> None:
    assert day_before(name, date(2026, 11, 23)) == day


def test_a_file_with_such_a_name_is_read(tmp_path: Path) -> None:
    (file,) = read_files([write(tmp_path / "서울_주간_0921.xlsx", row("서버"))], {}, {}, today=date(2026, 11, 23))
    assert (file.day, file.yearless) == (date(2026, 9, 21), True)


def test_all_bad_files_are_told_by_name(tmp_path: Path) -> None:
    write(tmp_path / "a_240108.xlsx", row("서버"))
    write(tmp_path / "주간.xlsx", row("서버"))
    (tmp_path / "글_240115.xlsx").write_text("고객사,딜명\n한빛,서버\n", "utf-8")
    with pytest.raises(UnreadFilesError) as caught:
        read_files([tmp_path], {}, {})
    translate(caught.value, "ko", page=True)
    assert caught.value.message == "읽을 수 없는 파일이 2개입니다"
    told = [file_told(one) for one in caught.value.errors]
    assert told[0].startswith("글_240115.xlsx: 통합 문서가 아니라 텍스트입니다. ")
    assert told[1].startswith("주간.xlsx 파일의 기준일을 알 수 없습니다. ")
