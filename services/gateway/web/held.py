"""The numbers of a forecast call: gathered once, and held while people talk about them.

A call's numbers stay in the gateway's memory for some hours, the newest few of each person: they are a view, nothing
that could be lost.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from kit.errors import NotFound
from learning.exchange import Rates
from learning.fiscal import FiscalPeriod
from services.gateway.calls import Call, CallKind, Moment, counted_calls, said_of
from services.gateway.disagreements import judged_deals
from services.gateway.domain import Principal, Record, Scope
from services.gateway.forecast_changes import between, changes, first_moment
from services.gateway.own_record import PEOPLES
from services.gateway.service import Gateway

MOST_EACH, MOST_CALLS = 8, 200  # of a person, and of all
LASTS = timedelta(hours=6)
FRESH, MOST_KEPT = 10.0, 60
MET, SUBMITTED, BEGUN = "call", "submission", "start"
BEGINS = (MET, SUBMITTED, BEGUN)  # where the bridge may begin beside a day: when they met, submitted, the period began

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked for; `since` is where the bridge begins, without a day as `begin` says: one of BEGINS, else
    the last submission or call, whichever was later."""

    period: FiscalPeriod
    node: str
    currency: str
    since: date | None
    begin: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """When something was said of a node, by a submission or in a call."""

    at: Moment
    by: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """The totals of all nodes that are seen, and what people said of them."""

    forecast: Json
    rates: Rates
    calls: Sequence[Call]  # that stand
    day: date
    time: datetime  # when they were gathered
    event: int  # the last before
    sight: str = ""  # of what they are, see the store's `sight`
    said: frozenset[int] = frozenset()  # by their own person within the call: ids of what stands or was taken back
    held: Mapping[str, Moment] = field(default_factory=dict)  # by node: of when the reader's last call of it was
    recorded: datetime | None = None  # by the wall, when they were gathered

    def standing(self, kind: CallKind, node: str) -> Call | None:
        """What stands of a kind for a node: the newest, in whatever currency."""
        mine = [call for call in self.calls if (call.kind, call.node) == (kind, node)]
        return max(mine, key=lambda call: call.id, default=None)

    @property
    def moment(self) -> Moment:
        """When they were gathered."""
        return Moment(self.time, self.recorded)

    def last_spoken(self, node: str, by: str = "") -> Spoken | None:
        """When the node was spoken of last: by its submission, or in a call of the reader's on it or on one above, in
        which it was seen too; with `by` by the one or the other. Since a call of this very moment nothing happened."""
        said = self.standing(CallKind.SUBMISSION, node)
        parents = {row["node"]: row["parent"] for row in self.forecast["nodes"]}
        times, one = [Spoken(Moment(said.time, said.recorded), SUBMITTED)] if said else [], node
        while one:
            if one in self.held and self.held[one].order < self.moment.order:
                times.append(Spoken(self.held[one], MET))
            one = parents.get(one, "")
        mine = [spoken for spoken in times if by in ("", spoken.by)]
        return max(mine, key=lambda spoken: spoken.at.order, default=None)

    @property
    def topmost(self) -> list[Json]:
        """Of the nodes whose totals are seen, those that stand below no other of them."""
        seen = {row["node"] for row in self.forecast["nodes"] if row["booked"] is not None}
        return [row for row in self.forecast["nodes"] if row["node"] in seen and row["parent"] not in seen]

    def below(self, node: str) -> list[Json]:
        """The totals of a node and of those below it."""
        inside, rows = {node}, []
        for row in self.forecast["nodes"]:  # parents before children
            if row["node"] == node or row["parent"] in inside:
                inside.add(row["node"])
                rows.append(row)
        return rows

    def owners(self, node: str) -> frozenset[str]:
        """The owners at or below a node."""
        inside = [node, *(row["node"] for row in self.below(node))]
        return frozenset(one.removeprefix("owner:") for one in inside if one.startswith("owner:"))


@dataclass(frozen=True, slots=True)
class Moves:
    """What takes reading deals: the bridge of all nodes, and the deals that may be judged in two ways, by node: a
    node's are read when it is looked at first."""

    bridge: Json
    since: str = ""  # what it begins at: a submission, a call; else a day
    judged: dict[str, Sequence[Record]] = field(default_factory=dict)

    @property
    def deals(self) -> list[str]:
        """By id, those that are named."""
        moved = (deal["id"] for deal in self.bridge.get("deals", ()))
        judged = (record.history.deal.id for records in self.judged.values() for record in records)
        return sorted({*moved, *judged})


async def gather_numbers(gateway: Gateway, principal: Principal, asked: Asked) -> Numbers:
    """The numbers as of now. Raises InvalidInput for a period that is not forecast."""
    store, event = gateway.store, await gateway.store.last_event_id()  # before reading: nothing is missed in between
    recorded, sight = gateway.workspace.wall_time(), await store.sight(principal)
    forecast = await gateway.forecast(principal, str(asked.period), "", asked.currency)
    calls = await store.standing_calls(principal, str(asked.period))
    day, now = gateway.workspace.business_day, gateway.workspace.now()
    if asked.period.end <= day:  # what came stands beside it
        record = await gateway.own_record(principal)
        calls = [call for call in calls if record.shown(call.node) == PEOPLES]
    held = await store.held_calls(principal, str(asked.period), now - LASTS)
    return Numbers(forecast, await store.rates(), calls, day, now, event, sight, held=held, recorded=recorded)


def first_seen(numbers: Numbers, node: str, *, named: bool) -> str:
    """The node asked for, else the topmost whose totals are seen. Raises NotFound for one that is not there."""
    rows = {row["node"]: row for row in numbers.forecast["nodes"]}
    if named and node not in rows:
        mend = "Choose one of the tree"
        raise NotFound("there is no such node in this period", field="node", value=node[:60], mend=mend)
    if named or (node in rows and rows[node]["booked"] is not None):
        return node
    return next((row["node"] for row in numbers.forecast["nodes"] if row["booked"] is not None), node)


async def gather_moves(
    gateway: Gateway, principal: Principal, asked: Asked, currency: str, last: Spoken | None,
    until: Moment | None = None,
) -> Moves:  # fmt: skip
    """The bridge since the node was spoken of last, else since the day asked for, else since the period's eve; up to
    now, or to the moment of which held numbers are."""
    if last is None and until is None:
        return Moves(await changes(gateway, principal, asked.period, "", currency, asked.since, None))
    end = until or Moment(gateway.workspace.now())
    start = last.at if last else Moment(first_moment(gateway, asked.period, asked.since, end.time.date()))
    ends, recorded = (start.time, max(start.time, end.time)), (start.recorded, end.recorded)
    found = await between(gateway, principal, asked.period, "", currency, ends, recorded=recorded)
    return Moves(found, last.by if last else "")


class Recent:
    """Moves gathered a moment ago, for who walks the tree or looks at the same page: a deal's history is read once.

    They serve until something changes; who sees all has them some seconds in any case. Who does not may have lost a
    deal by the change.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._known: OrderedDict[Hashable, tuple[int, float, asyncio.Task[Moves]]] = OrderedDict()

    async def moves(self, principal: Principal, asked: Asked, numbers: Numbers, fresh: float = FRESH) -> Moves:
        """Those of now, or at most `fresh` seconds old; who asks for what is being gathered waits for it."""
        return await self.judge(principal, asked.node, await self._bridge(principal, asked, numbers, fresh, None))

    async def within(self, principal: Principal, asked: Asked, numbers: Numbers, held: Moves) -> Moves:
        """Those of a call that holds these numbers, from another beginning on, with the deals in doubt as held."""
        found = await self._bridge(principal, asked, numbers, FRESH, numbers.moment)
        return replace(found, judged=held.judged)

    async def _bridge(
        self, principal: Principal, asked: Asked, numbers: Numbers, fresh: float, until: Moment | None
    ) -> Moves:  # fmt: skip
        last = None if asked.since or asked.begin == BEGUN else numbers.last_spoken(asked.node, asked.begin)
        currency = numbers.forecast["currency"]
        fresh = fresh if principal.scope is Scope.ALL else 0.0
        who = "" if principal.scope is Scope.ALL else principal.user_id  # all who see all see the same
        key = (principal.scope, who, numbers.sight, asked.period, currency, asked.since, last, until)
        event, gathered, task = self._known.get(key, (-1, 0.0, None))
        now = time.monotonic()
        failed = task is not None and task.done() and (task.cancelled() or task.exception() is not None)
        if task is None or failed or (event != numbers.event and now - gathered > fresh):
            task = asyncio.ensure_future(gather_moves(self._gateway, principal, asked, currency, last, until))
            self._known[key] = (numbers.event, now, task)
            self._known.move_to_end(key)
            while len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        return await asyncio.shield(task)

    async def judge(self, principal: Principal, node: str, moves: Moves) -> Moves:
        """The same, with the deals of this node."""
        if node not in moves.judged:
            moves.judged[node] = await judged_deals(self._gateway, principal, node)
        return moves


class Held:
    """The calls under way, by token; each is its principal's own, for as long as they see what they saw."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, tuple[Principal, Asked, Numbers, Moves]] = OrderedDict()

    def keep(self, principal: Principal, asked: Asked, numbers: Numbers, moves: Moves, instead: str = "") -> str:
        """Hold these numbers; the token to ask for them by. `instead`: the token of the call whose numbers they
        replace, which stays as it is, so that all pages of the call show the same."""
        known = self._calls.get(instead)
        token = instead if known and known[0] == principal else secrets.token_urlsafe(12)
        self._calls[token] = (principal, asked, numbers, replace(moves, judged=dict(moves.judged)))
        self._calls.move_to_end(token)
        mine = [one for one, held in self._calls.items() if held[0].id == principal.id]
        for old in [*mine[:-MOST_EACH], *list(self._calls)[:-MOST_CALLS]]:
            self._calls.pop(old, None)
        return token

    def find(self, principal: Principal, sight: str, token: str, now: datetime) -> tuple[Asked, Numbers, Moves]:
        """Raises NotFound for a call that is over, another's, or of what the principal no longer sees."""
        found = self._calls.get(token)
        if found is None or (found[0], found[2].sight) != (principal, sight) or now - found[2].time > LASTS:
            raise over(token)
        return found[1:]

    def say(self, token: str, said: int, kind: CallKind, node: str, stands: Call | None) -> None:
        """Show what its own person says of a node within a call, or takes back: `stands` is what stands of the kind
        there now; all else stays."""
        principal, asked, numbers, moves = self._calls[token]
        calls = [call for call in numbers.calls if (call.kind, call.node) != (kind, node)]
        calls += [stands] if stands else []
        counted = counted_calls(calls, numbers.rates)
        nodes = said_of(numbers.forecast["nodes"], counted, numbers.forecast["currency"])
        shown = replace(numbers, calls=calls, forecast={**numbers.forecast, "nodes": nodes}, said=numbers.said | {said})
        self._calls[token] = (principal, asked, shown, moves)


def over(token: str) -> NotFound:
    """The error of a call whose numbers may no longer be shown."""
    mend = "End the call, and begin it again"
    return NotFound("this call's numbers are no longer held", field="call", value=token[:40], mend=mend)
