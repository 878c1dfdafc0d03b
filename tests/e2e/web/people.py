"""A company of people who sign in by password: a quarter to call, days to work through, files to bring in."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from playwright.async_api import Browser, Page, expect

from kit.clock import FixedClock
from kit.models import Pointer
from kit.money import Money
from learning.records import Contact, ContactRole, Quota, ReportingLine, User
from services.forecast.model import ForecastModel
from services.forecast.service import Forecasts
from services.gateway.access.members import Member, Role
from services.gateway.domain import LOCAL, Insight, InsightKind
from services.gateway.service import Gateway
from services.gateway.web.words import Words
from tests.e2e.web.site import TODAY, deal, insights
from tests.integration.access.conftest import Company, opened
from tests.integration.gateway.forecasting import serving as serving_forecasts
from tests.integration.gateway.forecasting import tell_forecasts

PASSWORD = "correct horse battery staple"
SIZES = {1280: {"width": 1280, "height": 900}, 390: {"width": 390, "height": 844}}
MEMBERS = {
    "manager": Member("m1", "seoyeon@example.com", "박서연", Role.MANAGER, "m1"),
    "u1": Member("u1", "minjun@example.com", "김민준", Role.REP, "u1"),
    "u2": Member("u2", "grace@example.com", "Grace Tan", Role.REP, "u2"),
    "u3": Member("u3", "sua@example.com", "이수아", Role.REP, "u3"),
    "revops": Member("ops", "ops@example.com", "한도윤", Role.ADMIN),  # RevOps who also lets others in
}
REPS = {"u1": "김민준", "u2": "Grace Tan", "u3": "이수아"}
AMOUNTS = (400_000_000, 300_000_000, 120_000_000)  # of each rep's deals
SHARES = """() => {
    window.shared = [];
    Object.defineProperty(navigator, "share", { value: async (what) => { window.shared.push(what); } });
}"""


@contextlib.asynccontextmanager
async def working(url: str, folder: Path) -> AsyncIterator[Company]:
    """The company, whose forecasts are told and answered for; whoever is in it has the same password."""
    clock = FixedClock(datetime(2026, 11, 20, 10, tzinfo=UTC))
    service = Forecasts(SimpleNamespace(current=(ForecastModel(), Pointer("1", 0, ""))), clock)
    settings = {"run_dir": folder, "today": TODAY, "health_quiet_seconds": 0.2, "reconcile_seconds": 600.0}
    async with serving_forecasts(service, clock, folder), opened(url, folder / "data", **settings) as company:
        gateway = company.running.gateway
        await gateway.workspace.set_currency("KRW")
        ids = await _fill(gateway)
        await tell_forecasts(gateway.store, service, ids, TODAY, clock.now())
        await _suggest(gateway, ids)
        password = await company.desk.hasher.hashed(PASSWORD)
        for member in MEMBERS.values():
            await gateway.store.save_member(replace(member, password=password))
        yield company


async def _fill(gateway: Gateway) -> list[str]:
    """A team with quotas, and each rep's deals with somebody to write to."""
    people = [User("m1", "박서연"), *(User(one, name) for one, name in REPS.items())]
    await gateway.store.save_users(
        LOCAL, people, [ReportingLine("m1", ""), *(ReportingLine(one, "m1") for one in REPS)]
    )
    quotas = [Quota(one, "2026-Q4", Money("KRW", 300_000_000)) for one in REPS]
    await gateway.store.save_quotas(LOCAL, quotas)
    writes, contacts = [], []
    for owner in REPS:
        for place, amount in enumerate(AMOUNTS):
            name = f"{owner}-{place}"
            contacts.append(Contact(f"c-{name}", f"Kim {name}", title="Buyer", email=f"{name}@client.example.com"))
            writes.append(
                replace(deal(name, f"Line {name}", owner, amount), contacts=(ContactRole(f"c-{name}", "decides"),))
            )
    await gateway.store.save_contacts(LOCAL, contacts)
    await gateway.apply_deals(LOCAL, writes)
    return [write.id for write in writes]


async def _suggest(gateway: Gateway, ids: list[str]) -> None:
    """On each deal a message to its contact."""
    found: list[Insight] = []
    for one in await gateway.store.get_records(LOCAL, ids):
        name = one.history.deal.id
        said = next(each for each in insights(name, one.history.deal.revision) if each.kind is InsightKind.NEXT_ACTIONS)
        action: dict[str, Any] = said.body["actions"][0] | {"id": f"s-{name}", "contact_id": f"c-{name}"}
        found.append(replace(said, body=dict(said.body) | {"actions": [action]}))
    assert all(await gateway.store.apply_insights(found))


async def arrive(browser: Browser, company: Company, who: str, language: str, width: int) -> Page:
    """Somebody's own browser, in which they have signed in."""
    context = await browser.new_context(viewport=SIZES[width], locale=language, has_touch=width < 500)  # type: ignore[arg-type]
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await context.add_init_script(f"({SHARES})()")
    page, w = await context.new_page(), Words(language)
    await page.goto(str(company.running.http.base_url))
    await page.get_by_label(w("sign_in.login")).fill(MEMBERS[who].login)
    await page.get_by_label(w("sign_in.password")).fill(PASSWORD)
    await page.get_by_role("button", name=w("sign_in.title"), exact=True).click()
    await expect(page.get_by_role("navigation", name=w("app.pages"))).to_be_visible()
    return page
