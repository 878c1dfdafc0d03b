"""A small company's export, as the preset crm_sales_opportunities reads it."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

AS_OF, LAST = date(2017, 8, 15), date(2017, 9, 30)
FIELDS = (
    "opportunity_id",
    "sales_agent",
    "product",
    "account",
    "deal_stage",
    "engage_date",
    "close_date",
    "close_value",
)
TEAM = ("Ann", "Bob", "Cyd")


def write_crm(
    folder: Path, days: int, *, ever_closed: bool = True, amounts: bool = True, large: str = "", first_week: str = ""
) -> None:
    """A CRM's export of `days` days: a small team, and a rep without a manager."""
    chance = random.Random(3)
    rows: list[tuple[object, ...]] = []
    for number in range(2 * days):
        begun = LAST - timedelta(days=number // 2)
        agent = TEAM[number % 3] if number % 7 else "Lone"
        closed = begun + timedelta(days=int(chance.gammavariate(3, 10)) + 1)
        over = ever_closed and closed <= LAST
        stage = ("Won" if chance.random() < 0.5 else "Lost") if over else "Engaging"
        value = (round(chance.lognormvariate(7, 0.3)) if stage == "Won" else 0) if over and amounts else ""
        rows.append((f"D{number}", agent, "Box", "", stage, begun, closed if over else "", value))
    if large:
        rows.append(("BIG", large, "Plant", "", "Engaging", AS_OF - timedelta(days=20), "", ""))
    if first_week:
        rows += [(f"N{n}", first_week, "Box", "", "Engaging", AS_OF - timedelta(days=3), "", "") for n in range(4)]
    managers = [(agent, "" if agent == "Lone" else "Max", "East") for agent in (*TEAM, "Lone", "Newt")]
    prices = [("Box", "X", "1100" if amounts else ""), ("Plant", "X", "110000" if amounts else "")]
    tables: dict[str, tuple[tuple[str, ...], list[tuple[object, ...]]]] = {
        "sales_pipeline": (FIELDS, rows),
        "sales_teams": (("sales_agent", "manager", "regional_office"), list(managers)),
        "products": (("product", "series", "sales_price"), list(prices)),
        "accounts": (("account", "sector"), [("Acme", "retail"), ("Bolt", "retail")]),
    }
    for name, (head, lines) in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *lines])
