"""Builds the service from real adapters."""

from __future__ import annotations

from pathlib import Path

from nats.aio.client import Client as NATS  # noqa: N814

from kit.clock import WallClock
from kit.messaging import Consumer, Publisher, ensure_streams
from kit.models import Follower, ModelShelf, Pointer
from kit.process import Parts
from kit.subjects import INSIGHTS_FORECAST, INSIGHTS_STREAM
from services.next_best_action import catalogue
from services.next_best_action.events import forecast_handler
from services.next_best_action.grpc_api import SERVICE_NAME, NextBestActionApi
from services.next_best_action.model import ActionModel
from services.next_best_action.service import NextBestAction
from services.next_best_action.settings import Settings

NAME = "next_best_action"


async def build(nc: NATS, settings: Settings) -> Parts:
    """The service's parts on a NATS connection. Raises InvalidInput where the catalogue is wrong."""
    actions = catalogue.load(settings.action_catalogue)
    await ensure_streams(nc, settings.streams_file)
    follower: Follower[ActionModel] = Follower(ModelShelf(nc), NAME, _load, prior=ActionModel())
    await follower.look()  # so that the first batch after a restart is not answered by the prior
    service = NextBestAction(actions, follower, WallClock(), seed=settings.action_seed)
    consumer = Consumer(
        nc,
        stream=INSIGHTS_STREAM,
        durable=NAME,
        subject=f"{INSIGHTS_FORECAST}.*",
        handler=forecast_handler(service, Publisher(nc, streams_file=settings.streams_file)),
        streams_file=settings.streams_file,
    )
    return Parts(runners=(follower, consumer), grpc=NextBestActionApi(service).add_to, grpc_services=(SERVICE_NAME,))


def _load(folder: Path, _: Pointer) -> ActionModel:
    return ActionModel.load(folder)
