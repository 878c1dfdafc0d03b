"""Publishing to streams in windows, with an answer for every message."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import nats.errors
import structlog
from nats.aio.client import Client as NATS  # noqa: N814
from nats.js import api
from nats.js.errors import NoStreamResponseError

from kit.errors import DealcastError, TooLarge, Unavailable
from kit.messages import Outgoing
from kit.metrics import PUBLISHED
from kit.settings import STREAMS_FILE
from kit.streams import ensure_streams

log = structlog.get_logger(__name__)

WINDOW = 500
ACK_SECONDS = 5.0


class Publisher:
    """Publishes with publish_async in windows of 500 and waits for the streams' acknowledgements."""

    def __init__(self, nc: NATS, *, streams_file: Path = STREAMS_FILE, ack_seconds: float = ACK_SECONDS) -> None:
        self._nc = nc
        self._js = nc.jetstream(publish_async_max_pending=4 * WINDOW)
        self._streams_file = streams_file
        self._ack_seconds = ack_seconds

    async def publish(self, messages: Sequence[Outgoing]) -> list[Exception | None]:
        """One entry a message, in order: None once its stream has it, TooLarge, or Unavailable.

        Streams that are gone (a wiped server) are made anew and the affected messages sent once more.
        """
        results: list[Exception | None] = []
        for start in range(0, len(messages), WINDOW):
            results += await self._window(messages[start : start + WINDOW])
        homeless = [i for i, result in enumerate(results) if isinstance(result, NoStreamResponseError)]
        if homeless:
            await self._remake()
            again = await self._window([messages[i] for i in homeless])
            for i, result in zip(homeless, again, strict=True):
                results[i] = result
        answers: list[Exception | None] = [_explained(result) for result in results]
        failed = sum(answer is not None for answer in answers)
        PUBLISHED.labels("acked").inc(len(answers) - failed)
        if failed:
            PUBLISHED.labels("failed").inc(failed)
        return answers

    async def _remake(self) -> None:
        try:
            await ensure_streams(self._nc, self._streams_file)
        except (nats.errors.Error, TimeoutError) as error:
            log.warning("streams_not_made", error=type(error).__name__)

    async def _window(self, messages: Sequence[Outgoing]) -> list[Exception | None]:
        futures = [await self._send(message) for message in messages]
        waiting = [future for future in futures if isinstance(future, asyncio.Future)]
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=self._ack_seconds)
            for future in late:
                future.cancel()
        return [_outcome(future) for future in futures]

    async def _send(self, message: Outgoing) -> asyncio.Future[api.PubAck] | Exception:
        headers = dict(message.headers)
        if message.message_id:
            headers[api.Header.MSG_ID] = message.message_id
        try:
            return await self._js.publish_async(
                message.subject, message.data, wait_stall=self._ack_seconds, headers=headers or None
            )
        except (nats.errors.Error, OSError, ValueError) as error:
            return error


def _outcome(future: asyncio.Future[api.PubAck] | Exception) -> Exception | None:
    if isinstance(future, Exception):
        return future
    if future.cancelled() or not future.done():
        return TimeoutError("no acknowledgement in time")
    error = future.exception()
    return error if isinstance(error, Exception) else None


def _explained(error: Exception | None) -> DealcastError | None:
    if error is None:
        return None
    if isinstance(error, nats.errors.MaxPayloadError):
        return TooLarge("the message is larger than NATS takes", mend="Cut the record's texts or history")
    return Unavailable(f"the message was not taken by its stream: {error}", mend="It is sent again by itself")
