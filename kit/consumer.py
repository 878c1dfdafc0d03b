"""A durable pull consumer that handles batches and settles every message."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import nats.errors
import structlog
from nats.aio.client import Client as NATS  # noqa: N814
from nats.aio.msg import Msg

from kit import telemetry
from kit.clock import pause
from kit.dead_letters import DeadLetters
from kit.errors import DealcastError, InvalidInput, Poisoned, TooLarge, Unavailable
from kit.messages import Fate, Handler, Message
from kit.metrics import BATCH_SECONDS, BATCH_SIZE, MESSAGES, PENDING
from kit.pull import Lost, Pull
from kit.settings import STREAMS_FILE
from kit.streams import ack_wait_seconds, ensure_consumer, ensure_streams, wait_connected

log = structlog.get_logger(__name__)

BATCH = 500
MAX_DELIVER = 20
ALONE_AFTER = 3
FIRST_DELAY = 0.2
LONGEST_DELAY = 30.0
QUIET_SECONDS = 0.02
MOST_AWAITING = 10_000
_OLD_REPLY = 9  # tokens of a server's before 2.8, which names no domain and no account
_PERMANENT = (Poisoned, InvalidInput, TooLarge)


class Consumer:
    """Fetches batches from one durable and settles each message by what the handler says of it.

    None: acknowledged. Poisoned, InvalidInput, TooLarge: to the dead-letter stream, then terminated.
    Unavailable: delivered again after a growing delay, for as long as it takes. Any other error:
    the same, but dead after max_deliver deliveries. A handler that throws is called message by
    message, so that one bad message harms no other. One that was delivered many times and never
    settled, as one does that ends the process, is dead too.
    """

    def __init__(
        self,
        nc: NATS,
        *,
        stream: str,
        durable: str,
        subject: str | Sequence[str],
        handler: Handler,
        batch: int = BATCH,
        yield_to: Consumer | None = None,
        max_deliver: int = MAX_DELIVER,
        streams_file: Path = STREAMS_FILE,
    ) -> None:
        self.name = durable
        self._nc = nc
        self._stream = stream
        self._subjects = [subject] if isinstance(subject, str) else list(subject)
        self._handler = handler
        self._yield_to = yield_to
        self._max_deliver = max_deliver
        self._streams_file = streams_file
        self._progress_seconds = ack_wait_seconds(streams_file) / 3
        self._pull = Pull(nc, stream, durable, batch)
        self._dead = DeadLetters(nc, stream, durable)
        self._handling = False
        self._bound = False
        self._awaiting: set[int] = set()  # stream sequences of those last found Unavailable, often delivered

    @property
    def ready(self) -> bool:
        """Whether messages can arrive."""
        return self._bound and self._nc.is_connected

    @property
    def idle(self) -> bool:
        """Whether nothing is in hand, and the server has had nothing to send for a moment."""
        since = self._pull.waiting_since
        return self.ready and not self._handling and 0 < since < time.monotonic() - QUIET_SECONDS

    async def run(self, stop: asyncio.Event) -> None:
        """Handle messages until stop is set; the batch in hand is finished, the rest handed back."""
        delay = FIRST_DELAY
        try:
            while await wait_connected(self._nc, stop):
                try:
                    await self._bind()
                    delay = FIRST_DELAY
                    await self._consume(stop)
                except (Lost, nats.errors.Error, TimeoutError, OSError) as error:
                    self._bound = False
                    log.warning("consumer_lost", consumer=self.name, error=f"{type(error).__name__}: {error}")
                    await pause(stop, delay)
                    delay = min(2 * delay, 2.0)
        finally:
            self._bound = False
            await self._hand_back()

    async def _bind(self) -> None:
        try:
            await ensure_consumer(self._nc, self._stream, self.name, self._subjects, self._streams_file)
        except nats.errors.Error:
            await ensure_streams(self._nc, self._streams_file)
            await ensure_consumer(self._nc, self._stream, self.name, self._subjects, self._streams_file)
        await self._pull.open()
        self._bound = True

    async def _consume(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if self._yield_to is not None and not self._yield_to.idle:
                await pause(stop, QUIET_SECONDS)
                continue
            taken = await self._take(stop)
            if not taken:
                continue
            self._handling = True
            try:
                if self._yield_to is None:
                    await self._pull.prefetch()
                await self._handle(taken)
            finally:
                self._handling = False

    async def _take(self, stop: asyncio.Event) -> list[Msg]:
        """The next messages, or none when stop is set meanwhile."""
        take = asyncio.ensure_future(self._pull.take(0.5))
        waiter = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({take, waiter}, return_when=asyncio.FIRST_COMPLETED)
            return take.result() if take.done() else []
        finally:
            for task in (take, waiter):
                if not task.done():
                    task.cancel()

    async def _handle(self, taken: Sequence[Msg]) -> None:
        started = time.perf_counter()
        messages = [_message(msg) for msg in taken]
        together = [i for i, message in enumerate(messages) if message.deliveries <= ALONE_AFTER]
        groups = [together] if together else []
        groups += [[i] for i, message in enumerate(messages) if message.deliveries > ALONE_AFTER]
        settled: Counter[Fate] = Counter()
        progress = asyncio.create_task(self._keep(taken))
        connection = self._nc.stats["reconnects"]
        try:
            for group in groups:
                results = await self._answer([messages[i] for i in group])
                for i, result in zip(group, results, strict=True):
                    # An answer goes by sequence number: after a reconnect, to a server whose disk was
                    # wiped, it would settle another message. What is not answered is delivered again.
                    if self._nc.stats["reconnects"] == connection and self._nc.is_connected:
                        settled[await self._settle(taken[i], messages[i], result)] += 1
        finally:
            progress.cancel()
        for fate, count in settled.items():
            MESSAGES.labels(self.name, fate.value).inc(count)
        BATCH_SIZE.labels(self.name).observe(len(taken))
        BATCH_SECONDS.labels(self.name).observe(time.perf_counter() - started)
        PENDING.labels(self.name).set(messages[-1].pending)

    async def _answer(self, messages: Sequence[Message]) -> Sequence[Exception | None]:
        """What the handler says of each; asked one by one when it throws at the batch."""
        first = messages[0]
        if (
            len(messages) == 1
            and first.deliveries > 5 * self._max_deliver
            and first.stream_sequence not in self._awaiting
        ):
            return [Poisoned(f"delivered {first.deliveries} times and never settled")]
        with telemetry.handling(self.name, messages) as traced:
            try:
                results = await self._handler(traced)
            except Exception as error:
                if len(messages) == 1:
                    return [error]
                log.warning("batch_failed", consumer=self.name, messages=len(messages), error=type(error).__name__)
            else:
                if len(results) == len(messages):
                    return results
                log.error("handler_miscounted", consumer=self.name, messages=len(messages), results=len(results))
        return [(await self._answer([message]))[0] for message in messages]

    async def _settle(self, msg: Msg, message: Message, error: Exception | None) -> Fate:
        self._remember(message, error)
        if error is None:
            await msg.ack()
            return Fate.ACK
        worn_out = message.deliveries >= self._max_deliver and not isinstance(error, Unavailable)
        if isinstance(error, _PERMANENT) or worn_out:
            if await self._dead.bury(message, error):
                await msg.term()
                return Fate.DEAD
        else:
            self._log_retry(message, error)
        await msg.nak(delay=min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** (message.deliveries - 1)))
        return Fate.RETRY

    def _remember(self, message: Message, error: Exception | None) -> None:
        """Note whether it waits for what is away; superseded messages never come back, so the oldest are let go."""
        if isinstance(error, Unavailable) and message.deliveries >= self._max_deliver:
            self._awaiting.add(message.stream_sequence)
            if len(self._awaiting) > MOST_AWAITING:
                self._awaiting.discard(min(self._awaiting))
        else:
            self._awaiting.discard(message.stream_sequence)

    def _log_retry(self, message: Message, error: Exception) -> None:
        log.warning(
            "message_retried",
            consumer=self.name,
            subject=message.subject,
            deliveries=message.deliveries,
            error=error.problem if isinstance(error, DealcastError) else type(error).__name__,
            trace_id=telemetry.trace_id(message.headers),
        )

    async def _keep(self, taken: Sequence[Msg]) -> None:
        """Tell the server that a long batch is still in hand."""
        while True:
            await asyncio.sleep(self._progress_seconds)
            with contextlib.suppress(nats.errors.Error, OSError):
                for msg in taken:
                    if not msg.is_acked:
                        await msg.in_progress()

    async def _hand_back(self) -> None:
        try:
            for msg in await self._pull.close():
                await msg.nak()
        except (nats.errors.Error, OSError) as error:
            log.info("not_handed_back", consumer=self.name, error=type(error).__name__)


def _message(msg: Msg) -> Message:
    """With what its reply subject tells (NATS ADR-15); the library's metadata costs as much as all the rest."""
    told = msg.reply.split(".")
    told = told[4:] if len(told) == _OLD_REPLY else told[6:]
    return Message(
        subject=msg.subject,
        data=msg.data,
        headers=msg.headers or {},
        deliveries=int(told[0]),
        stream_sequence=int(told[1]),
        pending=int(told[4]),
    )
