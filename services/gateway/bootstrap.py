"""Builds the gateway's real parts: the only place that knows them all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import nats.errors
import structlog
from nats.aio.client import Client as NATS  # noqa: N814
from nats.js.errors import NotFoundError

from kit.errors import DealcastError, Unavailable
from kit.messaging import Consumer, Publisher, ensure_streams
from kit.models import ModelShelf
from kit.process import Parts, Runner
from kit.subjects import (
    DEALS_STREAM,
    INSIGHTS_FORECAST,
    INSIGHTS_LEAD_SCORE,
    INSIGHTS_NEXT_ACTIONS,
    INSIGHTS_ROLLUP,
    INSIGHTS_STREAM,
)
from services.gateway import grpc_api
from services.gateway.access.opening import let_in, open_access
from services.gateway.action_catalogue import ActionCatalogue
from services.gateway.actions_client import ActionService
from services.gateway.dead_letters import DeadLetterDesk
from services.gateway.events import InsightMerger, RollupKeeper
from services.gateway.exchange_pointer import ExchangePointer
from services.gateway.feedback_publisher import FeedbackPublisher
from services.gateway.fiscal_pointer import FiscalPointer
from services.gateway.forecast_client import ForecastService
from services.gateway.forecast_days import Diary
from services.gateway.forecast_trees import PipelineWatch
from services.gateway.health.desk import HealthDesk
from services.gateway.http_server import HttpServer
from services.gateway.imports import undoing
from services.gateway.imports.weekly.uploads import Uploads
from services.gateway.imports_desk import ImportDesk
from services.gateway.jobs import Jobs
from services.gateway.model_rules import ModelRules
from services.gateway.model_versions import ModelVersions
from services.gateway.monitoring.desk import MonitoringDesk
from services.gateway.monitoring.monitor import Monitor
from services.gateway.monitoring.publisher import AlertPublisher
from services.gateway.monitoring.shadows import Shadows
from services.gateway.monitoring.watching import Watcher
from services.gateway.policies import PolicyDesk
from services.gateway.privacy.desk import PrivacyDesk
from services.gateway.privacy.erasing import Eraser
from services.gateway.privacy.models import HeldModels
from services.gateway.privacy.reach import Reach
from services.gateway.privacy.resident_numbers import masked_logs
from services.gateway.privacy.retention import Retention
from services.gateway.privacy.streams import Streams
from services.gateway.privacy.withheld import Withheld
from services.gateway.publisher import OutboxPublisher
from services.gateway.readiness import Readiness
from services.gateway.reconciler import Limits, Reconciler
from services.gateway.renewals.keeper import RenewalKeeper
from services.gateway.rest.access_log import AccessLog
from services.gateway.rest.app import create_app
from services.gateway.rest.guard import Guard
from services.gateway.rest.operations import Desks
from services.gateway.sample.removal import SampleRemoval
from services.gateway.sample.streams import clear_streams
from services.gateway.scoring_client import ScoringService
from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings
from services.gateway.store import Store, open_store
from services.gateway.training import Trainer, fetch_artifact
from services.gateway.training_run import RegistryPlace
from services.gateway.web.rendering import prepare
from services.gateway.workspace import Workspace

STREAMS = (DEALS_STREAM, INSIGHTS_STREAM)
REFILL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Built:
    """The gateway with what it is made of."""

    gateway: Gateway
    models: ModelVersions
    trainer: Trainer
    monitor: Monitor
    parts: Parts


async def build(settings: GatewaySettings, nc: NATS) -> Parts:
    """What the process runs."""
    processors = list(structlog.get_config()["processors"])
    structlog.configure(processors=[*processors[:-1], masked_logs, processors[-1]])
    return (await assemble(settings, nc)).parts


async def assemble(settings: GatewaySettings, nc: NATS) -> Built:
    """Everything, ready to run."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await ensure_streams(nc, settings.streams_file)
    store = await open_store(settings.store_location)
    workspace = Workspace(store)
    await workspace.load(settings.today)
    gateway = Gateway(store, workspace)
    gateway.readiness = Readiness(store, nc).read
    scratch = settings.data_dir.resolve() / "tmp"
    entry = open_access(settings, gateway)
    models = ModelVersions(
        store, workspace, ModelShelf(nc, streams_file=settings.streams_file),
        partial(fetch_artifact, RegistryPlace.of(settings), scratch), gateway.news.wake,
    )  # fmt: skip
    await models.load()
    acting = ActionService(settings.next_best_action_address, settings.run_dir)
    shelf = ModelShelf(nc, streams_file=settings.streams_file)
    catalogue = ActionCatalogue(store, workspace, shelf, acting, gateway.news.wake)
    rules = ModelRules(store)
    await rules.load()
    trainer = Trainer(gateway, models, await _jobs(store, "training"), settings, rules)
    imports = ImportDesk(gateway, trainer, await undoing.known(store))
    server = HttpServer(settings.http_address)
    scoring = ScoringService(settings.lead_scoring_address, settings.run_dir)
    simulator = ForecastService(settings.forecast_address, settings.run_dir, lambda: workspace.currency)
    gateway.field_totals = simulator.totals_of_field
    letters = DeadLetterDesk(nc, store, gateway.outbox)
    exchange = ExchangePointer(store, workspace, shelf)
    health = HealthDesk(
        gateway, await _jobs(store, "health"), scratch,
        settings.health_quiet_seconds, partial(_busy, trainer, imports),
    )  # fmt: skip
    imports.looked = health.import_finished
    policies, shadows = PolicyDesk(store, catalogue, models), Shadows(store, workspace, models)
    monitor = Monitor(Watcher(gateway, models, policies, shadows, scratch), trainer, imports.jobs, settings.monitor)
    sender = Publisher(nc, streams_file=settings.streams_file)
    access = AccessLog(store)
    reach = Reach(store, Streams(nc, settings.streams_file), settings.data_dir.resolve())
    held = HeldModels(models, trainer, shadows, RegistryPlace.of(settings), scratch)
    eraser = Eraser(reach, imports.jobs, trainer.jobs, held, models.load, gateway.outbox)
    retention = Retention(store, workspace, reach.streams, imports.jobs, gateway.outbox, scratch)
    privacy = PrivacyDesk(reach, eraser, gateway.outbox, gateway.news, retention)
    sample = SampleRemoval(
        gateway, imports, trainer, health, models, monitor, partial(clear_streams, nc, settings.streams_file),
        settings.data_dir.resolve(), None if settings.mlflow_uri else settings.models_dir,
    )  # fmt: skip
    desks = Desks(imports, trainer, models, letters, scratch, server.loopback, scoring, catalogue, simulator, policies,
                  acting, exchange, MonitoringDesk(store, monitor, shadows), health, privacy, access,
                  sample, Uploads(scratch, scratch.parent))  # fmt: skip
    server.bind(Guard(create_app(gateway, desks, settings.heartbeat_seconds, entry), settings.hosts))
    await let_in(entry, settings, server.address)
    parts = Parts(
        runners=[
            *_loops(settings, nc, gateway, models),
            Loop("catalogue", partial(keep_filled, catalogue)),
            Loop("fiscal-year", partial(keep_filled, FiscalPointer(workspace, shelf))),
            Loop("exchange-rates", partial(keep_filled, exchange)),
            Diary(gateway),
            PipelineWatch(gateway),
            health,
            RenewalKeeper(gateway),
            eraser,
            access,
            retention,
            sample,
            Loop("sign-in", entry.desk.keep_tidy),
            Loop("templates", prepare),
            trainer,
            monitor,
            Loop("alerts", AlertPublisher(store, sender, monitor.changed, workspace.id).run),
            server,
        ],
        grpc=partial(grpc_api.add_to, gateway, scratch, entry),
        grpc_services=[grpc_api.SERVICE],
        close=partial(_close, store, scoring, acting, simulator),
        addresses=lambda: {"http": server.address},
    )
    return Built(gateway, models, trainer, monitor, parts)


def _busy(trainer: Trainer, imports: ImportDesk) -> bool:
    """Whether records come in or models are trained, or wait for it."""
    return imports.jobs.running is not None or trainer.jobs.running is not None or bool(trainer.jobs.queued)


async def _close(store: Store, *services: ScoringService | ActionService | ForecastService) -> None:
    for service in services:
        await service.close()
    await store.close()


def _loops(settings: GatewaySettings, nc: NATS, gateway: Gateway, models: ModelVersions) -> list[Runner]:
    store, workspace = gateway.store, gateway.workspace
    limits = Limits(settings.reconcile_seconds, settings.grace_seconds, settings.max_outstanding)
    reconciler = Reconciler(store, workspace, gateway.outbox, limits, partial(incarnations, nc), models.refill)
    sender = Publisher(nc, streams_file=settings.streams_file)
    withheld = partial(Withheld.read, store)
    publisher = OutboxPublisher(store, sender, workspace, gateway.outbox, reconciler.published, withheld)
    merger = InsightMerger(store, gateway.news.wake, reconciler.answered)
    consumer = partial(Consumer, nc, stream=INSIGHTS_STREAM, streams_file=settings.streams_file)
    subjects = [f"{prefix}.*" for prefix in (INSIGHTS_LEAD_SCORE, INSIGHTS_FORECAST, INSIGHTS_NEXT_ACTIONS)]
    return [
        consumer(durable="gateway-insights", subject=subjects, handler=merger),
        consumer(
            durable="gateway-rollups", subject=f"{INSIGHTS_ROLLUP}.>", handler=RollupKeeper(store, gateway.news.wake)
        ),
        Loop("publisher", publisher.run),
        Loop("feedback", FeedbackPublisher(store, sender, gateway.news).run),
        Loop("reconciler", reconciler.run),
        Loop("models", partial(keep_filled, models)),
        Loop("stopping", partial(_pass_on, gateway)),
    ]


async def _jobs(store: Store, kind: str) -> Jobs:
    jobs = Jobs(store, kind)
    await jobs.load()
    return jobs


@dataclass(slots=True)
class Loop:
    """A runner of a plain coroutine."""

    name: str
    work: Callable[[asyncio.Event], Awaitable[None]]
    ready: bool = True

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped."""
        await self.work(stop)


async def _pass_on(gateway: Gateway, stop: asyncio.Event) -> None:
    """Live event streams end when the process is to end."""
    await stop.wait()
    gateway.stop.set()


class Refilled(Protocol):
    """What is kept in NATS."""

    async def refill(self) -> None: ...


async def keep_filled(models: Refilled, stop: asyncio.Event) -> None:
    """Artifacts and pointers are in NATS, whatever happens to it."""
    while not stop.is_set():
        with contextlib.suppress(DealcastError):  # NATS or the registry is away: the next round comes
            await models.refill()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REFILL_SECONDS):
                await stop.wait()


async def incarnations(nc: NATS) -> dict[str, str]:
    """When each stream was created. Raises Unavailable when NATS does not answer or a stream is not there yet."""
    if not nc.is_connected:
        raise Unavailable("NATS is away", field="nats", mend="It is tried again by itself")
    js = nc.jetstream(timeout=5)
    try:
        return {name: str((await js.stream_info(name)).created) for name in STREAMS}
    except (nats.errors.Error, NotFoundError, OSError) as error:
        raise Unavailable(f"the streams cannot be asked: {type(error).__name__}", field="nats") from error
