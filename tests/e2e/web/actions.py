"""What the browser tests do with pages."""

from __future__ import annotations

from playwright.async_api import BrowserContext, Page

from services.gateway.service import Gateway

Site = tuple[Gateway, str]


async def open_page(context: BrowserContext, address: str) -> tuple[Page, list[str]]:
    """A page, and what its console complains of."""
    page, complaints = await context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(address)
    return page, complaints


async def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than the window."""
    return bool(await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
