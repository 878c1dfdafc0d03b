"""/v1/events: what changes, as it changes, to all who look."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kit.errors import DealcastError, InvalidInput, Unavailable
from services.gateway.access.gate import Still, still_of
from services.gateway.domain import Principal
from services.gateway.domain import Scope as Sees
from services.gateway.json_values import time_text
from services.gateway.live import MAX_READERS, wait_either
from services.gateway.rest import base
from services.gateway.service import Gateway
from services.gateway.store.interface import EventPage, EventsAfter, Store, StoredEvent
from services.gateway.together import Together

log = structlog.get_logger(__name__)

EVENT_PAGE = 500
# Of events about no deal, what who does not see the whole company is told: models, imports and their counts, alerts and
# policies are for those who look after them; open pages need to know that there is something new.
TOLD_TO_ALL = {
    "rollup": ("period", "currency", "of", "id"), "model": ("service",), "import": (), "workspace": ("cleared",),
    "catalogue": ("generation",),
}  # fmt: skip
RESET = b"id: %d\nevent: reset\ndata: {}\n\n"
LOOKS_A_SECOND = 2_000  # of all readers together, while there is always something new
Pages = Together[EventsAfter, EventPage]

EVENT = {
    "schema": {"type": "string", "description": "fields id, event and data; data is a JSON object in one line"},
    "example": 'id: 7\nevent: deal\ndata: {"deal_id": "1C1I7A6R", "time": "2017-09-30T12:00:00Z", "revision": 2}\n\n',
}


def router(gateway: Gateway, heartbeat: float) -> APIRouter:
    """The route."""
    routes = base.routes("views")
    readers: set[object] = set()
    pages: Pages = Together(lambda asked: gateway.store.events_after(asked, EVENT_PAGE))

    @routes.get(
        "/events", responses={200: {"description": "Server-sent events", "content": {"text/event-stream": EVENT}}},
        openapi_extra=base.parameters(
            base.header("Last-Event-ID", "go on after this event; from now without"),
            base.query("last_event_id", text="the same, for those who cannot send headers"),
        ),
    )  # fmt: skip
    async def events(request: Request) -> Response:
        """What changes, as it changes: deal, lead_score, forecast, next_actions, ask, rollup, model, import.

        `reset` comes where events after the given one are no longer kept, or where there never was such an event:
        read everything again, then go on.
        """
        if len(readers) >= MAX_READERS:
            raise Unavailable("too many readers of live events", field="events", mend="Close some and try again")
        text = request.headers.get("last-event-id") or request.query_params.get("last_event_id", "")
        if text and not (text.isdecimal() and len(text) < 19):
            raise InvalidInput("this is no event's id", field="Last-Event-ID", value=text, mend="Send the last id read")
        after = int(text) if text else await gateway.store.last_event_id()
        return EventStream(
            live_events(gateway, pages, still_of(request), after, heartbeat, lambda: len(readers) / LOOKS_A_SECOND),
            readers,
        )

    return routes


async def live_events(
    gateway: Gateway, pages: Pages, still: Still, after: int, heartbeat: float, pause: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[bytes]:
    """Events above an id as they come, until the gateway stops; a comment when nothing happens.

    A slow reader holds up nobody: what it has not read yet stays in the store. Where that is no longer so, or the
    store is an older one than the reader knows, it is told to start again; so it is where it may see other records than
    before, and the stream ends where it may see none. `pause` tells how many seconds to rest before the next look.
    """
    reader = Reader(gateway, pages, still, after)
    yield b"retry: 1000\n\n"
    while not gateway.stop.is_set() and not reader.over:
        ticket = gateway.news.ticket()
        text = await reader.look()
        if text:
            yield text
        if text and reader.behind:
            continue
        await wait_either(gateway.stop, gateway.stop, pause())
        if text:
            continue
        await wait_either(ticket, gateway.stop, heartbeat)
        if not ticket.is_set() and not gateway.stop.is_set():
            yield b": alive\n\n"


@dataclass(slots=True)
class Reader:
    """Where a reader of live events stands: behind at the start, and after a full page."""

    gateway: Gateway
    pages: Pages
    still: Still
    after: int
    behind: bool = True
    over: bool = False  # it may read no longer
    seen: tuple[Principal, str] | None = None

    async def look(self) -> bytes:
        """What is to be sent now; nothing where nothing happened, or the store is away."""
        store, behind = self.gateway.store, self.behind
        try:
            seen = await self.still()
            if seen is None or self.seen not in (None, seen):
                newest = await store.last_event_id()
                self.seen, self.over = seen, seen is None  # only now: what is raised before is looked at again
                return RESET % self._restart(newest)
            self.seen = seen
            page, shown = await self._page(seen[0], self.after)
            lost = await _start_again(store, self.after) if behind else None  # read after the events themselves
        except DealcastError as error:
            log.warning("live_events_wait", error=error.problem)
            return b""
        if lost is not None:
            return RESET % self._restart(lost)
        self.after = page.after
        return b"".join(event_text(event) for event in shown)

    async def _page(self, principal: Principal, after: int) -> tuple[EventPage, list[StoredEvent]]:
        """The next page with something for the reader in it, or the last; and what that is."""
        while True:
            asked = EventsAfter(principal, after)
            if self.behind:  # by itself: what others wait for is not to wait for many old pages
                page = (await self.gateway.store.events_after([asked], EVENT_PAGE))[asked]
            else:
                page = await self.pages.of(asked)
            shown, after, self.behind = told(page.events, principal), page.after, page.full
            if shown or not page.full:
                return page, shown

    def _restart(self, newest: int) -> int:
        self.after = newest
        return newest


async def _start_again(store: Store, after: int) -> int | None:
    """The newest event's id, where a reader cannot go on after this one: later ones are gone, or it never was."""
    oldest, newest = await store.event_span()
    return newest if after and not oldest - 1 <= after <= newest else None


def told(events: Sequence[StoredEvent], principal: Principal) -> list[StoredEvent]:
    """What a principal is told of events that it may see."""
    if principal.scope is Sees.ALL:
        return list(events)
    found = [one for one in events if one.deal_id or one.kind in TOLD_TO_ALL]
    return [one if one.deal_id else replace(one, data=_in_short(one)) for one in found]


def _in_short(event: StoredEvent) -> dict[str, Any]:
    return {name: event.data[name] for name in TOLD_TO_ALL[event.kind] if name in event.data}


def event_text(event: StoredEvent) -> bytes:
    """One server-sent event."""
    data = {"deal_id": event.deal_id, "time": time_text(event.time), **event.data}
    return f"id: {event.id}\nevent: {event.kind}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"


class EventStream(Response):
    """Sends until the source ends or the reader leaves."""

    def __init__(self, source: AsyncIterator[bytes], readers: set[object]) -> None:
        super().__init__(None, 200)
        self._source = source
        self._readers = readers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        self._readers.add(self)
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._readers.discard(self)
            for task in (sending, leaving):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await task

    async def _send(self, send: Send) -> None:
        async for part in self._source:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
