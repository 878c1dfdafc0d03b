"""Which columns people keep and leave out outlives the gateway, on every database."""

from __future__ import annotations

from typing import Any

import pytest

from kit.errors import InvalidInput
from services.gateway.store import Store
from services.gateway.workspace import Workspace

BAD: tuple[Any, ...] = (
    None, [], {"keep": "x"}, {"keep": ["x"], "drop": ["x"]}, {"keep": ["\ud800"]}, {"drop": ["x"] * 201},
)  # fmt: skip


async def loaded(store: Store) -> Workspace:
    workspace = Workspace(store)
    await workspace.load()
    return workspace


async def test_training_columns_are_kept(store: Store) -> None:
    workspace = await loaded(store)
    assert workspace.training_columns.to_json() == {"keep": [], "drop": []}
    await workspace.set_training_columns({"keep": ["fields.채널", "account_id"], "drop": ["fields.Lead Quality"]})
    expected = {"keep": ["account_id", "fields.채널"], "drop": ["fields.Lead Quality"]}
    assert (await loaded(store)).training_columns.to_json() == expected
    for bad in BAD:
        with pytest.raises(InvalidInput):
            await workspace.set_training_columns(bad)
    assert (await loaded(store)).training_columns.to_json() == expected
    await workspace.set_training_columns({})
    assert (await loaded(store)).training_columns.to_json() == {"keep": [], "drop": []}
