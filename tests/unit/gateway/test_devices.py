"""Browsers as people call them."""

from __future__ import annotations

import pytest

from services.gateway.access.devices import device_name

CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 {}Safari/537.36{}"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (CHROME.format("X11; Linux x86_64", "", ""), "Chrome · Linux"),
        (CHROME.format("Windows NT 10.0; Win64; x64", "", " Edg/126.0"), "Edge · Windows"),
        (CHROME.format("Linux; Android 14; SM-S921N", "Mobile ", ""), "Chrome · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox · macOS"),
        ("python-httpx/0.27.0 plain", "python-httpx/0.27.0"), ("", ""),
    ],
)  # fmt: skip
def test_a_browser_is_named_with_its_system(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name
