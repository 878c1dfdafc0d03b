"""A deal event as the columns of a snapshot, straight from the message: no history is built on the way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from dealcast.common.v1 import records_pb2 as pb
from dealcast.events.v1 import events_pb2
from learning.records import LISTS, TRACKED_FIELDS, Change, ChangeValue, ContactRole, ProductLine
from learning.snapshots import Row, end_of, row_at
from learning.timeline import MOVING, add_account, add_activities, columns_of
from learning.wire import account_from_pb, bare_history
from learning.wire_values import change_value_from_pb, time_from_pb

# Those among the fields whose value is a column, so that the others' need not be read.
_READ = {"kind", "motion", "pipeline", "stage", "category", "owner_id", "account_id", "amount", "close_date"}
_UNREAD = frozenset(TRACKED_FIELDS) - _READ - set(LISTS)


def row_of_event(event: events_pb2.DealEvent, day: date) -> Row:
    """As `row_at` of the event's history, at a third of its cost. InvalidInput where a column cannot be read.

    An event that carries a part of the history alone, or not in order of time, is read by way of the history.
    """
    changes, log = list(event.history), list(event.activities)
    times = [time_from_pb(one.effective_time) for one in changes]
    done = [time_from_pb(one.time) for one in log]
    if event.truncated or not times or times != sorted(times) or done != sorted(done):
        return row_at(bare_history(event), day)
    source, before = event.deal, end_of(day)
    state: dict[str, ChangeValue | None] = {}
    lists: dict[str, pb.FieldValue | None] = {}
    moves = []
    for one, when in zip(changes, times, strict=True):
        name = one.field
        if name in LISTS:
            lists[name] = one.value if when < before else lists.get(name)
        elif when < before and name not in _UNREAD:
            message = one.value
            value = state[name] = message.text or change_value_from_pb(message)
            if name in MOVING:
                moves.append(Change(name, value, when, when))
    _add_lists(state, lists, source)
    first = time_from_pb(source.created_time) if source.HasField("created_time") else times[0]
    row = columns_of(state, moves, first.date(), day, before)
    account = _account(source, state.get("account_id"))
    if account is not None:
        add_account(row, account_from_pb(account), before)
    add_activities(row, log, done, event.activity_count, before)
    return row


def _add_lists(
    state: dict[str, ChangeValue | None], changed: Mapping[str, pb.FieldValue | None], source: pb.Deal
) -> None:
    """The products and contacts on it: as last changed (None: not by then), else as they have been all the time."""
    if "products" not in changed:
        state["products"] = tuple([ProductLine(one.product_id) for one in source.products])
    elif (lines := changed["products"]) is not None:
        state["products"] = tuple([ProductLine(one.product_id) for one in lines.products.lines])
    if "contacts" not in changed:
        state["contacts"] = tuple([ContactRole(one.id, one.role) for one in source.contacts])
    elif (people := changed["contacts"]) is not None:
        state["contacts"] = tuple([ContactRole(one.contact_id, one.role) for one in people.contacts.roles])


def _account(source: pb.Deal, account_id: ChangeValue | None) -> pb.Account | None:
    """The account of that id; one the deal had before counts first, as in a history."""
    if not account_id:
        return None
    for one in source.former_accounts:
        if one.id == account_id:
            return one
    return source.account if source.account.id == account_id else None
