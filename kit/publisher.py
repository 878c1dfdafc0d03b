"""Publishing to streams in windows, with an answer for every message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import nats.errors
import structlog
from nats.aio.client import Client as NATS  # noqa: N814
from nats.aio.msg import Msg
from nats.js import api

from kit.errors import DealcastError, TooLarge, Unavailable
from kit.messages import Outgoing
from kit.metrics import PUBLISHED
from kit.settings import STREAMS_FILE
from kit.streams import ensure_streams

log = structlog.get_logger(__name__)

WINDOW = 500
ACK_SECONDS = 5.0
_NO_STREAM = "503"
_MESSAGE_TOO_LARGE = 10054  # JSStreamMessageExceedsMaximumErr of nats-server


class _NoStream(Exception):
    """Nobody listens on the subject: its stream does not exist."""


class _Window:
    """The answers of one window of messages."""

    def __init__(self, size: int) -> None:
        self.results: list[Exception | None] = [TimeoutError("no acknowledgement in time")] * size
        self.open = size
        self.done = asyncio.Event()

    def settle(self, index: int, result: Exception | None) -> None:
        self.results[index] = result
        self.open -= 1
        if self.open <= 0:
            self.done.set()


class Publisher:
    """Publishes in windows of 500 and waits for the streams' acknowledgements.

    The library's publish_async writes to the socket once a message; here a window goes out in
    one write, and its acknowledgements come back on one inbox. May be used by several tasks.
    """

    def __init__(self, nc: NATS, *, streams_file: Path = STREAMS_FILE, ack_seconds: float = ACK_SECONDS) -> None:
        self._nc = nc
        self._streams_file = streams_file
        self._ack_seconds = ack_seconds
        self._inbox = ""
        self._count = 0
        self._waiting: dict[str, tuple[_Window, int]] = {}

    async def publish(self, messages: Sequence[Outgoing]) -> list[Exception | None]:
        """One entry a message, in order: None once its stream has it, TooLarge, or Unavailable.

        Streams that are gone (a wiped server) are made anew and the affected messages sent once more.
        """
        results: list[Exception | None] = []
        for start in range(0, len(messages), WINDOW):
            results += await self._window(messages[start : start + WINDOW])
        homeless = [i for i, result in enumerate(results) if isinstance(result, _NoStream)]
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
        if not self._inbox:
            inbox = self._nc.new_inbox()
            await self._nc.subscribe(inbox + ".*", cb=self._acknowledged)
            self._inbox = inbox
        window = _Window(len(messages))
        first = self._count
        self._count += len(messages)
        for i, message in enumerate(messages):
            await self._send(message, str(first + i), window, i)
        try:
            async with asyncio.timeout(self._ack_seconds):
                await window.done.wait()
        except TimeoutError:
            for i in range(len(messages)):
                self._waiting.pop(str(first + i), None)
        return window.results

    async def _send(self, message: Outgoing, token: str, window: _Window, index: int) -> None:
        headers = dict(message.headers)
        if message.message_id:
            headers[api.Header.MSG_ID.value] = message.message_id
        self._waiting[token] = (window, index)
        try:
            await self._nc.publish(message.subject, message.data, f"{self._inbox}.{token}", headers or None)
        except (nats.errors.Error, OSError, ValueError) as error:
            del self._waiting[token]
            window.settle(index, error)

    async def _acknowledged(self, msg: Msg) -> None:
        """A stream's answer: JSON with its sequence, or an error (NATS ADR-1, ADR-22)."""
        entry = self._waiting.pop(msg.subject.rsplit(".", 1)[1], None)
        if entry is None:
            return
        window, index = entry
        window.settle(index, _refusal(msg))


def _refusal(msg: Msg) -> Exception | None:
    if not msg.data:
        gone = (msg.headers or {}).get(api.Header.STATUS.value) == _NO_STREAM
        return _NoStream() if gone else Unavailable("the stream gave no answer")
    if b'"error"' not in msg.data:
        return None
    try:
        error = json.loads(msg.data)["error"]
        if error.get("err_code") == _MESSAGE_TOO_LARGE:
            return _too_large()
        return Unavailable(str(error.get("description", "refused")))
    except (ValueError, KeyError, AttributeError):
        return Unavailable("the stream's answer is unreadable")


def _explained(error: Exception | None) -> DealcastError | None:
    if error is None:
        return None
    if isinstance(error, nats.errors.MaxPayloadError):
        return _too_large()
    if isinstance(error, TooLarge):
        return error
    reason = "it does not exist" if isinstance(error, _NoStream) else str(error) or type(error).__name__
    return Unavailable(f"the message was not taken by its stream: {reason}", mend="It is sent again by itself")


def _too_large() -> TooLarge:
    return TooLarge("the message is larger than NATS takes", mend="Cut the record's texts or history")
