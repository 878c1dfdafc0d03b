"""The dead-letter stream: messages that can never be handled, each beside its error."""

from __future__ import annotations

from collections.abc import Mapping

import nats.errors
import structlog
from nats.aio.client import Client as NATS  # noqa: N814
from nats.js import api

from dealcast.events.v1 import events_pb2
from kit import telemetry
from kit.artifacts import digest
from kit.errors import DealcastError
from kit.messages import Message
from kit.subjects import DEAD, subject

log = structlog.get_logger(__name__)

LARGEST = 900_000
ERROR_LIMIT = 4_000


class DeadLetters:
    """Buries messages of one consumer under DEAD.<durable>.<last token of their subject>."""

    def __init__(self, nc: NATS, stream: str, durable: str) -> None:
        self._nc = nc
        self._stream = stream
        self._durable = durable

    async def bury(self, message: Message, error: Exception) -> bool:
        """Publish the dead letter; False when the stream did not take it, so that nothing is lost."""
        letter = self._letter(message, error)
        # Delivered again because its end was not heard of, it is the same letter; after a wiped disk, the number
        # alone would be another message's.
        identity = f"dead-{self._durable}-{message.stream_sequence}-{digest(message.data)[:16]}"
        try:
            await self._nc.jetstream(timeout=5).publish(
                subject(DEAD, self._durable, message.subject.rsplit(".", 1)[-1]),
                letter.SerializeToString(),
                headers={api.Header.MSG_ID: identity, **telemetry.trace_headers(message.headers)},
            )
        except (nats.errors.Error, OSError) as failure:
            log.warning("dead_letter_not_taken", consumer=self._durable, error=type(failure).__name__)
            return False
        log.error(
            "message_dead",
            consumer=self._durable,
            subject=message.subject,
            problem=letter.problem,
            field=error.field if isinstance(error, DealcastError) else "",
            deliveries=message.deliveries,
            trace_id=telemetry.trace_id(message.headers),
        )
        return True

    def _letter(self, message: Message, error: Exception) -> events_pb2.DeadLetter:
        return dead_letter(
            self._stream, self._durable, message.subject, message.data, message.headers, error, message.deliveries
        )


def dead_letter(
    stream: str, consumer: str, subject: str, data: bytes, headers: Mapping[str, str], error: Exception, deliveries: int
) -> events_pb2.DeadLetter:
    """A letter on a message of a subject that its consumer, or its publisher, has given up, as of now."""
    known = isinstance(error, DealcastError)
    letter = events_pb2.DeadLetter(
        stream=stream,
        consumer=consumer,
        subject=subject,
        data=data[:LARGEST],
        headers=dict(headers),
        error=(str(error) if known else f"{type(error).__name__}: {error}")[:ERROR_LIMIT],
        problem=error.problem if isinstance(error, DealcastError) else "internal",
        deliveries=deliveries,
    )
    letter.failed_time.GetCurrentTime()
    return letter
