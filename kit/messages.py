"""The plain values that cross the messaging edge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, slots=True)
class Message:
    """A message from a stream.

    deliveries counts from 1; pending is how many more wait for this consumer. headers carry the
    trace of the span that handles this message: pass telemetry.trace_headers(headers) on with
    whatever is published because of it.
    """

    subject: str
    data: bytes
    headers: Mapping[str, str]
    deliveries: int
    stream_sequence: int
    pending: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to a stream. message_id, when given, is swallowed if repeated within two minutes."""

    subject: str
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    message_id: str = ""


class Fate(Enum):
    """What becomes of a message after its handler has answered."""

    ACK = "acked"
    RETRY = "retried"
    DEAD = "dead"


Handler = Callable[[Sequence[Message]], Awaitable[Sequence[Exception | None]]]
"""Handles a batch; returns one entry a message: None (done) or why not."""
