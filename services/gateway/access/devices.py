"""What a browser calls itself, as people call it."""

from __future__ import annotations

# A browser names those that it is like, too: the first of these that it names is what it is.
_BROWSERS = {
    "Edg": "Edge", "OPR/": "Opera", "SamsungBrowser/": "Samsung Internet", "Whale/": "Whale", "KAKAOTALK": "KakaoTalk",
    "Firefox/": "Firefox", "FxiOS/": "Firefox", "CriOS/": "Chrome", "Chrome/": "Chrome", "Safari/": "Safari",
}  # fmt: skip
_SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS X": "macOS",
    "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip


def device_name(user_agent: str) -> str:
    """Browser and system, such as "Chrome · Android"; of what names neither, its own first word."""
    found = [next((name for mark, name in marks.items() if mark in user_agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, found)) or user_agent.partition(" ")[0][:40]
