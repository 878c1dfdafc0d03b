"""axe-core finds nothing serious on pages that something leads to: dropped files, mends, what-if, undo, a held call."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from kit.clock import WallClock
from kit.messaging import Outgoing, Publisher
from kit.models import ModelShelf, Pointer
from kit.nats_server import NatsServer
from kit.server import GrpcServer
from learning.testing import company, last_day
from services.gateway.web.build import AXE
from services.lead_scoring.dataset import build_dataset
from services.lead_scoring.grpc_api import SERVICE_NAME, LeadScoringApi
from services.lead_scoring.service import LeadScoring
from services.lead_scoring.training import train
from tests.e2e.web.actions import Site, open_page, scrolls_sideways
from tests.e2e.web.pictures import picture
from tests.e2e.web.test_accessibility import FINDINGS, SERIOUS
from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.test_data_health import DEALS, looked
from tests.integration.gateway.test_import_page import dropped, settled, weeks
from tests.integration.gateway.test_models_page import VERSION

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
LOOKS = pytest.mark.parametrize(("theme", "language", "width"), [("light", "en", 1280), ("dark", "ko", 390)])
Theme = Literal["light", "dark"]


class Models:
    """The trained model, as version 1."""

    def __init__(self) -> None:
        trained = train(build_dataset(company(120, signal=2.0), last_day()), 0, lambda *_: None)
        self.current = (trained.model, Pointer("1", 1, "x"))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningGateway]:
    """A gateway with versions, findings and imports, and the service that answers what-if beside it."""
    folder: Path = tmp_path_factory.mktemp("opened")
    server = GrpcServer("127.0.0.1:0", LeadScoringApi(LeadScoring(Models(), WallClock())).add_to, [SERVICE_NAME])
    await server.start()
    (folder / "lead_scoring.json").write_text(json.dumps({"grpc": server.address}))
    with NatsServer() as nats:
        gateway = await RunningGateway(nats.url, folder / "data", run_dir=folder, health_quiet_seconds=0.2).start()
        opened = (await gateway.http.post("/v1/imports", json={"source": "crm.csv", "as_of": "2017-09-30"})).json()
        await gateway.lines("/v1/users:batch", [{"id": "ann", "name": "김민수"}, {"id": "zoe", "active": False}])
        await gateway.lines(
            "/v1/accounts:batch", [{"id": "a1", "name": "㈜한빛정밀"}, {"id": "a2", "name": "한빛 정밀"}]
        )
        await gateway.lines("/v1/deals:batch", [one | {"stage": "S0"} for one in DEALS])
        await gateway.http.post(f"/v1/imports/{opened['id']}:finish", json={})
        assert gateway.nc is not None
        for service, name in (("lead_scoring", "1"), ("lead_scoring", "2"), ("forecast", "1")):
            digest = await ModelShelf(gateway.nc).put(name.encode())
            await gateway.models.add(service, VERSION | {"version": name, "digest": digest})
        await Publisher(gateway.nc).publish([Outgoing("INSIGHTS.lead_score.d1", b"\xff\xff nonsense")])
        await looked(gateway)
        yield gateway
        await gateway.stop()
    await server.stop(0)


@asynccontextmanager
async def seen(browser: Browser, theme: Theme, language: str, width: int) -> AsyncIterator[BrowserContext]:
    """By somebody with that theme, language and window."""
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, locale=language, color_scheme=theme, reduced_motion="reduce"
    )
    yield context
    await context.close()


async def sound(page: Page) -> None:
    """Nothing serious with everything unfolded, and nothing cut off."""
    assert (await picture(page)).stat().st_size
    await page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    findings = await page.evaluate(FINDINGS)
    assert not [found for found in findings if found[0] in SERIOUS], page.url
    assert not await scrolls_sideways(page), page.url


async def sent(page: Page, form: str) -> None:
    """The form as a browser without scripts sends it, so that a whole page comes."""
    async with page.expect_navigation():
        await page.evaluate("(form) => document.querySelector(form).submit()", form)


@LOOKS
async def test_what_revops_opens(
    running: RunningGateway, browser: Browser, tmp_path: Path, theme: Theme, language: str, width: int
) -> None:
    start = f"http://{running.parts.addresses()['http']}"
    upload = await dropped(running, weeks(tmp_path / "weeks"))
    await settled(running, upload)
    async with seen(browser, theme, language, width) as context:
        page, _ = await open_page(context, f"{start}/models")
        await expect(page.locator("details.version")).to_have_count(3)
        await expect(page.locator('.letters li a[href^="/deals/d1"]')).to_have_count(1)
        await sound(page)
        await sent(page, 'form[action^="/models/undo"]')
        await expect(page.locator('input[name="confirm"]')).to_have_count(1)
        await sound(page)
        found = (await looked(running))["findings"]
        for finding in [one["finding"] for one in found if one["count"]]:
            await page.goto(f"{start}/models/mend/{finding}")
            await expect(page.locator("table")).to_be_visible()
            await sound(page)
        await page.goto(f"{start}{upload.partition('?')[0]}")
        await expect(page.locator("table").first).to_be_visible()
        await sound(page)


@LOOKS
async def test_two_versions_are_compared_and_each_let_serve(
    running: RunningGateway, browser: Browser, theme: Theme, language: str, width: int
) -> None:
    start = f"http://{running.parts.addresses()['http']}"
    async with seen(browser, theme, language, width) as context:
        page, _ = await open_page(context, f"{start}/models")
        await page.locator('a[href^="/models/compare/lead_scoring"]').click()
        await expect(page.locator("figure.compared svg circle[cx]").first).to_be_visible()
        await expect(page.locator("figure.compared svg rect[x]").first).to_be_visible()
        await sound(page)
        for version in ("2", "1"):
            form = page.locator("form.inline").filter(has=page.locator(f'input[name="version"][value="{version}"]'))
            await form.locator("input[name=reason]").fill("tried")
            async with page.expect_navigation():
                await form.locator("input[name=reason]").press("Enter")
            await expect(page.locator("p.did")).to_contain_text({"en": "version ", "ko": "버전 "}[language] + version)
            await expect(page.locator("#compare .badge.won")).to_have_count(1)


@LOOKS
async def test_what_a_rep_supposes(
    running: RunningGateway, browser: Browser, theme: Theme, language: str, width: int
) -> None:
    start = f"http://{running.parts.addresses()['http']}"
    async with seen(browser, theme, language, width) as context:
        page, _ = await open_page(context, f"{start}/deals/d1")
        await page.locator("#suppose-deal [name=amount]").fill("900")
        await sent(page, "#suppose-deal form")
        await expect(page.locator("#supposed")).to_contain_text("%")
        await sound(page)


@LOOKS
async def test_what_a_manager_holds_and_supposes(
    called: Site,
    browser: Browser, theme: Theme, language: str, width: int,
) -> None:  # fmt: skip
    async with seen(browser, theme, language, width) as context:
        page, _ = await open_page(context, f"{called[1]}/forecast")
        async with page.expect_navigation():
            await page.locator('form[action^="/forecast/hold"] button').click()
        await expect(page.locator(".heldbar")).to_be_visible()
        await expect(page.locator("#gap li").first).to_be_visible()
        await sound(page)
        await page.locator("#gap li input[type=checkbox]").first.check()
        await page.locator("#suppose button[type=submit]:visible").first.click()
        await expect(page.locator("#what-if table")).to_be_visible()
        await sound(page)
        await page.goto(f"{called[1]}/forecast/parts?node=owner:u1")
        await expect(page.locator("table.brought").first).to_be_visible()
        await sound(page)
