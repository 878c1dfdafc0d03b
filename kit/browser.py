"""The browser that tests and screenshots use, where there is one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def chromium() -> Path | None:
    """A Chromium: CHROMIUM, the system's, Playwright's own, or None."""
    named = os.environ.get("CHROMIUM", "")
    if named:
        return Path(named) if Path(named).is_file() else None
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return Path(found)
    caches = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
    return next((path for path in sorted(caches.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)
