"""Models in NATS: the bytes under their digest, and a pointer for each service."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import nats.errors
from nats.aio.client import Client as NATS  # noqa: N814
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError
from nats.js.kv import KeyValue
from nats.js.object_store import ObjectStore

from kit.artifacts import digest
from kit.errors import NotFound, Poisoned, Unavailable
from kit.settings import STREAMS_FILE
from kit.streams import ensure_streams
from kit.subjects import ARTIFACTS_BUCKET, MODELS_BUCKET

TRANSFER_SECONDS = 60.0
_FAULTS = (nats.errors.Error, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which model a service follows. generation counts promotions and rollbacks; digest names the bytes, and is empty
    where the service is to answer by its prior again."""

    version: str
    generation: int
    digest: str


class ModelShelf:
    """The artifacts and the pointers in NATS. Every method raises Unavailable when NATS does not answer."""

    def __init__(self, nc: NATS, *, streams_file: Path = STREAMS_FILE) -> None:
        self.nc = nc
        self._streams_file = streams_file

    async def put(self, data: bytes) -> str:
        """Store bytes under their digest, which is returned; again is harmless."""
        name = digest(data)
        if await self.has(name):
            return name
        try:
            async with asyncio.timeout(TRANSFER_SECONDS):
                store = await self._artifacts()
                await store.put(name, data)
        except _FAULTS as error:
            raise _unavailable("a model could not be stored", error) from error
        return name

    async def get(self, name: str) -> bytes:
        """The bytes under a digest. Raises NotFound, or Poisoned when they have another digest."""
        try:
            async with asyncio.timeout(TRANSFER_SECONDS):
                store = await self._js().object_store(ARTIFACTS_BUCKET)
                result = await store.get(name)
        except NotFoundError as error:
            raise NotFound("NATS does not hold this model", field="digest", value=name) from error
        except _FAULTS as error:
            raise _unavailable("a model could not be read", error) from error
        data = bytes(result.data or b"")
        if digest(data) != name:
            raise Poisoned("the model's bytes do not have the digest they stand under", field="digest", value=name)
        return data

    async def has(self, name: str) -> bool:
        """Whether bytes stand under the digest."""
        try:
            store = await self._js().object_store(ARTIFACTS_BUCKET)
            await store.get_info(name)
        except NotFoundError:
            return False
        except _FAULTS as error:
            raise _unavailable("the models could not be looked at", error) from error
        return True

    async def drop(self, name: str) -> None:
        """Delete the bytes under a digest, overwritten on the server's disk; what is not there is passed over."""
        try:
            async with asyncio.timeout(TRANSFER_SECONDS):
                store = await self._js().object_store(ARTIFACTS_BUCKET)
                chunks = f"$O.{ARTIFACTS_BUCKET}.C.{(await store.get_info(name)).nuid}"
                for number in await self._numbers(chunks):
                    await self._js().delete_msg(f"OBJ_{ARTIFACTS_BUCKET}", number)
                await store.delete(name)
        except NotFoundError:
            return
        except _FAULTS as error:
            raise _unavailable("a model could not be deleted", error) from error

    async def _numbers(self, subject: str) -> list[int]:
        """The numbers of an object's messages."""
        reader = await self._js().pull_subscribe(
            subject, stream=f"OBJ_{ARTIFACTS_BUCKET}",
            config=ConsumerConfig(ack_policy=AckPolicy.NONE, headers_only=True, inactive_threshold=30),
        )  # fmt: skip
        found: list[int] = []
        try:
            left = (await reader.consumer_info()).num_pending or 0
            while len(found) < left:
                found += [one.metadata.sequence.stream for one in await reader.fetch(left - len(found), timeout=5)]
        finally:
            await reader.unsubscribe()
        return found

    async def point(self, service: str, pointer: Pointer) -> None:
        """Make a service follow another model."""
        try:
            bucket = await self._pointers()
            await bucket.put(service, json.dumps(asdict(pointer)).encode())
        except _FAULTS as error:
            raise _unavailable("a model's pointer could not be moved", error) from error

    async def pointer(self, service: str) -> Pointer | None:
        """What a service follows; None where nothing was ever promoted. Raises Poisoned when unreadable."""
        try:
            bucket = await self._js().key_value(MODELS_BUCKET)
            entry = await bucket.get(service)
        except NotFoundError:
            return None
        except _FAULTS as error:
            raise _unavailable("a model's pointer could not be read", error) from error
        try:
            value = json.loads(entry.value or b"")
            return Pointer(str(value["version"]), int(value["generation"]), str(value["digest"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Poisoned("the model's pointer is unreadable", field="pointer", value=service) from error

    async def _artifacts(self) -> ObjectStore:
        try:
            return await self._js().object_store(ARTIFACTS_BUCKET)
        except NotFoundError:
            await ensure_streams(self.nc, self._streams_file)
            return await self._js().object_store(ARTIFACTS_BUCKET)

    async def _pointers(self) -> KeyValue:
        try:
            return await self._js().key_value(MODELS_BUCKET)
        except NotFoundError:
            await ensure_streams(self.nc, self._streams_file)
            return await self._js().key_value(MODELS_BUCKET)

    def _js(self) -> JetStreamContext:
        return self.nc.jetstream(timeout=5)


def _unavailable(message: str, error: Exception) -> Unavailable:
    mend = "See that nats-server runs and its disk has space"
    return Unavailable(f"{message}: {type(error).__name__}", field="nats", mend=mend)
