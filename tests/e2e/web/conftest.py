"""A browser and the pages it opens."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from kit.clock import FixedClock
from kit.models import Pointer
from kit.money import Money
from kit.testing import chromium
from learning.records import Quota, ReportingLine, User
from services.forecast.model import ForecastModel
from services.forecast.service import Forecasts
from services.gateway.domain import LOCAL
from services.gateway.service import Gateway
from services.gateway.web import build
from tests.e2e.web.site import TODAY, deal, fill, serving
from tests.integration.gateway.forecasting import serving as serving_forecasts
from tests.integration.gateway.forecasting import tell_forecasts

CALLED = {"A-1": 400_000_000, "A-2": 300_000_000, "A-3": 20_000_000, "B-1": 500_000_000}  # won, by deal
FLAGS = (
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def _missing(what: str) -> None:
    """Skip, or fail where a browser is required."""
    if os.environ.get("DEALCAST_BROWSER") == "required":
        pytest.fail(what)
    pytest.skip(what)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, or whichever there is."""
    found = chromium()
    if found is None:
        _missing("no Chromium: install Debian's chromium, or name one in CHROMIUM")
    if not build.current():
        _missing("no web files: run python -m services.gateway.web.build")
    expect.set_options(timeout=20_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(found), args=list(FLAGS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Gateway, str]]:
    """The gateway and its address, filled."""
    folder: Path = tmp_path_factory.mktemp("web")
    async with serving(folder) as (gateway, address):
        await fill(gateway)
        yield gateway, address


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser) -> AsyncIterator[BrowserContext]:
    """An English desktop."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale="en")
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def phone(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A Korean phone in the dark."""
    context = await browser.new_context(viewport={"width": 360, "height": 740}, locale="ko", color_scheme="dark")
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def still(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A desktop that runs no scripts."""
    context = await browser.new_context(locale="en", java_script_enabled=False)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def called(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Gateway, str]]:
    """Two reps with a quota that they may miss, and a forecast service that knows of their deals."""
    folder, clock = tmp_path_factory.mktemp("called"), FixedClock(datetime(2026, 11, 20, 10, tzinfo=UTC))
    service = Forecasts(SimpleNamespace(current=(ForecastModel(), Pointer("1", 0, ""))), clock)
    async with serving(folder) as (gateway, address), serving_forecasts(service, clock, folder):
        people = [User("m1", "박서연"), User("u1", "김민준"), User("u2", "Grace Tan")]
        lines = [ReportingLine("m1", ""), ReportingLine("u1", "m1"), ReportingLine("u2", "m1")]
        await gateway.store.save_users(LOCAL, people, lines)
        quotas = [Quota(owner, "2026-Q4", Money("KRW", 200_000_000)) for owner in ("m1", "u1", "u2")]
        await gateway.store.save_quotas(LOCAL, quotas)
        owners = {name: "u1" if name[0] == "A" else "u2" for name in CALLED}
        await gateway.apply_deals(LOCAL, [deal(name, name, owners[name], each) for name, each in CALLED.items()])
        await tell_forecasts(gateway.store, service, list(CALLED), TODAY, clock.now())
        yield gateway, address
