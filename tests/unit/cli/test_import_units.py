"""The unit of amounts that have none of their own, said on the command line: of all files, or of one."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.__main__ import app, main
from cli.import_weekly import units_of
from kit.errors import InvalidInput, NotFound
from services.gateway.domain import LOCAL
from services.gateway.store import open_store
from services.gateway.store.interface import Query

HEAD = "고객사,딜명,담당자,단계,금액\n"


@pytest.fixture
def weeks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two weeks, each by an exporter of its own: thousands, then millions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    folder = tmp_path / "weeks"
    folder.mkdir()
    (folder / "a_240108.csv").write_text(HEAD + '한빛,서버,김민수,제안,"50,000"\n누리,예약,김민수,제안,3억\n', "utf-8")
    (folder / "b_240115.csv").write_text(HEAD + "한빛,서버,김민수,협상,60\n누리,예약,김민수,제안,3억\n", "utf-8")
    return folder


async def amounts(folder: Path) -> dict[str, str]:
    store = await open_store(f"sqlite:///{folder}")
    try:
        found = (await store.list_records(LOCAL, Query(), "", 10)).records
    finally:
        await store.close()
    deals = [one.history.deal for one in found]
    return {one.name: one.amount.value for one in deals if one.amount}


def test_units_are_said_of_all_files_or_of_one(weeks: Path, tmp_path: Path) -> None:
    units = ["--unit", "천원", "--unit", "b_240115.csv=백만"]
    done = CliRunner().invoke(app, ["import", str(weeks), *units, "--data-dir", "data"])
    assert done.exit_code == 0, done.output
    assert "amounts are read in 백만원: b_240115.csv\n" in done.output
    assert "amounts are read in 천원: a_240108.csv\n" in done.output
    [data] = tmp_path.glob("data/*.db")
    assert asyncio.run(amounts(data)) == {"서버": "60000000", "예약": "300000000"}, "an amount's own unit counts"
    korean = CliRunner().invoke(app, ["import", str(weeks), *units, "--data-dir", "data", "--lang", "ko"])
    assert "금액을 읽은 단위 천원: a_240108.csv\n" in korean.output


@pytest.mark.parametrize("text", ["달러", "", "=", "a.csv=", "a.csv=억달러"])
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="no unit of amounts"):
        units_of([text])


def test_a_file_that_is_not_there_has_no_unit(weeks: Path) -> None:
    done = CliRunner().invoke(app, ["import", str(weeks), "--unit", "c.csv=천원", "--data-dir", "data"])
    assert isinstance(done.exception, NotFound)
    assert (done.exception.field, done.exception.value) == ("--unit", "c.csv")
    assert "a_240108.csv, b_240115.csv" in done.exception.mend


def test_the_help_of_the_option_is_there_in_both_languages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, text in (("en_US", "the unit of amounts that have none"), ("ko_KR", "단위가 붙지 않은 금액의 단위")):
        monkeypatch.setenv("LC_ALL", f"{language}.UTF-8")
        monkeypatch.setattr(sys, "argv", ["dealcast", "import", "--help"])
        with pytest.raises(SystemExit):
            main()
        told = capsys.readouterr().out
        assert text in told
        assert ("Without a mapping" in told) == (language == "en_US")
