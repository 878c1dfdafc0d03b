"""Builds the service from real adapters."""

from __future__ import annotations

from pathlib import Path

from nats.aio.client import Client as NATS  # noqa: N814

from kit.clock import WallClock
from kit.messaging import Consumer, Publisher, ensure_streams
from kit.models import Follower, ModelShelf, Pointer
from kit.process import Parts
from kit.subjects import DEALS_CHANGED, DEALS_RESCORE, DEALS_STREAM
from services.lead_scoring.domain import SERVICE
from services.lead_scoring.events import deal_handler
from services.lead_scoring.grpc_api import SERVICE_NAME, LeadScoringApi
from services.lead_scoring.model import ScoreModel, load, prior_model
from services.lead_scoring.service import LeadScoring
from services.lead_scoring.settings import Settings


async def build(nc: NATS, settings: Settings) -> Parts:
    """The service's parts on a NATS connection."""
    await ensure_streams(nc, settings.streams_file)
    follower: Follower[ScoreModel] = Follower(ModelShelf(nc), SERVICE, _load, prior=prior_model())
    await follower.look()  # so that the first batch after a restart is not answered by the prior
    service = LeadScoring(follower, WallClock())
    handler = deal_handler(service, Publisher(nc, streams_file=settings.streams_file))
    changed = Consumer(
        nc, stream=DEALS_STREAM, durable=f"{SERVICE}-changed", subject=f"{DEALS_CHANGED}.*", handler=handler,
        streams_file=settings.streams_file,
    )  # fmt: skip
    rescore = Consumer(
        nc, stream=DEALS_STREAM, durable=f"{SERVICE}-rescore", subject=f"{DEALS_RESCORE}.*", handler=handler,
        yield_to=changed, streams_file=settings.streams_file,
    )  # fmt: skip
    return Parts(
        runners=(follower, changed, rescore), grpc=LeadScoringApi(service).add_to, grpc_services=(SERVICE_NAME,)
    )


def _load(folder: Path, _: Pointer) -> ScoreModel:
    return load(folder)
