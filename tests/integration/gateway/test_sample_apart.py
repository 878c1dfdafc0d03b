"""A workspace holds the sample company or real records, never both."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.errors import Conflict
from services.gateway.store import open_store
from services.gateway.workspace import Workspace
from tests.integration.gateway.conftest import RunningGateway


@pytest.mark.parametrize("first", [True, False])
async def test_what_came_first_stays_alone(tmp_path: Path, *, first: bool) -> None:
    store = await open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    workspace = Workspace(store)
    await workspace.load()
    await workspace.keep_apart(sample=first)
    await workspace.keep_apart(sample=first)
    with pytest.raises(Conflict, match="holds") as refused:
        await workspace.keep_apart(sample=not first)
    assert "--data-dir" in refused.value.mend
    again = Workspace(store)
    await again.load()
    assert (workspace.sample, again.sample) == (first, first)
    await store.close()


async def test_pages_and_workspace_say_that_a_sample_is_a_sample(gateway: RunningGateway) -> None:
    assert (await gateway.http.get("/v1/workspace")).json()["sample"] is False
    assert "Sample company" not in (await gateway.http.get("/deals")).text
    await gateway.gateway.workspace.keep_apart(sample=True)
    assert (await gateway.http.get("/v1/workspace")).json()["sample"] is True
    assert (await gateway.http.put("/v1/deals/play", json={"name": "Play"})).status_code == 201
    for page in ("/deals", "/deals/play", "/deals/none"):
        assert "Sample company: every record here is made up" in (await gateway.http.get(page)).text


async def test_records_that_were_there_before_count_as_real(tmp_path: Path) -> None:
    from services.gateway.domain import LOCAL, DealWrite

    store = await open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    await store.apply_deals(LOCAL, [DealWrite("d1")])
    workspace = Workspace(store)
    await workspace.load()
    with pytest.raises(Conflict, match="real records"):
        await workspace.keep_apart(sample=True)
    await store.close()
