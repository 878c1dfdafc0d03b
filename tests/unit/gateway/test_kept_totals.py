"""Totals are made once for as long as nothing was written, and anew when they failed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.gateway.kept_totals import MOST_KEPT, KeptTotals


class Maker:
    """Counts what it makes."""

    def __init__(self) -> None:
        self.made = 0
        self.fails = False

    async def __call__(self) -> dict[str, Any]:
        self.made += 1
        await asyncio.sleep(0)
        if self.fails:
            raise ValueError(self.made)
        return {"number": self.made}


async def test_the_same_answer_until_another_edition() -> None:
    kept, make = KeptTotals(), Maker()
    first, again = await asyncio.gather(kept.of(1, "a", make), kept.of(1, "a", make))
    assert first is again
    assert await kept.of(1, "b", make) == {"number": 2}
    assert await kept.of(2, "a", make) == {"number": 3}
    assert await kept.of(1, "a", make) == {"number": 4}, "an older edition is not kept beside a newer one"


async def test_what_failed_is_tried_again() -> None:
    kept, make = KeptTotals(), Maker()
    make.fails = True
    with pytest.raises(ValueError, match="1"):
        await kept.of(1, "a", make)
    make.fails = False
    assert await kept.of(1, "a", make) == {"number": 2}


async def test_who_leaves_takes_nothing_from_who_waits() -> None:
    kept, make = KeptTotals(), Maker()
    leaving = asyncio.create_task(kept.of(1, "a", make))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await kept.of(1, "a", make) == {"number": 1}


async def test_not_more_than_so_many_are_kept() -> None:
    kept, make = KeptTotals(), Maker()
    for number in range(MOST_KEPT + 1):
        await kept.of(1, number, make)
    await kept.of(1, 0, make)
    assert make.made == MOST_KEPT + 2
