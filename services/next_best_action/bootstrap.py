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
from services.next_best_action.catalogue_source import WatchedFile, edition_follower
from services.next_best_action.encoder import CARRIED, TextVectors
from services.next_best_action.events import forecast_handler
from services.next_best_action.grpc_api import SERVICE_NAME, NextBestActionApi
from services.next_best_action.likeness import Likeness
from services.next_best_action.model import ActionModel
from services.next_best_action.service import NextBestAction
from services.next_best_action.settings import Settings
from services.next_best_action.signals_encoder import ENCODER
from services.next_best_action.similar import SimilarDeals

NAME = "next_best_action"


async def build(nc: NATS, settings: Settings) -> Parts:
    """The service's parts on a NATS connection. Raises InvalidInput where the catalogue is wrong."""
    actions = catalogue.load(settings.action_catalogue)
    if settings.text_encoder == CARRIED:
        ENCODER.want()
    await ensure_streams(nc, settings.streams_file)
    shelf = ModelShelf(nc)
    follower: Follower[ActionModel] = Follower(shelf, NAME, _load, prior=ActionModel())
    service = NextBestAction(actions, follower, WallClock(), seed=settings.action_seed)
    editions = edition_follower(shelf, actions, service.adopt)
    alike: Follower[SimilarDeals] = Follower(shelf, NAME, _load_similar, prior=SimilarDeals())
    for each in (follower, editions, alike):
        await each.look()  # so that the first batch after a restart is answered by neither the prior nor the file
    file = WatchedFile(settings.action_catalogue, lambda: editions.current[1] is not None, service.adopt)
    consumer = Consumer(
        nc,
        stream=INSIGHTS_STREAM,
        durable=NAME,
        subject=f"{INSIGHTS_FORECAST}.*",
        handler=forecast_handler(service, Publisher(nc, streams_file=settings.streams_file)),
        streams_file=settings.streams_file,
    )
    return Parts(
        runners=(follower, editions, alike, file, consumer),
        grpc=NextBestActionApi(service, Likeness(alike, text_vectors(settings))).add_to,
        grpc_services=(SERVICE_NAME,),
    )


def text_vectors(settings: Settings) -> TextVectors:
    """By the encoder that the settings name."""
    return TextVectors(settings.text_encoder, settings.text_encoder_scripts.split(","))


def _load_similar(folder: Path, _: Pointer) -> SimilarDeals:
    return SimilarDeals.load(folder)


def _load(folder: Path, _: Pointer) -> ActionModel:
    return ActionModel.load(folder)
