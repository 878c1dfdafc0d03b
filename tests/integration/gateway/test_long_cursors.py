"""Pages go on over the longest names there are."""

from __future__ import annotations

from services.gateway.limits import NAME_LENGTH
from services.gateway.web.filters import Filters
from tests.integration.gateway.conftest import RunningGateway


async def test_pages_go_on_over_the_longest_names(gateway: RunningGateway) -> None:
    letters = ("\\", "x", "한")
    for place, letter in enumerate(letters):
        rows = [{"id": f"{place}{n}" * 100, "name": letter * (NAME_LENGTH - 1) + str(n)} for n in range(4)]
        assert {line["status"] for line in await gateway.lines("/v1/deals:batch", rows)} == {"created"}
    assert await names(gateway) == [f"{letter}{n}" for letter in letters for n in range(4)]
    over = await gateway.http.get("/v1/deals", params={"cursor": "[" * 4_001})
    assert over.json()["field"] == "cursor"


async def names(gateway: RunningGateway) -> list[str]:
    """First and last letter of each name, a page each, in their order."""
    seen: list[str] = []
    cursor = ""
    while True:
        asked = {"sort": "name", "limit": "1", "cursor": cursor}
        page = await gateway.http.get("/v1/deals", params=asked)
        assert page.status_code == 200, page.text
        seen += [deal["name"][0] + deal["name"][-1] for deal in page.json()["deals"]]
        cursor = page.json()["next_cursor"]
        if not cursor:
            return seen
        assert len(cursor) > NAME_LENGTH
        shown = {"sort": "name", "outcome": "ALL", "cursor": cursor}
        assert Filters.read(shown).cursor == cursor
        assert (await gateway.http.get("/deals", params=shown)).status_code == 200
