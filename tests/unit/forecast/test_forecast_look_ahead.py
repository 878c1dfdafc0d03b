"""What comes after a day changes no forecast of it: rows, outcomes and accounts scrambled, through the command."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

from cli.evaluate_forecast import Kind, Measure, forecast
from tests.unit.forecast.forecast_exports import AS_OF, LAST, TEAM, write_crm

KNOWN = ("as_of", "period", "level", "node", "booked", "mean", "p10", "p50", "p90")
Line = dict[str, str]


def scrambled(line: Line, chance: random.Random) -> list[Line]:
    """Another future: what was known by the end of AS_OF stays, but for the account, which closing fills in."""
    later = str(AS_OF + timedelta(days=chance.randint(1, (LAST - AS_OF).days)))
    changed = line | {"account": chance.choice(["Acme", "Bolt"])}
    if line["close_date"] and date.fromisoformat(line["close_date"]) <= AS_OF:
        return [changed]
    if date.fromisoformat(line["engage_date"]) > AS_OF:
        if chance.random() < 0.3:
            return []
        changed |= {"engage_date": str(AS_OF + timedelta(days=1)), "sales_agent": chance.choice(TEAM)}
    stage = chance.choice(["Won", "Won", "Lost", "Engaging"])
    over = stage != "Engaging"
    value = str(chance.randint(1, 50_000)) if stage == "Won" else "0" if over else ""
    return [changed | {"deal_stage": stage, "close_date": later if over else "", "close_value": value}]


def scramble(folder: Path) -> None:
    """Rewrite the opportunities; the last day of the data stays."""
    path = folder / "sales_pipeline.csv"
    with path.open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    chance = random.Random(8)
    fresh = [each for line in lines for each in scrambled(line, chance)]
    fresh[0] |= {"engage_date": str(AS_OF + timedelta(days=2)), "deal_stage": "Lost", "close_date": str(LAST),
                  "close_value": "0", "opportunity_id": "LAST"}  # fmt: skip
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(fresh)


def told(folder: Path) -> tuple[list[tuple[str, ...]], list[str]]:
    """What was forecast of each node, and what came."""
    out = folder / "f.csv"
    forecast(folder, "crm_sales_opportunities", Kind.QUARTER, AS_OF.isoformat(), 1,
             "company,region,manager,owner", Measure.AMOUNT, out)  # fmt: skip
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [tuple(row[name] for name in KNOWN) for row in rows], [row["actual"] for row in rows]


def test_scrambled_future_rows_and_accounts_give_the_same_forecast(tmp_path: Path) -> None:
    write_crm(tmp_path, 180)
    before, came = told(tmp_path)
    scramble(tmp_path)
    after, other = told(tmp_path)
    assert before == after
    assert came != other
    assert len(before) >= 6
