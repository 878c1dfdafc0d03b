"""What the sample company left in the streams of NATS."""

from __future__ import annotations

import asyncio
from pathlib import Path

import nats.errors
from nats.aio.client import Client as NATS  # noqa: N814
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from kit.errors import Unavailable
from kit.streams import read_streams

WAIT_SECONDS = 5.0
SETTLE_SECONDS, QUIET_ROUNDS, MOST_ROUNDS = 0.4, 3, 100


async def clear_streams(nc: NATS, file: Path) -> None:
    """Take every message out of every stream of the file, until for a while none comes: services may be at work on
    what they took before. Raises Unavailable."""
    js = nc.jetstream(timeout=WAIT_SECONDS)
    names = [str(entry["name"]) for entry in read_streams(file).get("streams", [])]
    quiet = 0
    try:
        for _ in range(MOST_ROUNDS):
            found = [await _cleared(js, name) for name in names]
            quiet = 0 if any(found) else quiet + 1
            if quiet == QUIET_ROUNDS:
                return
            await asyncio.sleep(SETTLE_SECONDS)
    except (nats.errors.Error, OSError) as error:
        mend = "See that nats-server runs"
        raise Unavailable(f"NATS does not answer: {type(error).__name__}", field="nats", mend=mend) from error


async def _cleared(js: JetStreamContext, name: str) -> int:
    """How many messages there were."""
    try:
        count = (await js.stream_info(name)).state.messages
        if count:
            await js.purge_stream(name)
    except NotFoundError:
        return 0
    return int(count)
