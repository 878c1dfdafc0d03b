"""What comes back from the services: insights and rollups, merged in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.message import DecodeError

from dealcast.common.v1 import insights_pb2
from dealcast.events.v1 import events_pb2
from kit.errors import DealcastError, Poisoned
from kit.messaging import Message
from kit.telemetry import Change, log_changes, trace_id
from services.gateway.convert import insight_from_event, rollup_from_pb
from services.gateway.domain import Insight, InsightKind
from services.gateway.store.interface import Store, StoredRollup

Answered = Callable[[str, int], None]


class InsightMerger:
    """Handles INSIGHTS.lead_score, .forecast and .next_actions; the store's order decides what stays."""

    def __init__(self, store: Store, merged: Callable[[], None], answered: Answered) -> None:
        self._store = store
        self._merged = merged
        self._answered = answered

    async def __call__(self, messages: Sequence[Message]) -> list[Exception | None]:
        results: list[Exception | None] = []
        insights: list[Insight] = []
        changes: list[Change] = []
        for message in messages:
            try:
                insight = read_insight(message)
                insights.append(insight)
                if insight.kind is InsightKind.NEXT_ACTIONS:  # the last of the three
                    changes.append(Change(insight.deal_id, insight.key.deal_revision, trace_id(message.headers)))
                results.append(None)
            except DealcastError as error:
                results.append(error)
        if insights:
            replaced = await self._store.apply_insights(insights)
            if any(replaced):
                self._merged()
        for insight in insights:
            if insight.kind is InsightKind.NEXT_ACTIONS:
                self._answered(insight.deal_id, insight.key.deal_revision)
        log_changes("insights_merged", changes)
        return results


class RollupKeeper:
    """Handles INSIGHTS.rollup; of one node, period and currency the latest stays, and none that a replica reckoned with
    exchange rates of an earlier edition takes its place."""

    def __init__(self, store: Store, saved: Callable[[], None]) -> None:
        self._store = store
        self._saved = saved
        self._latest: dict[tuple[str, str, str], tuple[int, str, str]] = {}

    async def __call__(self, messages: Sequence[Message]) -> list[Exception | None]:
        results: list[Exception | None] = []
        newest: dict[tuple[str, str, str], StoredRollup] = {}
        for message in messages:
            try:
                rollup = rollup_from_pb(_parse(insights_pb2.Rollup, message))
            except DealcastError as error:
                results.append(error)
                continue
            results.append(None)
            key = (rollup.node, rollup.period, rollup.currency)
            held = _order(newest[key]) if key in newest else self._latest.get(key, (0, "", ""))
            if _replaces(_order(rollup), held):
                newest[key] = rollup
        if newest:
            await self._store.save_rollups(list(newest.values()))
            self._latest |= {key: _order(rollup) for key, rollup in newest.items()}
            self._saved()
        return results


def read_insight(message: Message) -> Insight:
    """The insight of the kind that the subject names. Raises Poisoned."""
    try:
        kind = InsightKind(message.subject.split(".")[1])
    except (ValueError, IndexError):
        raise Poisoned("the subject names no kind of insight", field="subject", value=message.subject) from None
    return insight_from_event(_parse(events_pb2.DealEvent, message), kind)


def _parse(kind: Any, message: Message) -> Any:
    try:
        return kind.FromString(message.data)
    except DecodeError:
        raise Poisoned(
            "the message is no " + kind.DESCRIPTOR.name, field="data", mend="Look at the service that sent it"
        ) from None


def _order(rollup: StoredRollup) -> tuple[int, str, str]:
    """Edition, business day and moment; moments of different precision compare as texts once the Z is gone."""
    return rollup.body["exchange_edition"], rollup.body["business_day"], rollup.body["as_of"].rstrip("Z")


def _replaces(new: tuple[int, str, str], held: tuple[int, str, str]) -> bool:
    """Of one edition and day the later; another day counts whichever it is, for the clock may go back."""
    return new[0] > held[0] or (new[0] == held[0] and (new[1] != held[1] or new[2] >= held[2]))
