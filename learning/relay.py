"""Deal events through a model service: read a batch, answer it, publish all of it with the insight filled in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from google.protobuf.message import DecodeError

from dealcast.events.v1 import events_pb2
from kit.errors import DealcastError, Poisoned
from kit.messages import Message, Outgoing
from kit.subjects import subject
from kit.telemetry import Change, log_changes, trace_headers, trace_id

Q = TypeVar("Q")
A = TypeVar("A")


class Sender(Protocol):
    """Publishes messages, one answer each (kit.messaging.Publisher)."""

    async def publish(self, messages: Sequence[Outgoing]) -> list[Exception | None]: ...


@dataclass(frozen=True)
class DealRelay(Generic[Q, A]):
    """A consumer's handler: asks all, publishes all on `prefix`.<deal>, then says the fate of each.

    read tells the question an event asks, or raises DealcastError; answer gives one answer a question; write gives
    the event as it travels on, or None where nothing is to be published. `chunk` deals are answered between two turns
    of the event loop.
    """

    prefix: str
    chunk: int
    publisher: Sender
    read: Callable[[events_pb2.DealEvent], Q]
    answer: Callable[[Sequence[Q]], Sequence[A]]
    write: Callable[[events_pb2.DealEvent, Q, A], bytes | None]

    async def __call__(self, messages: Sequence[Message]) -> Sequence[Exception | None]:
        """One entry a message: None once its insight is in the stream; an error is the message's own."""
        fates: list[Exception | None] = [None] * len(messages)
        outgoing: dict[int, Outgoing] = {}
        handled: dict[int, Change] = {}
        for start in range(0, len(messages), self.chunk):
            events = self._read(messages, range(start, min(start + self.chunk, len(messages))), fates)
            answers = self.answer([asked for _, asked in events.values()])
            for (index, (event, asked)), answer in zip(events.items(), answers, strict=True):
                headers = trace_headers(messages[index].headers)
                handled[index] = Change(event.deal.id, event.deal.revision, trace_id(headers))
                data = self.write(event, asked, answer)
                if data is not None:
                    outgoing[index] = Outgoing(subject(self.prefix, event.deal.id), data, headers)
            await asyncio.sleep(0)
        for index, fate in zip(outgoing, await self.publisher.publish(list(outgoing.values())), strict=True):
            fates[index] = fate
        log_changes("deal_handled", [change for index, change in handled.items() if fates[index] is None])
        return fates

    def _read(
        self, messages: Sequence[Message], indices: range, fates: list[Exception | None]
    ) -> dict[int, tuple[events_pb2.DealEvent, Q]]:
        """Events with their questions by position; what cannot be read is noted in fates."""
        events: dict[int, tuple[events_pb2.DealEvent, Q]] = {}
        for index in indices:
            try:
                event = event_from_bytes(messages[index].data)
                events[index] = (event, self.read(event))
            except DealcastError as error:
                fates[index] = error
        return events


def event_from_bytes(data: bytes) -> events_pb2.DealEvent:
    """Parse a message. Raises Poisoned where it is no DealEvent."""
    try:
        return events_pb2.DealEvent.FromString(data)
    except DecodeError:
        raise Poisoned(
            "the message is no DealEvent", field="data", mend="Publish dealcast.events.v1.DealEvent"
        ) from None
