"""What was worked out on the forecast call stays while the page is shown anew: on a forecast service of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, expect

from kit.clock import FixedClock
from kit.models import Pointer
from kit.money import Money
from learning.records import Quota, ReportingLine, User
from learning.wire_event import deal_event
from services.forecast import convert
from services.forecast.model import ForecastModel
from services.forecast.service import Forecasts
from services.gateway.calls import CallKind
from services.gateway.convert import insight_from_event, rollup_from_pb
from services.gateway.domain import LOCAL, InsightKind
from services.gateway.forecast_calls import Said, say
from services.gateway.service import Gateway
from tests.e2e.web.actions import Site, open_page
from tests.e2e.web.site import TODAY, deal
from tests.e2e.web.site import serving as serving_pages
from tests.integration.gateway.forecasting import serving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
AMOUNTS = {"A-1": 400_000_000, "A-2": 300_000_000, "A-3": 20_000_000, "B-1": 500_000_000}
NOW = FixedClock(datetime(2026, 11, 20, 10, tzinfo=UTC))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def called(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Two reps with a quota that they may miss, and a forecast service that knows of their deals."""
    folder = tmp_path_factory.mktemp("called")
    service = Forecasts(SimpleNamespace(current=(ForecastModel(), Pointer("1", 0, ""))), NOW)
    async with serving_pages(folder) as (gateway, address), serving(service, NOW, folder):
        people = [User("m1", "박서연"), User("u1", "김민준"), User("u2", "Grace Tan")]
        lines = [ReportingLine("m1", ""), ReportingLine("u1", "m1"), ReportingLine("u2", "m1")]
        await gateway.store.save_users(LOCAL, people, lines)
        quotas = [Quota(owner, "2026-Q4", Money("KRW", 200_000_000)) for owner in ("m1", "u1", "u2")]
        await gateway.store.save_quotas(LOCAL, quotas)
        owners = {name: "u1" if name[0] == "A" else "u2" for name in AMOUNTS}
        await gateway.apply_deals(LOCAL, [deal(name, name, owners[name], each) for name, each in AMOUNTS.items()])
        await forecast(gateway, service, list(AMOUNTS))
        yield gateway, address


async def forecast(gateway: Gateway, service: Forecasts, deals: list[str]) -> None:
    """What the service says of the deals and of the totals, at a chance of one half."""
    for record in await gateway.store.get_records(LOCAL, deals):
        event = deal_event(record.history, business_day=TODAY)
        score, key = event.lead_score, event.lead_score.header.key
        score.probability = 0.5
        key.deal_revision, key.business_day, key.insight_id = record.history.deal.revision, TODAY.isoformat(), "s"
        asked = convert.asked_from_event(event)
        [answer] = service.answer([asked])
        service.rollup.apply([convert.update_of(asked, answer)])
        event.forecast.CopyFrom(convert.forecast_to_pb(event, answer))
        kinds = (InsightKind.LEAD_SCORE, InsightKind.FORECAST)
        assert all(await gateway.store.apply_insights([insight_from_event(event, kind) for kind in kinds]))
    rows = [convert.rollup_to_pb(row, service.info, NOW.now()) for row in service.rollup.rows()]
    await gateway.store.save_rollups([rollup_from_pb(row) for row in rows])


async def test_a_gap_list_and_a_what_if_outlive_what_others_change(called: Site, desk: BrowserContext) -> None:
    gateway, address = called
    page, complaints = await open_page(desk, f"{address}/forecast?lang=en")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "part=gap" in one.url else None)
    first = page.locator("#gap li").first
    await expect(first).to_be_visible()
    listed = await page.locator("#gap").inner_text()
    await first.locator("input[type=checkbox]").check()
    await page.get_by_role("button", name="What if the ticked deals").click()
    supposed = page.locator("#what-if table")
    await expect(supposed).to_be_visible()
    told = await supposed.inner_text()
    await expect(page.locator("#connection")).to_have_text("Live")
    asked.clear()
    current = gateway.workspace.calendar.parse("2026-Q4")
    await say(gateway, LOCAL, CallKind.SUBMISSION, Said(Money("KRW", 610_000_000), "", "owner:u1", current))
    await expect(page.locator("#tree")).to_contain_text("₩610M")
    assert (await page.locator("#gap").inner_text(), await supposed.inner_text()) == (listed, told)
    assert await first.locator("input[type=checkbox]").is_checked()
    again = page.locator('[data-moved="gap"]')
    assert (asked, await again.is_visible()) == ([], False), "a submission moves no number"
    await gateway.store.save_quotas(LOCAL, [Quota("m1", "2026-Q4", Money("KRW", 300_000_000))])
    await say(gateway, LOCAL, CallKind.SUBMISSION, Said(Money("KRW", 620_000_000), "", "owner:u1", current))
    await expect(again).to_be_visible()
    await expect(page.locator('[data-moved="what-if"]')).to_be_visible()
    assert not asked
    await again.get_by_role("button").click()
    await expect(page.locator("#gap")).not_to_have_text(listed)
    await expect(again).to_be_hidden()
    assert (len(asked), complaints) == (1, [])
