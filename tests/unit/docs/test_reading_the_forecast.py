"""The managers' page: its example adds up as it says, its command runs, and it tells of every caution."""

from __future__ import annotations

import csv
import re
import shlex
from collections import Counter
from pathlib import Path

from typer.testing import CliRunner

from cli.__main__ import app
from kit.errors import NotFound
from learning.doubtful_records import TEXTS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "reading-the-forecast.md").read_text("utf-8")
ROW = re.compile(r"^\| (Company|Central|East|West) \|(.*)\|$", re.MULTILINE)


def example() -> dict[str, list[int]]:
    """Booked, expected, p10, p50, p90 and what came, by node."""
    found = {name: [int(cell.replace(",", "")) for cell in cells.split("|")] for name, cells in ROW.findall(PAGE)}
    assert len(found) == 4
    return found


def test_what_is_said_to_add_up_does_and_the_ends_do_not() -> None:
    told = example()
    company, regions = told.pop("Company"), list(told.values())
    sums = [sum(column) for column in zip(*regions, strict=True)]
    assert sums[0] == company[0]
    assert abs(sums[1] - company[1]) <= len(regions)
    assert sums[2] < company[2] < company[3] < company[4] < sums[4]
    assert f"{sums[2]:,}" in PAGE
    assert f"{sums[4]:,}" in PAGE
    assert company[2] <= company[5] <= company[4]


def test_every_caution_is_explained() -> None:
    tails = [text.split(": ", 1)[1].split("{")[0].strip() for text in TEXTS.values()]
    assert [tail for tail in tails if tail not in PAGE] == []


def test_the_example_is_the_data_sets_own(datasets: Path) -> None:
    folder = datasets / "crm_sales_opportunities"
    with (folder / "sales_teams.csv").open(encoding="utf-8") as teams:
        region_of = {row["sales_agent"]: row["regional_office"] for row in csv.DictReader(teams)}
    booked, came = Counter[str](), Counter[str]()
    with (folder / "sales_pipeline.csv").open(encoding="utf-8") as deals:
        for row in csv.DictReader(deals):
            if row["deal_stage"] == "Won" and "2017-07-01" <= row["close_date"] <= "2017-09-30":
                for node in ("Company", region_of[row["sales_agent"]]):
                    came[node] += int(row["close_value"])
                    booked[node] += int(row["close_value"]) * (row["close_date"] <= "2017-07-30")
    assert {node: (told[0], told[5]) for node, told in example().items()} == {
        node: (booked[node], total) for node, total in came.items()
    }


def test_the_command_is_one() -> None:
    [line] = re.findall(r"^dealcast (.*)$", PAGE, re.MULTILINE)
    words = shlex.split(line)
    absent = [{"exports/": "no-such-folder"}.get(word, word) for word in words]
    done = CliRunner().invoke(app, absent)
    assert isinstance(done.exception, NotFound)  # it got as far as looking for the files
    assert "no-such-folder" in done.exception.value
