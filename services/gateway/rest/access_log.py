"""Keeps who read personal data: answers of routes that hold some, written down every second, in the background."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Mapping

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.errors import DealcastError
from services.gateway.live import wait_either
from services.gateway.privacy.records import Access
from services.gateway.rest.base import principal_of
from services.gateway.rest.http import id_in_path
from services.gateway.store.interface import Store

log = structlog.get_logger(__name__)

EVERY_SECONDS = 1.0
MOST_WAITING = 20_000
LONGEST_RECORD = 200
# Routes whose answers hold people's data, with what `record` is then: pages too.
KINDS: Mapping[str, str] = {
    "/v1/contacts": "contact", "/v1/users": "user", "/v1/deals/{deal_id}": "deal",
    "/v1/deals/{deal_id}/activities": "deal", "/v1/deals/{deal_id}/history": "deal", "/v1/export": "all",
    "/v1/exports/{table}": "all", "/v1/privacy/people:find": "person", "/v1/dead-letters": "dead letter",
    "/deals/{deal_id}": "deal", "/v1/health/{finding}": "finding", "/v1/duplicates": "finding",
}  # fmt: skip
READ = ("GET", "POST")
_PARAMETER = re.compile(r"\{(\w+)")


class AccessLog:
    """The entries, on their way into the store."""

    name = "access-log"
    ready = True

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[Access] = deque(maxlen=MOST_WAITING)

    def note(self, entry: Access) -> None:
        """Somebody read something."""
        self._waiting.append(entry)

    async def run(self, stop: asyncio.Event) -> None:
        """Write down until stopped, and what is left then."""
        while not stop.is_set():
            await wait_either(stop, stop, EVERY_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write down what waits; a store that is away is asked again."""
        entries = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            await self._store.add_access(entries)
        except DealcastError as error:
            log.warning("access_not_written", error=error.problem, entries=len(entries))
            self._waiting.extendleft(reversed(entries))


class Noting:
    """The application, with an entry for each answer that told of people."""

    def __init__(self, app: ASGIApp, access: AccessLog) -> None:
        self.app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                self._note(scope)
            await send(message)

        await self.app(scope, receive, noting)

    def _note(self, scope: Scope) -> None:
        route = str(getattr(scope.get("route"), "path", ""))
        kind = KINDS.get(route)
        if kind is None or scope["method"] not in READ:
            return
        named = _PARAMETER.search(route)
        record = id_in_path(str(scope.get("path_params", {}).get(named[1], ""))) if named and kind != "all" else ""
        who = principal_of(Request(scope)).id
        self._access.note(Access(who, f"{scope['method']} {route}", kind, record[:LONGEST_RECORD]))
