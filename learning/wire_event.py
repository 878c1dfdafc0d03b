"""Building the event of a deal, bounded in size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dealcast.common.v1 import records_pb2 as pb
from dealcast.events.v1 import events_pb2
from learning.records import (
    LISTS,
    Account,
    Activity,
    Change,
    Contact,
    ContactCounter,
    Deal,
    DealHistory,
    FieldType,
    Node,
    Value,
)
from learning.wire_values import (
    MAX_TEXT_BYTES,
    credits_to_pb,
    cut,
    fill_time,
    fill_value,
    members_to_pb,
    money_to_pb,
    product_line_to_pb,
    time_to_pb,
    value_to_pb,
)

MAX_ACTIVITIES = 200
# Of 256 kB in all, the insights that join on the way need some.
MAX_EVENT_BYTES = 200_000
CAUSES = {"changed": events_pb2.CAUSE_CHANGED, "rescore": events_pb2.CAUSE_RESCORE}

MAX_FIELDS = 500
MAX_MEMBERS = 1_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of each an event may hold."""

    activities: int
    changes: int
    text_bytes: int
    members: int = MAX_MEMBERS  # contacts, and products
    fields: int = MAX_FIELDS  # custom ones of the deal, and of the account
    nodes: int = MAX_MEMBERS  # of the owner's path
    accounts: int = 20  # that the deal had before


# Ever tighter, taken one after the other until the event fits. The last always does: ids and names of fields have at
# most 200 characters, stages and the like 1,000, of at most 4 bytes.
_LIMITS = (
    Limits(MAX_ACTIVITIES, 100_000, MAX_TEXT_BYTES),
    Limits(MAX_ACTIVITIES, 100_000, 400),
    Limits(100, 1_000, 200, members=200),
    Limits(50, 500, 200, members=100),
    Limits(20, 200, 100, members=50, fields=200),
    Limits(5, 50, 50, members=20, fields=100, nodes=100, accounts=1),
    Limits(5, 10, 50, members=3, fields=20, nodes=50, accounts=0),
)

FieldTypes = Mapping[str, FieldType]


def deal_event(
    history: DealHistory,
    *,
    business_day: date,
    cause: str = "changed",
    owner_name: str = "",
    field_types: FieldTypes | None = None,
    company_currency: str = "",
) -> events_pb2.DealEvent:
    """The event that DEALS.changed and DEALS.rescore carry (`cause`: changed or rescore), without insights.

    At most 200 of the newest activities with texts of at most 2 kB; where the whole is above 200 kB, texts are cut
    and the oldest activities and changes, then contacts (those without a role first), products, custom fields and
    the nodes right above the owner are left out. Whatever was cut sets `truncated`. `field_types` by custom field
    name tells choices from texts; `company_currency` is that of a deal without an amount.
    """
    event = events_pb2.DealEvent()
    for limits in _LIMITS:
        event = _build(history, limits, field_types or {})
        event.truncated = event.truncated or limits is not _LIMITS[0]
        if event.ByteSize() <= MAX_EVENT_BYTES:
            break
    event.business_day = business_day.isoformat()
    event.cause = CAUSES[cause]
    if history.deal.amount is None and company_currency:
        event.deal.amount.currency = company_currency
    event.deal.owner.name = cut(owner_name or _owner_name(history), MAX_TEXT_BYTES)
    return event


def _build(history: DealHistory, limits: Limits, types: FieldTypes) -> events_pb2.DealEvent:
    log = history.activities[-limits.activities :]
    count = max(history.activity_count, len(history.activities))
    known = _told(history)
    past = known[-limits.changes :]
    event = events_pb2.DealEvent(
        deal=_deal_to_pb(history, limits, types),
        activities=[_activity_to_pb(one, limits.text_bytes) for one in log],
        contact_counters=[_counter_to_pb(one) for one in history.counters],
        activity_count=count,
    )
    for change in past:
        _fill_change(event.history.add(), change, limits, types)
    accounts = (*history.former_accounts, *([history.account] if history.account else []))
    fields = [history.deal.fields, *(one.fields for one in accounts)]
    texts: list[Value | None] = [one.text for one in log]
    texts += [value for each in fields for value in each.values()]
    event.truncated = (
        history.truncated
        or len(log) < count
        or len(past) < len(known)
        or len(history.former_accounts) > limits.accounts
        or any(len(each) > limits.fields for each in fields)
        or any(isinstance(text, str) and len(cut(text, limits.text_bytes)) < len(text) for text in texts)
    )
    return event


def _owner_name(history: DealHistory) -> str:
    return history.owner_path[-1].name if history.owner_path else history.deal.owner_id


def _deal_to_pb(history: DealHistory, limits: Limits, types: FieldTypes) -> pb.Deal:
    deal, text_bytes = history.deal, limits.text_bytes
    message = pb.Deal(
        id=deal.id, revision=deal.revision, kind=f"DEAL_KIND_{deal.kind}",
        motion=f"MOTION_{deal.motion}", pipeline=deal.pipeline, stage=deal.stage,
        outcome=f"OUTCOME_{deal.outcome}", deleted=deal.deleted, name=cut(deal.name, text_bytes),
        amount=money_to_pb(deal.amount), created_time=time_to_pb(deal.created_time),
        close_date=deal.close_date.isoformat() if deal.close_date else "",
        closed_date=deal.closed_date.isoformat() if deal.closed_date else "", category=deal.category,
        owner=pb.Owner(id=deal.owner_id, path=_nodes_to_pb(history.owner_path, limits)),
        products=[
            product_line_to_pb(one, cut(history.product_names.get(one.product_id, ""), text_bytes))
            for one in deal.products[: limits.members]
        ],
        contacts=_contacts_to_pb(history, deal, limits), credits=credits_to_pb(deal.credits),
        placements=[
            pb.Placement(tree=one.tree, path=_nodes_to_pb(one.path, limits), share=one.share)
            for one in history.placements
        ],
    )  # fmt: skip
    for name in sorted(deal.fields)[: limits.fields]:
        message.fields[name].CopyFrom(value_to_pb(deal.fields[name], types.get(name), text_bytes))
    if history.account is not None:
        _fill_account(message.account, history.account, deal, limits)
    elif deal.account_id:
        message.account.id = deal.account_id
    for account in history.former_accounts[: limits.accounts]:
        _fill_account(message.former_accounts.add(), account, deal, limits)
    return message


def _fill_account(message: pb.Account, account: Account, deal: Deal, limits: Limits) -> None:
    message.id, message.name = account.id, cut(account.name, limits.text_bytes)
    for name in sorted(account.fields)[: limits.fields]:
        message.fields[name].CopyFrom(value_to_pb(account.fields[name], None, limits.text_bytes))
    if not account.changes:
        return
    start = deal.created_time or account.changes[0].effective_time
    moving = {one.field for one in account.changes if one.effective_time > start}
    told = [one for one in account.changes if one.field in moving]  # the others have been the same all along
    for change in told[-limits.changes :]:
        _fill_change(message.changes.add(), change, limits, {})


def _told(history: DealHistory) -> Sequence[Change]:
    """The changes without lists that have been the same from the start: the deal itself tells those."""
    start = history.deal.created_time
    lists = [one for one in history.changes if one.field in LISTS]
    if not lists or start is None:
        return history.changes
    names = [one.field for one in lists]
    same = {one.field for one in lists if one.effective_time <= start and names.count(one.field) == 1}
    return [one for one in history.changes if one.field not in same] if same else history.changes


def _nodes_to_pb(path: tuple[Node, ...], limits: Limits) -> list[pb.Node]:
    return [
        pb.Node(id=one.id, level=one.level, name=cut(one.name, limits.text_bytes), parent=one.parent)
        for one in _path(path, limits.nodes)
    ]


def _path(path: tuple[Node, ...], most: int) -> tuple[Node, ...]:
    """The owner's path; of one too long the top, with the owner right below it."""
    if len(path) <= most:
        return path
    top, owner = path[: most - 1], path[-1]
    return (*top, Node(owner.id, owner.level, owner.name, top[-1].id))


def _contacts_to_pb(history: DealHistory, deal: Deal, limits: Limits) -> list[pb.Contact]:
    known = {contact.id for contact, _ in history.contacts}
    bare = [(Contact(one.contact_id, ""), one.role) for one in deal.contacts if one.contact_id not in known]
    people = [*history.contacts, *bare]
    if len(people) > limits.members:
        people = sorted(people, key=lambda one: not one[1])[: limits.members]
    return [
        pb.Contact(
            id=contact.id, name=cut(contact.name, limits.text_bytes), title=cut(contact.title, limits.text_bytes),
            role=role, consented_channels=_channels(contact, granted=True),
            refused_channels=_channels(contact, granted=False),
        )
        for contact, role in people
    ]  # fmt: skip


def _channels(contact: Contact, *, granted: bool) -> list[str]:
    return list(dict.fromkeys(one.channel for one in contact.consents if one.granted is granted))


def _fill_change(message: pb.Change, change: Change, limits: Limits, types: FieldTypes) -> None:
    value = change.value
    message.field, message.revision = change.field, change.revision
    fill_time(message.effective_time, change.effective_time)
    fill_time(message.recorded_time, change.recorded_time)
    if isinstance(value, tuple):
        message.value.CopyFrom(members_to_pb(value, limits.members))
    elif value is None:
        message.value.SetInParent()
    else:
        fill_value(message.value, value, types.get(change.field.removeprefix("fields.")), limits.text_bytes)


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
