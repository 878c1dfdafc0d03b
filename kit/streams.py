"""Streams, buckets and durable consumers as data: made or updated from the JSON file, as often as wanted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from nats.aio.client import Client as NATS  # noqa: N814
from nats.js import JetStreamContext, api
from nats.js.errors import APIError

from kit.errors import InvalidInput
from kit.settings import STREAMS_FILE

log = structlog.get_logger(__name__)

_NAME_IN_USE = 10058
_SECONDS = "_seconds"


@lru_cache(maxsize=8)
def read_streams(path: Path = STREAMS_FILE) -> Mapping[str, Any]:
    """The file's content. Raises InvalidInput where it is missing or no JSON object."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"the streams file cannot be read: {error}",
            field="streams_file",
            value=str(path),
            mend="Restore deploy/nats/streams.json",
        ) from error
    if not isinstance(content, dict):
        raise InvalidInput("the streams file is no JSON object", field="streams_file", value=str(path))
    return content


async def ensure_streams(nc: NATS, path: Path = STREAMS_FILE) -> None:
    """Create or update everything the file names; existing messages stay.

    Any process may call it at any time. Raises a nats.errors.Error when the server does not answer.
    """
    content = read_streams(path)
    js = nc.jetstream(timeout=5)
    for entry in content.get("streams", []):
        await _ensure_stream(js, _stream_config(entry))
    for entry in content.get("key_value", []):
        await _ensure_bucket(js, entry)
    for entry in content.get("object_store", []):
        await _ensure_object_store(js, entry)
    for entry in content.get("consumers", []):
        await ensure_consumer(nc, entry["stream"], entry["durable"], entry["subjects"], path)


async def ensure_consumer(
    nc: NATS, stream: str, durable: str, subjects: Sequence[str], path: Path = STREAMS_FILE
) -> None:
    """Create or update one durable pull consumer with the file's settings for it, or its defaults."""
    content = read_streams(path)
    options: dict[str, Any] = dict(content.get("consumer_defaults", {}))
    for entry in content.get("consumers", []):
        if (entry["stream"], entry["durable"]) == (stream, durable):
            options |= {key: value for key, value in entry.items() if key not in {"stream", "durable", "subjects"}}
    config = api.ConsumerConfig(
        durable_name=durable,
        ack_policy=api.AckPolicy.EXPLICIT,
        deliver_policy=api.DeliverPolicy.ALL,
        max_deliver=-1,
        **_plain(options),
    )
    if len(subjects) == 1:
        config.filter_subject = subjects[0]
    else:
        config.filter_subjects = list(subjects)
    await nc.jetstream(timeout=5).add_consumer(stream, config)


def ack_wait_seconds(path: Path = STREAMS_FILE) -> float:
    """How long the server waits for an acknowledgement before it delivers again."""
    return float(read_streams(path).get("consumer_defaults", {}).get("ack_wait_seconds", 30))


async def _ensure_stream(js: JetStreamContext, config: api.StreamConfig) -> None:
    try:
        await js.add_stream(config)
    except APIError as error:
        if error.err_code != _NAME_IN_USE:
            raise
        await js.update_stream(config)
        log.info("stream_updated", stream=config.name)


async def _ensure_bucket(js: JetStreamContext, entry: Mapping[str, Any]) -> None:
    try:
        await js.create_key_value(api.KeyValueConfig(**entry))
    except APIError as error:
        if error.err_code != _NAME_IN_USE:
            raise


async def _ensure_object_store(js: JetStreamContext, entry: Mapping[str, Any]) -> None:
    try:
        await js.create_object_store(entry["bucket"], api.ObjectStoreConfig(**entry))
    except APIError as error:
        if error.err_code != _NAME_IN_USE:
            raise


def _stream_config(entry: Mapping[str, Any]) -> api.StreamConfig:
    options = _plain(entry)
    options["storage"] = api.StorageType(options.get("storage", "file"))
    options["discard"] = api.DiscardPolicy(options.get("discard", "old"))
    return api.StreamConfig(**options)


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The client's own option names: it takes seconds without saying so."""
    return {key.removesuffix(_SECONDS): value for key, value in entry.items()}


async def wait_connected(nc: NATS, stop: asyncio.Event, poll: float = 0.05) -> bool:
    """Wait until connected; False when stop came first."""
    while not nc.is_connected:
        if stop.is_set():
            return False
        await asyncio.sleep(poll)
    return not stop.is_set()
