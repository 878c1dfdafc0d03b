"""Two years of forecasts of a made-up company, as its diary would have left them: each node's, day by day."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from learning.fiscal import FiscalCalendar, FiscalPeriod
from services.gateway.forecast_days import BEGINS, KEPT
from services.gateway.store import open_store
from services.gateway.store.interface import ForecastDay
from tests.e2e.system.harness import System

QUARTERS = 8
BATCH = 5_000


def write(system: System, currency: str) -> None:
    """Of the nodes there are now, of quarters that are over, into the system's database."""
    about = system.http.get("/v1/workspace").json()
    nodes = [row["node"] for row in system.http.get("/v1/forecast").json()["nodes"]]
    current = FiscalCalendar().current(date.fromisoformat(about["clock"]["business_day"]))
    asyncio.run(_write(f"sqlite:///{system.folder / 'gateway.db'}", days(nodes, current, currency)))


async def _write(url: str, told: Iterator[ForecastDay]) -> None:
    store = await open_store(url)
    try:
        while some := [one for one, _ in zip(told, range(BATCH), strict=False)]:
            await store.save_forecast_days(some)
    finally:
        await store.close()


def days(nodes: list[str], current: FiscalPeriod, currency: str) -> Iterator[ForecastDay]:
    """Numbers that move about a level of the node's own, in minor units."""
    rng = Random(6)
    for back in range(QUARTERS, 0, -1):
        period = current.next(-back)
        length = (period.end - period.start).days + 1
        for node in nodes:
            level = rng.lognormvariate(18, 1)
            for passed in range(length):
                body: dict[str, int | None] = {name: round(level * rng.uniform(0.8, 1.2)) for name in KEPT}
                body[BEGINS] = period.start.toordinal()
                yield ForecastDay(str(period), currency, node, period.start + timedelta(days=passed), body)
