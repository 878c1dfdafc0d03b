"""Many questions, few calls: none is answered by a call that began before it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from kit.errors import Unavailable
from services.gateway.together import Together


class Shop:
    """Answers each with the number of the call; calls wait until they are let go."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.go = asyncio.Event()

    async def ask(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.calls.append(sorted(keys))
        number = len(self.calls)
        await self.go.wait()
        if "away" in keys:
            raise Unavailable("the shop is shut")
        return {key: number for key in keys if key != "unknown"}


async def test_those_who_ask_at_once_share_a_call_and_later_ones_wait_for_the_next() -> None:
    shop = Shop()
    together = Together(shop.ask)
    first = [asyncio.create_task(together.of(key)) for key in ("a", "b", "a")]
    await asyncio.sleep(0.01)
    later = [asyncio.create_task(together.of(key)) for key in ("a", "c")]
    await asyncio.sleep(0.01)
    assert shop.calls == [["a", "b"]], "the second call waits for the first"
    shop.go.set()
    assert await asyncio.gather(*first, *later) == [1, 1, 1, 2, 2]
    assert shop.calls == [["a", "b"], ["a", "c"]]
    assert await together.of("b") == 3


async def test_an_error_reaches_all_who_asked_and_nobody_after_them() -> None:
    shop = Shop()
    shop.go.set()
    together = Together(shop.ask)
    found = await asyncio.gather(together.of("away"), together.of("b"), return_exceptions=True)
    assert [type(one) for one in found] == [Unavailable, Unavailable]
    with pytest.raises(KeyError):
        await together.of("unknown")
    assert await together.of("b") == 3


async def test_who_leaves_takes_no_answer_from_the_others() -> None:
    shop = Shop()
    together = Together(shop.ask)
    leaving, staying = asyncio.create_task(together.of("a")), asyncio.create_task(together.of("a"))
    await asyncio.sleep(0.01)
    leaving.cancel()
    shop.go.set()
    assert await staying == 1
