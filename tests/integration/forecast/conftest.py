"""The gateway's store, where it is it that tells the forecast service something."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.gateway.store import Store, open_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(f"sqlite:///{tmp_path}/gateway.db")
    yield opened
    await opened.close()


@pytest.fixture
async def another(tmp_path: Path) -> AsyncIterator[Store]:
    """A store that knows nothing of the other one's life."""
    opened = await open_store(f"sqlite:///{tmp_path}/another.db")
    yield opened
    await opened.close()
