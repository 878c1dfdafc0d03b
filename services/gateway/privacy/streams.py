"""A person in the streams of NATS: found, deleted with their bytes overwritten, and the streams of deals made anew.

A stream that keeps the last message of each deal leaves the bytes of those before in its files until it is compacted.
Deals and insights can be sent again, so their streams are made anew; the gateway then publishes all that is open, as
after the loss of the broker's folder. What cannot be sent again is deleted message by message: the server overwrites
what it deletes that way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nats.errors
from nats.aio.client import Client as NATS  # noqa: N814
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import APIError, NotFoundError

from kit.errors import Unavailable
from kit.messaging import ensure_streams
from kit.streams import read_streams
from kit.subjects import DEAD_STREAM, DEALS_STREAM, INSIGHTS_STREAM
from services.gateway.privacy.doubts import MESSAGE, Doubt
from services.gateway.privacy.person import Person
from services.gateway.privacy.records import PlaceFound

MADE_ANEW = (DEALS_STREAM, INSIGHTS_STREAM)
FETCHED, WAIT_SECONDS = 200, 5.0
SHOWN = 20
SETTLE_SECONDS, QUIET_ROUNDS, MOST_ROUNDS = 0.5, 3, 60


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams that carry records."""

    nc: NATS
    file: Path

    @property
    def names(self) -> list[str]:
        """Those of the streams file."""
        return [entry["name"] for entry in read_streams(self.file).get("streams", [])]

    async def find(self, person: Person) -> list[PlaceFound]:
        """Streams with messages that hold the person. Raises Unavailable."""
        found = []
        for name in self.names:
            numbers = [number async for number in self._holding(name, person)]
            if numbers:
                found.append(PlaceFound("nats", name, len(numbers), tuple(map(str, numbers[:SHOWN]))))
        return found

    async def doubts(self, person: Person) -> list[Doubt]:
        """Messages with names that are in doubt, of streams that are not made anew. Raises Unavailable."""
        sought = person.by_name
        return [
            Doubt(f"nats:{name}/{number}", MESSAGE, name, str(number))
            for name in self.names if name not in MADE_ANEW async for number in self._holding(name, sought)
        ]  # fmt: skip

    async def erase_messages(self, refs: Collection[str]) -> int:
        """Delete these messages, by the refs of doubts, their bytes overwritten; how many. Raises Unavailable."""
        count = 0
        for name in self.names:
            start = f"nats:{name}/"
            count += await self._drop(name, [int(one.removeprefix(start)) for one in refs if one.startswith(start)])
        return count

    async def erase(self, person: Person) -> int:
        """Delete what holds the person until nothing comes that does; how many messages. Raises Unavailable."""
        count = 0
        for name in self.names:
            if name not in MADE_ANEW:
                count += await self._delete(name, person)
        return count + await self._settled(person)

    async def _settled(self, person: Person) -> int:
        """Services may be at work on what they took before: their answers come for a while yet."""
        count, quiet, anew = 0, 0, True
        for _ in range(MOST_ROUNDS):
            if anew:
                count += sum([each.count for each in await self.find(person) if each.place in MADE_ANEW])
                await self._make_anew()
                anew = False
            await asyncio.sleep(SETTLE_SECONDS)
            late = await self.find(person)
            quiet = 0 if late else quiet + 1
            anew = any(each.place in MADE_ANEW for each in late)
            count += sum([await self._delete(each.place, person) for each in late if each.place not in MADE_ANEW])
            if quiet == QUIET_ROUNDS:
                break
        return count

    async def _make_anew(self) -> None:
        js = self.nc.jetstream(timeout=WAIT_SECONDS)
        try:
            for name in MADE_ANEW:
                try:
                    await js.delete_stream(name)
                except NotFoundError:
                    continue
            await ensure_streams(self.nc, self.file)
        except (nats.errors.Error, OSError) as error:
            raise _unavailable(error) from error

    async def _delete(self, name: str, person: Person) -> int:
        return await self._drop(name, [number async for number in self._holding(name, person)])

    async def drop_letters(self, before: datetime) -> int:
        """Delete dead letters from before a moment, their bytes overwritten; how many. Raises Unavailable."""
        old = [number async for number, _, moment in self._messages(DEAD_STREAM) if moment < before]
        return await self._drop(DEAD_STREAM, old)

    async def _drop(self, name: str, numbers: Sequence[int]) -> int:
        js = self.nc.jetstream(timeout=WAIT_SECONDS)
        for number in numbers:
            try:
                await js.delete_msg(name, number)  # its bytes are overwritten
            except APIError:
                continue  # it went meanwhile
            except (nats.errors.Error, OSError) as error:
                raise _unavailable(error) from error
        return len(numbers)

    async def _holding(self, name: str, person: Person) -> AsyncIterator[int]:
        """The numbers of messages that hold the person, the headers' words too."""
        if person.raw is None:
            return
        async for number, data, _ in self._messages(name):
            if person.raw.search(data):
                yield number

    async def _messages(self, name: str) -> AsyncIterator[tuple[int, bytes, datetime]]:
        js = self.nc.jetstream(timeout=WAIT_SECONDS)
        try:
            left = (await js.stream_info(name)).state.messages
            if not left:
                return
            config = ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=30)
            reader = await js.pull_subscribe("", stream=name, config=config)
            try:
                while left > 0:
                    batch = await reader.fetch(min(FETCHED, left), timeout=WAIT_SECONDS)
                    for message in batch:
                        heads = "\n".join(f"{key}: {value}" for key, value in (message.headers or {}).items())
                        text = f"{message.subject}\n{heads}\n".encode() + message.data
                        yield message.metadata.sequence.stream, text, message.metadata.timestamp
                        left = message.metadata.num_pending
            finally:
                await reader.unsubscribe()
        except NotFoundError:
            return
        except nats.errors.TimeoutError:
            return  # what was left went meanwhile
        except (nats.errors.Error, OSError) as error:
            raise _unavailable(error) from error


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"NATS does not answer: {type(error).__name__}", field="nats", mend="See that nats-server runs")
