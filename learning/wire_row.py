"""A deal event as the columns of a snapshot, straight from the message: no history is built on the way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

from dealcast.common.v1 import records_pb2 as pb
from dealcast.events.v1 import events_pb2
from learning.records import Change, ChangeValue, ContactRole, ProductLine
from learning.snapshots import Row, end_of, row_at
from learning.timeline import MOVING, add_account, add_activities, columns_of
from learning.wire import account_from_pb, bare_history
from learning.wire_values import change_value_from_pb, time_from_pb


def row_of_event(event: events_pb2.DealEvent, day: date) -> Row:
    """As `row_at` of the event's history, at less than half its cost. InvalidInput where a member cannot be read.

    An event that carries a part of the history alone, or not in order of time, is read by way of the history.
    """
    times = [time_from_pb(one.effective_time) for one in event.history]
    done = [time_from_pb(one.time) for one in event.activities]
    if event.truncated or not times or not (_ascending(times) and _ascending(done)):
        return row_at(bare_history(event), day)
    source, before = event.deal, end_of(day)
    state: dict[str, ChangeValue | None] = {}
    moves, later = [], set[str]()
    for one, when in zip(event.history, times, strict=True):
        name = one.field
        if when >= before:
            later.add(name)
            continue
        value = state[name] = change_value_from_pb(one.value)
        if name in MOVING:
            moves.append(Change(name, value, when, when))
    if "products" not in state and "products" not in later:
        state["products"] = tuple([ProductLine(one.product_id) for one in source.products])
    if "contacts" not in state and "contacts" not in later:
        state["contacts"] = tuple([ContactRole(one.id, one.role) for one in source.contacts])
    first = time_from_pb(source.created_time) if source.HasField("created_time") else times[0]
    row = columns_of(state, moves, first.astimezone(UTC).date(), day, before)
    account = _account(source, state.get("account_id"))
    if account is not None:
        add_account(row, account_from_pb(account), before)
    add_activities(row, event.activities, done, event.activity_count, before)
    return row


def _ascending(times: list[datetime]) -> bool:
    return all(one <= other for one, other in pairwise(times))


def _account(source: pb.Deal, account_id: ChangeValue | None) -> pb.Account | None:
    """The account of that id; one the deal had before counts first, as in a history."""
    if not account_id:
        return None
    return next((one for one in (*source.former_accounts, source.account) if one.id == account_id), None)
