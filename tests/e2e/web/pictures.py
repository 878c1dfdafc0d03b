"""Pictures of every page the browser tests open, kept as build output to be looked at."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Page

from tests.e2e.web.actions import settled

FOLDER = Path(os.environ.get("DEALCAST_PICTURES") or Path(__file__).resolve().parents[3] / "build" / "pages")


async def picture(page: Page) -> Path:
    """The whole page as it is, by its address, its language and the width of the window."""
    language = await page.evaluate("document.documentElement.lang")
    name = re.sub(r"\W+", "-", urlsplit(page.url).path).strip("-") or "home"
    size = page.viewport_size or {"width": 0}
    await settled(page)
    file = FOLDER / f"{name}-{language}-{size['width']}.png"
    await page.screenshot(path=file, full_page=True)
    return file
