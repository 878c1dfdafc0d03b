"""Building the event of a deal, bounded in size."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from dealcast.common.v1 import records_pb2 as pb
from dealcast.events.v1 import events_pb2
from learning.records import Activity, Change, Contact, ContactCounter, Deal, DealHistory, FieldType
from learning.wire_values import MAX_TEXT_BYTES, cut, money_to_pb, time_to_pb, value_to_pb

MAX_ACTIVITIES = 200
# Of 256 kB in all, the insights that join on the way need some.
MAX_EVENT_BYTES = 200_000
CAUSES = {"changed": events_pb2.CAUSE_CHANGED, "rescore": events_pb2.CAUSE_RESCORE}

# Ever tighter limits, taken one after the other until the event fits: activities, changes, bytes of a text.
_LIMITS = (
    (MAX_ACTIVITIES, 100_000, MAX_TEXT_BYTES), (MAX_ACTIVITIES, 100_000, 400), (100, 1_000, 200), (50, 500, 200),
    (20, 200, 100), (5, 50, 50),
)  # fmt: skip
MAX_FIELDS = 500

FieldTypes = Mapping[str, FieldType]


def deal_event(
    history: DealHistory,
    *,
    business_day: date,
    cause: str = "changed",
    owner_name: str = "",
    field_types: FieldTypes | None = None,
) -> events_pb2.DealEvent:
    """The event that DEALS.changed and DEALS.rescore carry (`cause`: changed or rescore), without insights.

    At most 200 of the newest activities with texts of at most 2 kB; where the whole is above 200 kB, texts are cut
    and the oldest activities and changes are left out. Whatever was cut sets `truncated`. `field_types` by custom
    field name tells choices from texts.
    """
    event = events_pb2.DealEvent()
    for activities, changes, text_bytes in _LIMITS:
        event = _build(history, activities, changes, text_bytes, field_types or {})
        if event.ByteSize() <= MAX_EVENT_BYTES:
            break
    event.business_day = business_day.isoformat()
    event.cause = CAUSES[cause]
    event.deal.owner.name = cut(owner_name or _owner_name(history), MAX_TEXT_BYTES)
    return event


def _build(
    history: DealHistory, activities: int, changes: int, text_bytes: int, types: FieldTypes
) -> events_pb2.DealEvent:
    log = history.activities[-activities:]
    count = max(history.activity_count, len(history.activities))
    past = history.changes[-changes:]
    shortened = any(len(cut(one.text, text_bytes)) < len(one.text) for one in log)
    event = events_pb2.DealEvent(
        deal=_deal_to_pb(history, text_bytes, types),
        history=[_change_to_pb(one, text_bytes, types) for one in past],
        activities=[_activity_to_pb(one, text_bytes) for one in log],
        contact_counters=[_counter_to_pb(one) for one in history.counters],
        activity_count=count,
    )
    event.truncated = history.truncated or shortened or len(log) < count or len(past) < len(history.changes)
    return event


def _owner_name(history: DealHistory) -> str:
    return history.owner_path[-1].name if history.owner_path else history.deal.owner_id


def _deal_to_pb(history: DealHistory, text_bytes: int, types: FieldTypes) -> pb.Deal:
    deal = history.deal
    message = pb.Deal(
        id=deal.id, revision=deal.revision, kind=f"DEAL_KIND_{deal.kind}",
        motion=f"MOTION_{deal.motion}", pipeline=deal.pipeline, stage=deal.stage,
        outcome=f"OUTCOME_{deal.outcome}", deleted=deal.deleted, name=cut(deal.name, text_bytes),
        amount=money_to_pb(deal.amount), created_time=time_to_pb(deal.created_time),
        close_date=deal.close_date.isoformat() if deal.close_date else "",
        closed_date=deal.closed_date.isoformat() if deal.closed_date else "", category=deal.category,
        owner=pb.Owner(id=deal.owner_id, path=[
            pb.Node(id=one.id, level=one.level, name=one.name, parent=one.parent) for one in history.owner_path
        ]),
        products=[
            pb.ProductLine(product_id=one.product_id, quantity=one.quantity, price=money_to_pb(one.price))
            for one in deal.products
        ],
        contacts=_contacts_to_pb(history, deal),
    )  # fmt: skip
    for name in sorted(deal.fields)[:MAX_FIELDS]:
        message.fields[name].CopyFrom(value_to_pb(deal.fields[name], types.get(name), text_bytes))
    if history.account is not None:
        message.account.id, message.account.name = history.account.id, cut(history.account.name, text_bytes)
        for name in sorted(history.account.fields)[:MAX_FIELDS]:
            value = history.account.fields[name]
            message.account.fields[name].CopyFrom(value_to_pb(value, None, text_bytes))
    elif deal.account_id:
        message.account.id = deal.account_id
    return message


def _contacts_to_pb(history: DealHistory, deal: Deal) -> list[pb.Contact]:
    known = {contact.id for contact, _ in history.contacts}
    bare = [(Contact(one.contact_id, ""), one.role) for one in deal.contacts if one.contact_id not in known]
    return [
        pb.Contact(
            id=contact.id, name=contact.name, title=contact.title, role=role,
            consented_channels=[one.channel for one in contact.consents if one.granted],
            refused_channels=[one.channel for one in contact.consents if not one.granted],
        )
        for contact, role in (*history.contacts, *bare)
    ]  # fmt: skip


def _change_to_pb(change: Change, text_bytes: int, types: FieldTypes) -> pb.Change:
    return pb.Change(
        field=change.field,
        value=value_to_pb(change.value, types.get(change.field.removeprefix("fields.")), text_bytes),
        effective_time=time_to_pb(change.effective_time), recorded_time=time_to_pb(change.recorded_time),
        revision=change.revision,
    )  # fmt: skip


def _activity_to_pb(one: Activity, text_bytes: int) -> pb.Activity:
    return pb.Activity(
        id=one.id, type=one.type, direction=one.direction, time=time_to_pb(one.time), contact_id=one.contact_id,
        text=cut(one.text, text_bytes),
    )  # fmt: skip


def _counter_to_pb(one: ContactCounter) -> events_pb2.ContactCounter:
    return events_pb2.ContactCounter(
        channel=one.channel, outbound_7_days=one.outbound_7_days, outbound_30_days=one.outbound_30_days,
        unanswered_in_a_row=one.unanswered_in_a_row, last_outbound_time=time_to_pb(one.last_outbound_time),
        last_inbound_time=time_to_pb(one.last_inbound_time),
    )  # fmt: skip
