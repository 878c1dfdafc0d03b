"""Records to protobuf and back: the only shared place that touches `_pb2` fields of records and deal events.

`deal_event` builds an event from a history, `history_from_event` reads it; values, times and money as such are in
learning.wire_values and re-exported here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from dealcast.common.v1 import records_pb2 as pb
from dealcast.events.v1 import events_pb2
from kit.clock import day_end
from kit.errors import InvalidInput
from learning.records import (
    Account,
    Activity,
    Change,
    Consent,
    Contact,
    ContactCounter,
    ContactRole,
    Deal,
    DealHistory,
    DealKind,
    Motion,
    Node,
    Outcome,
    Value,
)
from learning.wire_event import MAX_ACTIVITIES, MAX_EVENT_BYTES, deal_event
from learning.wire_values import (
    MAX_TEXT_BYTES,
    change_value_from_pb,
    credits_from_pb,
    day_from_pb,
    money_from_pb,
    money_to_pb,
    product_line_from_pb,
    time_from_pb,
    time_to_pb,
    value_from_pb,
    value_to_pb,
)

__all__ = [
    "MAX_ACTIVITIES", "MAX_EVENT_BYTES", "MAX_TEXT_BYTES", "bare_history", "business_day", "day_from_pb", "deal_event",
    "history_from_event", "money_from_pb", "money_to_pb", "time_from_pb", "time_to_pb", "value_from_pb", "value_to_pb",
]  # fmt: skip

_KINDS = {pb.DEAL_KIND_LEAD: DealKind.LEAD}
_MOTIONS = {pb.MOTION_RENEWAL: Motion.RENEWAL, pb.MOTION_EXPANSION: Motion.EXPANSION}
_OUTCOMES = {pb.OUTCOME_WON: Outcome.WON, pb.OUTCOME_LOST: Outcome.LOST}


def history_from_event(event: events_pb2.DealEvent, texts: int | None = None) -> DealHistory:
    """What a service learns of a deal from its event. InvalidInput where a member cannot be read.

    texts: read only that many of the newest texts written by the end of the business day; None reads all. Most
    readers need few, and they are most of an event.
    """
    source = event.deal
    deal_id = source.id
    contacts = tuple([_contact_from_pb(one, source.account.id) for one in source.contacts])
    account = account_from_pb(source.account) if source.account.id else None
    changes = _changes_from_pb(event.history)
    log = event.activities
    first = 0 if texts is None else _first_text(event, texts)
    # Lists before tuples: this runs for every change of every event, and generators cost half as much again.
    activities = tuple([
        Activity(one.id, deal_id, one.type, one.direction, time_from_pb(one.time), one.contact_id)
        for one in log[:first]
    ] + [
        Activity(one.id, deal_id, one.type, one.direction, time_from_pb(one.time), one.contact_id, "", one.text)
        for one in log[first:]
    ])  # fmt: skip
    return DealHistory(
        _deal_from_pb(source), changes, activities, account,
        tuple(Node(one.id, one.level, one.name, one.parent) for one in source.owner.path),
        contacts, tuple(_counter_from_pb(one) for one in event.contact_counters),
        max(event.activity_count, len(activities)), event.truncated,
        {one.product_id: one.product_name for one in source.products if one.product_name},
        tuple([account_from_pb(one) for one in source.former_accounts]),
    )  # fmt: skip


def bare_history(event: events_pb2.DealEvent) -> DealHistory:
    """What columns are computed from and named by, at half the cost of `history_from_event`.

    No contacts' persons, counters, texts or ids of activities; of the owner's path the owner alone; changes count as
    recorded when they were effective. Snapshots of both are the same.
    """
    source = event.deal
    account = account_from_pb(source.account) if source.account.id else None
    changes = tuple([
        Change(one.field, change_value_from_pb(one.value), when := time_from_pb(one.effective_time), when)
        for one in event.history
    ])  # fmt: skip
    activities = tuple([Activity("", "", one.type, one.direction, time_from_pb(one.time)) for one in event.activities])
    path = source.owner.path
    owner = (Node(path[-1].id, path[-1].level, path[-1].name, path[-1].parent),) if path else ()
    return DealHistory(
        _deal_from_pb(source), changes, activities, account, owner,
        activity_count=max(event.activity_count, len(activities)), truncated=event.truncated,
        product_names={one.product_id: one.product_name for one in source.products if one.product_name},
        former_accounts=tuple([account_from_pb(one) for one in source.former_accounts]),
    )  # fmt: skip


def _changes_from_pb(changes: Iterable[pb.Change]) -> tuple[Change, ...]:
    return tuple([
        Change(one.field, change_value_from_pb(one.value), time_from_pb(one.effective_time),
               time_from_pb(one.recorded_time), one.revision)
        for one in changes
    ])  # fmt: skip


def account_from_pb(one: pb.Account) -> Account:
    """An account with what an event tells of its past."""
    return Account(one.id, one.name, _fields_from_pb(one.fields), changes=_changes_from_pb(one.changes))


def _first_text(event: events_pb2.DealEvent, texts: int) -> int:
    """The place of the activity from which on its texts are wanted."""
    log = event.activities
    place = len(log)
    day = day_from_pb(event.business_day)
    end = day_end(day).timestamp() if day else float("inf")
    while texts > 0 and place > 0:
        place -= 1
        texts -= bool(log[place].text) and log[place].time.seconds <= end
    return place


def business_day(event: events_pb2.DealEvent) -> date:
    """The day an event is computed for; InvalidInput where it has none."""
    day = day_from_pb(event.business_day)
    if day is None:
        raise InvalidInput("The event names no business day.", field="business_day", mend="Set it like 2017-09-30.")
    return day


def _fields_from_pb(fields: Mapping[str, pb.FieldValue]) -> dict[str, Value]:
    values = ((name, value_from_pb(value)) for name, value in fields.items())
    return {name: value for name, value in values if value is not None}


def _deal_from_pb(source: pb.Deal) -> Deal:
    return Deal(
        source.id, source.revision, _KINDS.get(source.kind, DealKind.OPPORTUNITY),
        _MOTIONS.get(source.motion, Motion.NEW), source.pipeline or "default", source.stage,
        _OUTCOMES.get(source.outcome, Outcome.OPEN), source.name, source.owner.id, source.account.id,
        money_from_pb(source.amount), time_from_pb(source.created_time) if source.HasField("created_time") else None,
        day_from_pb(source.close_date), day_from_pb(source.closed_date), source.category,
        _fields_from_pb(source.fields),
        tuple([product_line_from_pb(one) for one in source.products]),
        tuple(ContactRole(one.id, one.role) for one in source.contacts), source.deleted,
        credits_from_pb(source.credits),
    )  # fmt: skip


def _contact_from_pb(one: pb.Contact, account_id: str) -> tuple[Contact, str]:
    consents = tuple(Consent(channel, granted=True) for channel in one.consented_channels)
    consents += tuple(Consent(channel, granted=False) for channel in one.refused_channels)
    return Contact(one.id, one.name, account_id, one.title, consents=consents), one.role


def _counter_from_pb(one: events_pb2.ContactCounter) -> ContactCounter:
    return ContactCounter(
        one.channel, one.outbound_7_days, one.outbound_30_days, one.unanswered_in_a_row,
        time_from_pb(one.last_outbound_time) if one.HasField("last_outbound_time") else None,
        time_from_pb(one.last_inbound_time) if one.HasField("last_inbound_time") else None,
    )  # fmt: skip
