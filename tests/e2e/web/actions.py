"""What the browser tests do with pages."""

from __future__ import annotations

from playwright.async_api import BrowserContext, Page

from kit.testing import eventually
from services.gateway.service import Gateway

Site = tuple[Gateway, str]
LONGEST, A_MOMENT, SECONDS = 500, 300, 7_000  # ms
SETTLED = """async (longest) => {
    const complete = () => !document.querySelector("[hx-trigger=load]")
        && [...document.querySelectorAll("[data-outlook]")].every((chart) => chart.querySelector("canvas"));
    const until = performance.now() + longest;
    while (!complete() && performance.now() < until) await new Promise((done) => setTimeout(done, 20));
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
}"""
HEAR = """() => new Promise((open) => {
    window.heard = {};
    const source = new EventSource("/v1/events");
    for (const kind of ["deal", "next_actions"]) {
        window.heard[kind] = 0;
        source.addEventListener(kind, () => { window.heard[kind] += 1; });
    }
    source.onopen = open;
})"""


async def open_page(context: BrowserContext, address: str) -> tuple[Page, list[str]]:
    """A page, and what its console complains of."""
    page, complaints = await context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(address)
    return page, complaints


async def settled(page: Page) -> None:
    """What is read after the page is there has come, and what is drawn is drawn; at most half a second is waited."""
    await page.evaluate(SETTLED, LONGEST)


async def hear(page: Page) -> None:
    """Count the events that the page hears from now on, by kind."""
    await page.evaluate(HEAR)


async def heard(page: Page, kind: str, count: int) -> None:
    """So many came, and all that the page does about them within seconds is done: its clock goes on at once."""

    async def so_many() -> bool:
        return bool(await page.evaluate("([kind, count]) => window.heard[kind] >= count", [kind, count]))

    await eventually(so_many)
    await page.wait_for_timeout(A_MOMENT)  # by the clock on the wall: the page hears of it beside us
    await page.clock.fast_forward(SECONDS)
    await page.wait_for_timeout(A_MOMENT)  # for what it asks then


async def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than the window."""
    return bool(await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
