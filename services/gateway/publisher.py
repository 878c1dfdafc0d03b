"""Publishes deals that changed: outbox rows become DealEvents on DEALS.changed and DEALS.rescore.

At least once: a row is finished only when its stream has the message. Several rows of one deal are one message.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from kit.errors import DealcastError, Internal, TooLarge
from kit.messaging import Outgoing
from kit.subjects import DEAD, DEALS_CHANGED, DEALS_RESCORE, subject, token
from kit.telemetry import TRACEPARENT, Change, log_changes, trace_id
from learning.records import FieldType
from learning.wire_event import deal_event
from services.gateway.convert_feedback import add_answers
from services.gateway.convert_letters import unpublished
from services.gateway.domain import LOCAL, Record
from services.gateway.feedback_record import Feedback
from services.gateway.live import Signal, wait_either
from services.gateway.privacy.withheld import Withheld
from services.gateway.store.interface import OutboxRow, Store
from services.gateway.workspace import Workspace

log = structlog.get_logger(__name__)

BATCH = 500
SLICE = 50  # events built before other work may run
POLL_SECONDS = 0.5
RETRY_SECONDS = 0.5
FIELD_TYPES_SECONDS = 5.0
NAME = "gateway-publisher"  # in dead letters


class Sender(Protocol):
    """Publishes messages, one answer each (kit.messaging.Publisher)."""

    async def publish(self, messages: Sequence[Outgoing]) -> list[Exception | None]: ...


@dataclass(frozen=True, slots=True)
class Due:
    """One deal to publish, and the rows that asked for it."""

    deal_id: str
    cause: str
    trace: str
    rows: tuple[int, ...]


def due(rows: Sequence[OutboxRow]) -> list[Due]:
    """One entry a deal, in order of its last row; a change outweighs a rescore."""
    grouped: dict[str, list[OutboxRow]] = {}
    for row in rows:
        grouped[row.deal_id] = [*grouped.pop(row.deal_id, ()), row]
    return [
        Due(
            deal_id,
            "changed" if any(row.cause == "changed" for row in group) else "rescore",
            next((row.trace for row in reversed(group) if row.trace), ""),
            tuple(row.id for row in group),
        )
        for deal_id, group in grouped.items()
    ]


class OutboxPublisher:
    """Runs until stopped; `wake` makes it look at once. `published` is told each deal, its revision and the cause;
    `withheld` says what services are not to know."""

    def __init__(
        self,
        store: Store,
        sender: Sender,
        workspace: Workspace,
        wake: Signal,
        published: Callable[[str, int, str], None] = lambda _deal, _revision, _cause: None,
        withheld: Callable[[], Awaitable[Withheld]] | None = None,
    ) -> None:
        self._store = store
        self._sender = sender
        self._workspace = workspace
        self._wake = wake
        self._published = published
        self._types: dict[str, FieldType] = {}
        self._types_read = 0.0
        self._read_withheld, self._withheld = withheld, Withheld()

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until stopped."""
        while not stop.is_set():
            ticket = self._wake.ticket()
            try:
                left = await self.publish_batch()
            except DealcastError as error:
                log.warning("outbox_waits", error=error.problem)
                left = -1
            except Exception:
                log.exception("outbox_failed")
                left = -1
            if left < 0:
                await wait_either(stop, stop, RETRY_SECONDS)
            elif left == 0:
                await wait_either(ticket, stop, POLL_SECONDS)

    async def publish_batch(self) -> int:
        """Publish the oldest rows. Returns how many it took, or -1 when some could not be published."""
        rows = await self._store.take_outbox(BATCH)
        if not rows:
            return 0
        entries = due(rows)
        records = await self._store.get_records(LOCAL, [entry.deal_id for entry in entries], insights=False)
        said = await self._store.list_feedback(LOCAL, [entry.deal_id for entry in entries])
        by_id = {record.history.deal.id: record for record in records}
        messages, sent, finished, hopeless = await self._build(entries, by_id, said)
        answers = await self._sender.publish(messages)
        changes: list[Change] = []
        for entry, message, answer in zip(sent, messages, answers, strict=True):
            if answer is None:
                finished += entry.rows
                revision = by_id[entry.deal_id].history.deal.revision
                changes.append(Change(entry.deal_id, revision, trace_id(message.headers)))
                self._published(entry.deal_id, revision, entry.cause)
            elif isinstance(answer, TooLarge):
                hopeless.append((entry, answer))
        log_changes("deal_published", changes)
        waiting = [answer for answer in answers if answer is not None and not isinstance(answer, TooLarge)]
        buried = await self._bury(hopeless)
        finished += [row for entry in buried for row in entry.rows]
        failed = len(waiting) + len(hopeless) - len(buried)
        if finished:
            await self._store.finish_outbox(finished)
        if failed:
            log.warning("not_published", deals=failed)
            return -1
        return len(rows)

    async def _build(
        self, entries: Sequence[Due], by_id: Mapping[str, Record], answers: Mapping[str, Sequence[Feedback]]
    ) -> tuple[list[Outgoing], list[Due], list[int], list[tuple[Due, DealcastError]]]:
        """Messages with their entries, rows of deals that do not exist, and deals that cannot be written."""
        messages: list[Outgoing] = []
        sent: list[Due] = []
        nothing: list[int] = []
        hopeless: list[tuple[Due, DealcastError]] = []
        types = await self._field_types()
        if self._read_withheld is not None:
            self._withheld = await self._read_withheld()
        for number, entry in enumerate(entries):
            record = by_id.get(entry.deal_id)
            if record is None:
                nothing += entry.rows
                continue
            message = self._message(entry, record, answers.get(entry.deal_id, ()), types)
            if isinstance(message, Outgoing):
                messages.append(message)
                sent.append(entry)
            else:
                hopeless.append((entry, message))
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
        return messages, sent, nothing, hopeless

    async def _bury(self, hopeless: Sequence[tuple[Due, DealcastError]]) -> list[Due]:
        """Dead letters for deals that no resend would publish; those whose letter was taken."""
        letters = []
        for entry, error in hopeless:
            log.error("deal_not_publishable", deal_id=entry.deal_id, problem=error.problem)
            where = subject(DEAD, NAME, token(entry.deal_id))
            letter = unpublished(NAME, entry.deal_id, error)
            letters.append(Outgoing(where, letter, {}, f"dead-{self._identity(entry)}"))
        answers = await self._sender.publish(letters) if letters else []
        return [entry for (entry, _), answer in zip(hopeless, answers, strict=True) if answer is None]

    def _identity(self, entry: Due) -> str:
        return f"outbox-{self._workspace.id}-{entry.rows[-1]}"

    def _message(
        self, entry: Due, record: Record, answers: Sequence[Feedback], types: dict[str, FieldType]
    ) -> Outgoing | DealcastError:
        try:
            event = deal_event(
                self._withheld.history(record.history),
                business_day=self._workspace.business_day,
                cause=entry.cause,
                owner_name=record.owner_name,
                field_types=types,
                company_currency=self._workspace.currency,
            )
            add_answers(event, answers)
            data = event.SerializeToString()
        except Exception as error:
            log.exception("deal_not_written", deal_id=entry.deal_id)
            return Internal(f"the deal's event cannot be written ({type(error).__name__})", mend="See the log")
        prefix = DEALS_CHANGED if entry.cause == "changed" else DEALS_RESCORE
        headers = {TRACEPARENT: entry.trace} if entry.trace else {}
        return Outgoing(subject(prefix, entry.deal_id), data, headers, self._identity(entry))

    async def _field_types(self) -> dict[str, FieldType]:
        now = time.monotonic()
        if now - self._types_read > FIELD_TYPES_SECONDS:
            definitions = await self._store.list_fields()
            self._types = {each.name: each.type for each in definitions if each.entity == "deal"}
            self._types_read = now
        return self._types
