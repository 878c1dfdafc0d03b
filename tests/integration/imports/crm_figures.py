"""Sales figures of the CRM sales opportunities, reckoned from the CSV files alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

START, END, TODAY = date(2017, 7, 1), date(2017, 9, 30), date(2017, 9, 30)


def read(folder: Path) -> pl.DataFrame:
    """The opportunities with what figures need; deals without a day were created on the day of the import."""
    pipeline = pl.read_csv(folder / "sales_pipeline.csv", try_parse_dates=True)
    products = pl.read_csv(folder / "products.csv").select("product", "sales_price")
    pipeline = pipeline.with_columns(pl.col("product").replace("GTXPro", "GTX Pro")).join(
        products, on="product", how="left"
    )
    won, closed = pl.col("deal_stage") == "Won", pl.col("close_date")
    return pipeline.with_columns(
        created=pl.col("engage_date").fill_null(TODAY), closed=closed, won=won,
        lost=pl.col("deal_stage") == "Lost",
        at_end=pl.when(won).then(pl.col("close_value")).otherwise(pl.col("sales_price")),
    )  # fmt: skip


def win_rates(deals: pl.DataFrame) -> dict[str, tuple[int, int]]:
    """By owner: won and closed in the quarter."""
    inside = deals.filter(pl.col("closed").is_between(START, END))
    found = inside.group_by("sales_agent").agg(pl.col("won").sum(), pl.len().alias("n"))
    return {name: (won, count) for name, won, count in found.iter_rows()}


def average_deal(deals: pl.DataFrame) -> float:
    """Of what was won in the quarter."""
    inside = deals.filter(pl.col("won") & pl.col("closed").is_between(START, END))
    mean = inside.select(pl.col("close_value").mean()).item()
    assert isinstance(mean, float)
    return mean


def created(deals: pl.DataFrame) -> tuple[int, int]:
    """How many came about in the quarter, and what they were worth at its end."""
    inside = deals.filter(pl.col("created").is_between(START, END))
    return inside.height, int(inside["at_end"].sum())


def median_days(deals: pl.DataFrame, start: date, end: date) -> int:
    """Kaplan and Meier's, a day after the other: until half of those created from start to end are decided."""
    inside = deals.filter(pl.col("created").is_between(start, end))
    days = (pl.col("closed").fill_null(TODAY) - pl.col("created")).dt.total_days()
    lives = inside.select(days=days, over=pl.col("closed").is_not_null())
    left = 1.0
    for day in sorted(set(lives.filter(pl.col("over"))["days"])):
        under_way = lives.filter(pl.col("days") >= day).height
        left *= 1 - lives.filter((pl.col("days") == day) & pl.col("over")).height / under_way
        if left <= 0.5:
            return int(day)
    raise AssertionError("less than half are decided")
