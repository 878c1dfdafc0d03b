"""Within how many days leads are to convert outlives the gateway, on every database."""

from __future__ import annotations

from typing import Any

import pytest

from kit.errors import InvalidInput
from services.gateway.store import Store
from services.gateway.workspace import Workspace

BAD: tuple[Any, ...] = (0, -1, 1096, 30.0, True, "30", [])


async def loaded(store: Store) -> Workspace:
    workspace = Workspace(store)
    await workspace.load()
    return workspace


async def test_the_horizon_is_kept(store: Store) -> None:
    workspace = await loaded(store)
    assert workspace.lead_horizon_days == 90
    for days in (30, None, 1, 1095):
        await workspace.set_lead_horizon(days)
        assert (await loaded(store)).lead_horizon_days == days
    for bad in BAD:
        with pytest.raises(InvalidInput):
            await workspace.set_lead_horizon(bad)
    assert (await loaded(store)).lead_horizon_days == 1095
