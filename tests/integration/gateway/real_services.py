"""The three model services, in this process, with their priors, over real NATS."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from kit.messaging import connect
from services.forecast.bootstrap import build as build_forecast
from services.forecast.settings import Settings as ForecastSettings
from services.lead_scoring.bootstrap import build as build_scoring
from services.lead_scoring.settings import Settings as ScoringSettings
from services.next_best_action.bootstrap import build as build_actions
from services.next_best_action.settings import Settings as ActionSettings


@contextlib.asynccontextmanager
async def all_services(url: str) -> AsyncIterator[None]:
    """At work until left."""
    stop = asyncio.Event()
    connections = [await connect(url, name) for name in ("lead_scoring", "forecast", "next_best_action")]
    parts = [
        await build_scoring(connections[0], ScoringSettings(nats_url=url)),
        await build_forecast(connections[1], ForecastSettings(nats_url=url)),
        await build_actions(connections[2], ActionSettings(nats_url=url, text_encoder="")),
    ]
    tasks = [asyncio.create_task(runner.run(stop)) for each in parts for runner in each.runners]
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 15)
        for each in connections:
            await each.close()
