"""NDJSON in, NDJSON out: a record a line, a result a line, in the same order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any

import orjson
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.gateway.domain import FieldError
from services.gateway.rest.http import Line

MAX_LINE = 4 * 1024 * 1024
MAX_LINES = 200_000
CHUNK_LINES = 500
PARTS_AHEAD = 16
RESULTS_AHEAD = 64 * 1024 * 1024  # bytes; more than the results of all lines, unless most are refused at length
NDJSON = "application/x-ndjson"

Handle = Callable[[Sequence[Any]], Awaitable[Sequence[Line]]]


class LineReader:
    """Cuts a stream of bytes into lines and parses them: JSON, or a FieldError for a line that is none.

    The first line too many is an error and the end: what follows it is not looked at.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skipping = False  # within a line that was too long
        self._count = 0

    def feed(self, part: bytes) -> list[Any]:
        """The lines that end in this part."""
        if self.full:
            return []
        if b"\n" not in part:
            self._rest += part
            return self._check_length()
        first, *others = part.split(b"\n")
        self._rest += first
        whole = [bytes(self._rest), *others[:-1]]
        self._rest = bytearray(others[-1])
        if self._skipping:
            whole = whole[1:]
            self._skipping = False
        found = [self._parse(line) for line in self._within(whole)]
        return found if self.full else found + self._check_length()

    def finish(self) -> list[Any]:
        """The last line, where no line end follows it."""
        line, self._rest = bytes(self._rest), bytearray()
        return [self._parse(line)] if line.strip() and not self._skipping and not self.full else []

    @property
    def full(self) -> bool:
        """Whether there was a line too many."""
        return self._count > MAX_LINES

    def _within(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Those that say something, up to the first one too many."""
        for line in lines:
            if self.full:
                return
            if line.strip():
                yield line

    def _check_length(self) -> list[Any]:
        if len(self._rest) <= MAX_LINE:
            return []
        found = [] if self._skipping else [self._parse(bytes(self._rest))]
        self._skipping = True
        self._rest = bytearray()
        return found

    def _parse(self, line: bytes) -> Any:
        self._count += 1
        if self._count > MAX_LINES:
            return FieldError("line", "", f"more than {MAX_LINES:,} lines", "Send the rest in another request")
        if len(line) > MAX_LINE:
            megabytes = MAX_LINE // 2**20
            return FieldError("line", "", f"line {self._count} is longer than {megabytes} MB", "Send smaller records")
        try:
            return orjson.loads(line)
        except orjson.JSONDecodeError as error:
            shown = line[:60].decode("utf-8", "replace")
            message = f"line {self._count} is no JSON: {error.msg}"
            return FieldError("line", shown, message, "Send one JSON object a line, in UTF-8")


class Results:
    """What waits for the client to read it, in bounded memory; None is the end."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._size = 0
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, data: bytes | None) -> None:
        """Add; waits while RESULTS_AHEAD bytes are unread."""
        await self._room.wait()
        self._queue.put_nowait(data)
        self._count(len(data or b""))

    async def get(self) -> bytes | None:
        """The next, when there is one."""
        data = await self._queue.get()
        self._count(-len(data or b""))
        return data

    def _count(self, size: int) -> None:
        self._size += size
        if self._size < RESULTS_AHEAD:
            self._room.set()
        else:
            self._room.clear()


class LineExchange(Response):
    """Handles what has arrived in chunks of up to 500 lines and streams the results.

    Reading, handling and writing go on side by side, so a client may send everything before it reads anything.
    """

    def __init__(self, request: Request, handle: Handle) -> None:
        super().__init__(None, 200, media_type=NDJSON)
        self._request = request
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts: asyncio.Queue[list[Any] | None] = asyncio.Queue(PARTS_AHEAD)
        results = Results()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(parts))
            tasks.create_task(self._work(parts, results))
            headers = [(b"content-type", NDJSON.encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            while (data := await results.get()) is not None:
                await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _read(self, parts: asyncio.Queue[list[Any] | None]) -> None:
        reader = LineReader()
        try:
            async for part in self._request.stream():
                if found := reader.feed(part):
                    await parts.put(found)
                if reader.full:
                    break
            if last := reader.finish():
                await parts.put(last)
        except ClientDisconnect:
            pass  # what arrived whole is still handled
        await parts.put(None)

    async def _work(self, parts: asyncio.Queue[list[Any] | None], results: Results) -> None:
        chunk: list[Any] = []
        more = True
        while more:
            part = await parts.get()
            while part is not None:
                chunk += part
                if len(chunk) >= CHUNK_LINES or parts.empty():
                    break
                part = parts.get_nowait()
            more = part is not None
            for start in range(0, len(chunk), CHUNK_LINES):
                found = await self._handle(chunk[start : start + CHUNK_LINES])
                await results.put(b"".join(orjson.dumps(each) + b"\n" for each in found))
            chunk = []
        await results.put(None)
