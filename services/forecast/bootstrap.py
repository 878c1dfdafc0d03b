"""Builds the service from real adapters."""

from __future__ import annotations

import asyncio
from pathlib import Path

from nats.aio.client import Client as NATS  # noqa: N814

from kit.clock import WallClock
from kit.documents import document_follower
from kit.messaging import Consumer, Publisher, ensure_streams
from kit.models import Follower, ModelShelf, Pointer
from kit.process import Parts
from kit.subjects import INSIGHTS_LEAD_SCORE, INSIGHTS_STREAM
from services.forecast.events import score_handler
from services.forecast.exchange import Exchange
from services.forecast.grid import Quarters
from services.forecast.grpc_api import SERVICE_NAME, ForecastApi
from services.forecast.model import ForecastModel
from services.forecast.publish import RollupPublisher
from services.forecast.replica import Replica
from services.forecast.service import Forecasts
from services.forecast.settings import Settings
from services.forecast.told import EXCHANGE_RATES, FISCAL_YEAR, read_exchange, read_quarters

NAME = "forecast"


async def build(nc: NATS, settings: Settings) -> Parts:
    """The service's parts on a NATS connection."""
    file = settings.streams_file
    await ensure_streams(nc, file)
    shelf = ModelShelf(nc)
    clock, changed = WallClock(), asyncio.Event()
    follower: Follower[ForecastModel] = Follower(
        shelf, NAME, _load, prior=ForecastModel(), on_prior=lambda: service.begin_anew()
    )
    service = Forecasts(follower, clock, settings.bounds)
    await follower.look()  # so that the first batch after a restart is not answered by the prior
    fiscal = document_follower(shelf, FISCAL_YEAR, read_quarters, service.adopt, prior=Quarters())
    exchange = document_follower(shelf, EXCHANGE_RATES, read_exchange, service.adopt_exchange, prior=Exchange())
    for each in (fiscal, exchange):
        await each.look()
    publisher = Publisher(nc, streams_file=file)
    replica = Replica(nc, service, changed, streams_file=file)
    totals = RollupPublisher(service, replica, publisher, clock, changed, seconds=settings.rollup_seconds)
    consumer = Consumer(
        nc, stream=INSIGHTS_STREAM, durable=NAME, subject=f"{INSIGHTS_LEAD_SCORE}.*",
        handler=score_handler(service, publisher), streams_file=file,
    )  # fmt: skip
    api = ForecastApi(service, replica, clock)
    runners = (follower, fiscal, exchange, consumer, replica, totals)
    return Parts(runners=runners, grpc=api.add_to, grpc_services=(SERVICE_NAME,))


def _load(folder: Path, _: Pointer) -> ForecastModel:
    return ForecastModel.load(folder)
