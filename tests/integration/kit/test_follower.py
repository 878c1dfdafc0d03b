"""Models over NATS: shelved, pointed at, followed within seconds, refused when wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.errors import NotFound, Poisoned
from kit.models import Follower, ModelShelf, Pointer, digest, pack
from kit.testing import eventually


def load(folder: Path, pointer: Pointer) -> str:
    text = (folder / "model.json").read_text()
    if text == "broken":
        raise ValueError("cannot be loaded")
    return f"{text}@{pointer.generation}"


def packed(path: Path, text: str) -> bytes:
    folder = path / text
    folder.mkdir(exist_ok=True)
    (folder / "model.json").write_text(text)
    return pack(folder)


@asynccontextmanager
async def following(nats: NATS, poll_seconds: float = 2.0) -> AsyncIterator[Follower[str]]:
    follower = Follower(nats, "forecast", load, prior="prior", poll_seconds=poll_seconds)
    stop = asyncio.Event()
    task = asyncio.create_task(follower.run(stop))
    await eventually(lambda: follower.ready)
    try:
        yield follower
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


async def promote(shelf: ModelShelf, data: bytes, generation: int) -> None:
    await shelf.point("forecast", Pointer(f"v{generation}", generation, await shelf.put(data)))


async def test_without_a_pointer_the_prior_serves(nats: NATS) -> None:
    async with following(nats) as follower:
        assert follower.current == ("prior", None)


async def test_a_promotion_is_followed_at_once(nats: NATS, tmp_path: Path) -> None:
    shelf = ModelShelf(nats)
    async with following(nats, poll_seconds=60) as follower:
        for generation in (1, 2):
            await promote(shelf, packed(tmp_path, f"m{generation}"), generation)
            began = time.monotonic()
            await eventually(lambda g=generation: follower.current[0] == f"m{g}@{g}", seconds=5)  # type: ignore[misc]
            assert time.monotonic() - began < 2
    pointer = follower.current[1]
    assert pointer is not None
    assert (pointer.version, pointer.generation) == ("v2", 2)


async def test_the_timer_finds_what_the_watch_missed(nats: NATS, tmp_path: Path) -> None:
    shelf = ModelShelf(nats)
    async with following(nats, poll_seconds=0.3) as follower:
        for subscription in list(nats._subs.values()):
            if subscription.subject.startswith("$KV."):
                await subscription.unsubscribe()
        await promote(shelf, packed(tmp_path, "quiet"), 1)
        await eventually(lambda: follower.current[0] == "quiet@1", seconds=5)


async def test_a_model_that_does_not_load_is_refused_and_the_old_one_stays(nats: NATS, tmp_path: Path) -> None:
    shelf = ModelShelf(nats)
    async with following(nats, poll_seconds=0.1) as follower:
        await promote(shelf, packed(tmp_path, "good"), 1)
        await eventually(lambda: follower.current[0] == "good@1")
        await promote(shelf, packed(tmp_path, "broken"), 2)
        await eventually(lambda: follower._failed is not None)
        assert follower.current[0] == "good@1"
        assert follower.ready
        await promote(shelf, packed(tmp_path, "mended"), 3)
        await eventually(lambda: follower.current[0] == "mended@3")


async def test_a_pointer_without_a_digest_takes_the_model_away(nats: NATS, tmp_path: Path) -> None:
    shelf, left = ModelShelf(nats), list[bool]()
    follower = Follower(shelf, "forecast", load, prior="prior", on_prior=lambda: left.append(True))
    await promote(shelf, packed(tmp_path, "m1"), 1)
    assert await follower.look()
    await shelf.point("forecast", Pointer("prior", 2, ""))
    assert await follower.look()
    assert (follower.current, left) == (("prior", None), [True])
    assert not await follower.look(), "once"
    await promote(shelf, packed(tmp_path, "m1"), 3)
    assert await follower.look()
    assert follower.current[0] == "m1@3"


async def test_a_wrong_digest_is_refused(nats: NATS, tmp_path: Path) -> None:
    shelf = ModelShelf(nats)
    data, other = packed(tmp_path, "good"), packed(tmp_path, "other")
    store = await nats.jetstream().object_store("artifacts")
    await store.put(digest(other), data)
    with pytest.raises(Poisoned):
        await shelf.get(digest(other))
    async with following(nats, poll_seconds=0.1) as follower:
        await shelf.point("forecast", Pointer("v1", 1, digest(other)))
        await eventually(lambda: follower._failed is not None)
        assert follower.current == ("prior", None)


async def test_an_artifact_that_comes_after_its_pointer_is_taken(nats: NATS, tmp_path: Path) -> None:
    shelf = ModelShelf(nats)
    data = packed(tmp_path, "late")
    with pytest.raises(NotFound):
        await shelf.get(digest(data))
    async with following(nats, poll_seconds=0.1) as follower:
        await shelf.point("forecast", Pointer("v1", 1, digest(data)))
        await eventually(lambda: follower._failed is not None)
        await shelf.put(data)
        await eventually(lambda: follower.current[0] == "late@1", seconds=5)


async def test_an_unreadable_pointer_changes_nothing(nats: NATS) -> None:
    async with following(nats, poll_seconds=0.1) as follower:
        for value in (b"", b"not json", b"[]", b'{"version": "v"}'):
            await (await nats.jetstream().key_value("models")).put("forecast", value)
            await asyncio.sleep(0.15)
        assert follower.current == ("prior", None)


async def test_storing_again_is_harmless_and_large_models_pass(nats: NATS, tmp_path: Path) -> None:
    shelf = ModelShelf(nats)
    data = packed(tmp_path, "big")
    (tmp_path / "big" / "weights.npz").write_bytes(bytes(range(256)) * 20_000)
    data = pack(tmp_path / "big")
    name = await shelf.put(data)
    assert await shelf.put(data) == name
    assert await shelf.get(name) == data
    assert await shelf.has(name)
