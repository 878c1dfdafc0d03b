"""Follows the model a service is pointed at, without a restart."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import nats.errors
import structlog
from nats.aio.client import Client as NATS  # noqa: N814
from nats.aio.msg import Msg

from kit.artifacts import unpack
from kit.errors import DealcastError
from kit.metrics import MODEL_GENERATION, MODEL_SWAPS
from kit.shelf import ModelShelf, Pointer
from kit.subjects import MODELS_BUCKET

log = structlog.get_logger(__name__)

M = TypeVar("M")

LONGEST_RETRY = 30.0


class Follower(Generic[M]):
    """Holds the model in use: the prior, until a pointed-at one has been fetched, checked and loaded.

    load is called in a thread with the folder of the model's files (gone afterwards) and its
    pointer; the model is swapped in only once it returned. While it fails, or the digest is
    wrong, the model before stays; the attempt is repeated with growing pauses. A pointer that
    vanishes (a wiped server) changes nothing. on_swap is called after each swap. A pointer without a digest takes the
    model away: the prior serves again, as where nothing was ever pointed at, and on_prior is called.
    """

    def __init__(
        self,
        shelf: ModelShelf | NATS,
        service: str,
        load: Callable[[Path, Pointer], M],
        *,
        prior: M,
        poll_seconds: float = 2.0,
        on_swap: Callable[[M, Pointer], None] | None = None,
        on_prior: Callable[[], None] | None = None,
    ) -> None:
        self.name = f"{service}-model"
        self._shelf = shelf if isinstance(shelf, ModelShelf) else ModelShelf(shelf)
        self._service = service
        self._load = load
        self._poll_seconds = poll_seconds
        self._on_swap = on_swap
        self._prior, self._on_prior = prior, on_prior
        self._left: Pointer | None = None  # the pointer that took the model away
        self._current: tuple[M, Pointer | None] = (prior, None)
        self._looked = False
        self._wake = asyncio.Event()
        self._failed: Pointer | None = None
        self._retry_at = 0.0
        self._retry_seconds = poll_seconds
        MODEL_GENERATION.labels(service).set(0)

    @property
    def current(self) -> tuple[M, Pointer | None]:
        """The model in use and its pointer; None with the prior. Take it once per batch."""
        return self._current

    @property
    def ready(self) -> bool:
        """Whether the pointer has been looked at, so that a trained model is not answered for by the prior."""
        return self._looked

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until stop: at once when the pointer moves, and by re-reading it every poll_seconds."""
        subject = f"$KV.{MODELS_BUCKET}.{self._service}"
        watch = await self._shelf.nc.subscribe(subject, cb=self._moved)
        waker = asyncio.create_task(self._wake_at(stop))
        try:
            while not stop.is_set():
                self._wake.clear()
                await self.look()
                try:
                    async with asyncio.timeout(self._poll_seconds):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            waker.cancel()
            with contextlib.suppress(nats.errors.Error):
                await watch.unsubscribe()

    async def look(self) -> bool:
        """Read the pointer once and take the model it names; True when it was swapped in, or the prior was."""
        try:
            pointer = await self._shelf.pointer(self._service)
        except DealcastError as error:
            log.warning("model_pointer_unreadable", of=self._service, problem=error.problem)
            return False
        if pointer is None or pointer in (self._current[1], self._left):
            self._looked = True
            return False
        if not pointer.digest:
            self._leave(pointer)
            return True
        if pointer == self._failed and time.monotonic() < self._retry_at:
            return False
        try:
            model = await self._fetch(pointer)
        except Exception as error:
            self._refuse(pointer, error)
            return False
        self._take(model, pointer)
        return True

    async def _fetch(self, pointer: Pointer) -> M:
        data = await self._shelf.get(pointer.digest)

        def read() -> M:
            with tempfile.TemporaryDirectory(prefix="dealcast-model-") as folder:
                unpack(data, Path(folder))
                return self._load(Path(folder), pointer)

        return await asyncio.to_thread(read)

    def _take(self, model: M, pointer: Pointer) -> None:
        self._current, self._left = (model, pointer), None
        self._looked = True
        self._failed = None
        MODEL_GENERATION.labels(self._service).set(pointer.generation)
        MODEL_SWAPS.labels(self._service, "taken").inc()
        log.info("model_taken", of=self._service, version=pointer.version, generation=pointer.generation)
        if self._on_swap is not None:
            self._on_swap(model, pointer)

    def _leave(self, pointer: Pointer) -> None:
        self._current, self._left = (self._prior, None), pointer
        self._looked = True
        self._failed = None
        MODEL_GENERATION.labels(self._service).set(0)
        MODEL_SWAPS.labels(self._service, "left").inc()
        log.info("model_left", of=self._service, generation=pointer.generation)
        if self._on_prior is not None:
            self._on_prior()

    def _refuse(self, pointer: Pointer, error: Exception) -> None:
        again = pointer == self._failed
        self._retry_seconds = min(2 * self._retry_seconds, LONGEST_RETRY) if again else self._poll_seconds
        self._retry_at = time.monotonic() + self._retry_seconds
        self._failed = pointer
        self._looked = True
        MODEL_SWAPS.labels(self._service, "refused").inc()
        log.error(
            "model_refused",
            of=self._service,
            version=pointer.version,
            generation=pointer.generation,
            problem=error.problem if isinstance(error, DealcastError) else type(error).__name__,
            kept=self._current[1].version if self._current[1] else "prior",
        )

    async def _moved(self, _: Msg) -> None:
        self._failed = None
        self._wake.set()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()
