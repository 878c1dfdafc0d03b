"""A browser and the pages it opens."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from kit.testing import chromium
from services.gateway.service import Gateway
from services.gateway.web import build
from tests.e2e.web.site import fill, serving

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
