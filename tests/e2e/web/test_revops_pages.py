"""Settings, catalogue, data and models in a browser, over a whole gateway: set by keyboard, nothing serious for axe."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from kit.clock import WallClock
from kit.nats_server import NatsServer
from kit.server import GrpcServer
from services.gateway.web.build import AXE
from services.next_best_action import catalogue
from services.next_best_action.grpc_api import SERVICE_NAME, NextBestActionApi
from services.next_best_action.service import NextBestAction
from tests.e2e.web.actions import open_page, scrolls_sideways
from tests.e2e.web.pictures import picture
from tests.e2e.web.test_accessibility import FINDINGS, SERIOUS
from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.test_catalogue_page import OWN
from tests.unit.next_best_action.nba_builders import Prior

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAGES = ("/settings", "/catalogue", "/models", "/import")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningGateway]:
    """A gateway with its broker and the service that checks catalogues; it holds the sample company."""
    folder: Path = tmp_path_factory.mktemp("revops")
    service = NextBestAction(catalogue.parse(OWN), Prior(), WallClock())
    server = GrpcServer("127.0.0.1:0", NextBestActionApi(service).add_to, [SERVICE_NAME])
    await server.start()
    (folder / "next_best_action.json").write_text(json.dumps({"grpc": server.address}))
    with NatsServer() as nats:
        gateway = await RunningGateway(nats.url, folder / "data", run_dir=folder).start()
        await gateway.gateway.workspace.keep_apart(sample=True)
        await gateway.http.put("/v1/deals/s1", json={"name": "Made up", "stage": "Offer"})
        yield gateway
        await gateway.stop()
    await server.stop(0)


def address(gateway: RunningGateway) -> str:
    return f"http://{gateway.parts.addresses()['http']}"


async def axe(page: Page) -> None:
    """With everything unfolded."""
    await page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    findings = await page.evaluate(FINDINGS)
    assert not [found for found in findings if found[0] in SERIOUS], page.url


@pytest.mark.parametrize(("theme", "language", "width"), [("light", "en", 1280), ("dark", "ko", 390)])
async def test_axe_finds_nothing_serious_where_revops_works(
    whole: RunningGateway, browser: Browser, theme: Literal["light", "dark"], language: str, width: int
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, locale=language, color_scheme=theme, reduced_motion="reduce"
    )
    for path in PAGES:
        page, _ = await open_page(context, address(whole) + path)
        assert (await picture(page)).stat().st_size
        await axe(page)
        assert not await scrolls_sideways(page), path
    page, _ = await open_page(context, f"{address(whole)}/settings")
    await page.locator("#currency-currency").fill("won")
    await page.locator("#currency-currency").press("Enter")
    await expect(page.locator("#currency-currency-wrong")).to_be_visible()
    await axe(page)
    await context.close()


async def test_an_action_is_edited_and_the_sample_removed_by_keyboard(whole: RunningGateway, browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 800}, locale="ko")
    page, _ = await open_page(context, f"{address(whole)}/catalogue")
    entry = page.locator("#a-call")
    await entry.locator("summary").first.focus()
    await page.keyboard.press("Enter")
    await page.locator("#call-eligibility").fill("stufe > 1")
    await entry.get_by_role("button", name="저장").press("Enter")
    await expect(page.locator("#call-eligibility-wrong")).to_contain_text("다음 변수만 쓸 수 있습니다")
    await page.locator("#call-eligibility").fill("kind == 'OPPORTUNITY'")
    await entry.get_by_role("button", name="저장").press("Enter")
    await expect(page.get_by_text("1판으로 저장했습니다")).to_be_visible()
    await expect(entry.locator("code").first).to_have_text("kind == 'OPPORTUNITY'")

    watching, _ = await open_page(context, f"{address(whole)}/deals")
    await expect(watching.get_by_text("Made up")).to_be_visible()
    page, _ = await open_page(context, f"{address(whole)}/settings")
    await page.locator("#s-sample summary").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="완전히 삭제").press("Enter")
    await expect(page.locator("#s-sample")).to_contain_text("삭제했습니다")
    await expect(watching.get_by_text("Made up")).to_have_count(0)
    await expect(page.get_by_role("link", name="내 파일 가져오기")).to_be_visible()
    await context.close()
