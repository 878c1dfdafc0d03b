"""The republication after a loss leaves no deal out, whatever fails meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kit.errors import Unavailable
from services.gateway.live import Signal
from services.gateway.reconciler import INCARNATIONS, Limits, Reconciler
from services.gateway.store.interface import Store
from services.gateway.workspace import Workspace

OLD, NEW = {"DEALS": "1"}, {"DEALS": "2"}


class Deals:
    """A store of five open deals with current insights; the calls named in `broken` fail once."""

    def __init__(self) -> None:
        self.ids = [f"d{n}" for n in range(5)]
        self.settings: dict[str, Any] = {INCARNATIONS: OLD}
        self.enqueued: list[str] = []
        self.broken: list[str] = []

    def _answers(self, call: str) -> None:
        if call in self.broken:
            self.broken.remove(call)
            raise Unavailable("not now")

    async def behind(self, _: Any, day: str, after: str, limit: int) -> list[Any]:
        if not day.startswith("9999"):
            self._answers("behind")
            return []
        rows = [SimpleNamespace(deal_id=each, revision_behind=False) for each in self.ids if each > after]
        return rows[:limit]

    async def enqueue(self, deal_ids: Sequence[str], _cause: str) -> None:
        self._answers("enqueue")
        self.enqueued += deal_ids

    async def get_setting(self, key: str) -> Any:
        return self.settings[key]

    async def put_setting(self, key: str, value: Any) -> None:
        self._answers("put_setting")
        self.settings[key] = value


async def replayed(deals: Deals) -> Reconciler:
    """A reconciler that has seen new streams, with room for two deals at a time."""
    workspace = cast("Workspace", SimpleNamespace(business_day=date(2017, 9, 30), generations={}, trees_edition=0))

    async def incarnations() -> dict[str, str]:
        return NEW

    made = Reconciler(cast("Store", deals), workspace, Signal(), Limits(outstanding=2), incarnations)
    await made._check_streams()
    return made


@pytest.mark.parametrize("call", ["enqueue", "behind", "put_setting"])
@pytest.mark.parametrize("ticks", range(3))
async def test_every_deal_is_published_again(call: str, ticks: int) -> None:
    deals = Deals()
    reconciler = await replayed(deals)
    for number in range(5):
        if number == ticks:
            deals.broken.append(call)
        try:
            await reconciler.tick()
        except Unavailable:
            assert deals.settings[INCARNATIONS] == OLD or set(deals.enqueued) == set(deals.ids)
        for each in list(deals.enqueued):
            reconciler.answered(each, 1)
    assert set(deals.enqueued) == set(deals.ids)
    assert deals.settings[INCARNATIONS] == NEW


async def test_other_trees_publish_every_deal_again() -> None:
    deals = Deals()
    deals.settings[INCARNATIONS] = NEW
    reconciler = await replayed(deals)
    for edition in (1, 2):
        cast("Any", reconciler.workspace).trees_edition = edition
        deals.enqueued.clear()
        for _ in range(5):
            await reconciler._check_streams()
            await reconciler.tick()
            for each in list(deals.enqueued):
                reconciler.answered(each, 1)
        assert sorted(deals.enqueued) == sorted(deals.ids), "once each"
