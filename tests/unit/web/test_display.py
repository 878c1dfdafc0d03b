"""The unit of money and the theme: asked for by the address, kept in the browser, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.e2e.web.site import fill, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with serving(tmp_path_factory.mktemp("display")) as (gateway, found):
        await fill(gateway)
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=address, timeout=30, verify=False, headers={"accept-language": "ko"}
    ) as asking:
        yield asking


async def test_what_is_kept_holds_on_every_page_until_it_is_taken_back(client: httpx.AsyncClient) -> None:
    paths = {"/deals?q=D-": "₩0.52억", "/deals/D-1": "₩0.52억", "/forecast": "₩9.40억", "/day?owner=u1": "₩0.52억",
             "/report": "₩9.40억"}  # fmt: skip
    for path, amount in paths.items():
        page = (await client.get(path)).text
        assert "data-theme" not in page
        assert amount not in page, path
    kept = await client.post("/display", data={"unit": "eok", "theme": "dark"})
    assert (kept.status_code, kept.headers["location"]) == (303, "/account?done=display&lang=ko")
    cookies = kept.headers.get_list("set-cookie")
    assert all("HttpOnly" in one and "SameSite=lax" in one and "Path=/" in one for one in cookies)
    for path, amount in paths.items():
        page = (await client.get(path)).text
        assert '<html lang="ko" data-theme="dark">' in page, path
        assert amount in page, path
    asked = (await client.get("/deals?unit=man&q=D-")).text
    assert "₩5,200만" in asked, "the address counts first"
    assert 'href="/deals/D-1?unit=man"' in asked, "and goes along"
    exact = (await client.get("/v1/deals/D-1")).json()
    assert exact["amount"]["value"] == "52000000", "programs are told exactly"
    await client.post("/display", data={"unit": "", "theme": ""})
    assert "data-theme" not in (await client.get("/deals")).text


@pytest.mark.parametrize("form", [{"unit": "furlong"}, {"theme": "pink"}])
async def test_other_choices_are_refused_or_passed_over(client: httpx.AsyncClient, form: dict[str, str]) -> None:
    assert (await client.post("/display", data=form)).status_code == 400
    page = await client.get("/deals", params={"q": "D-", **form})
    assert page.status_code == 200
    assert "data-theme" not in page.text
    assert "₩52,000,000" in page.text, "as each amount asks for"
