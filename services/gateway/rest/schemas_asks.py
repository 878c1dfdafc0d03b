"""What /v1/asks answers, for /openapi.json."""

from __future__ import annotations

from services.gateway.rest.schemas import Shape


class AskedDeal(Shape):
    """The deal that an ask is on."""

    id: str
    name: str
    owner_id: str


class AskOnDeal(Shape):
    """What is wanted on a deal, by whom and until when; `assignee_id` is whoever is asked now."""

    id: int
    deal: AskedDeal
    text: str
    assignee_id: str
    due: str
    author: str
    time: str
    done_time: str | None
    done_by: str


class Asks(Shape):
    """A page of asks, by the day until which they are due."""

    asks: list[AskOnDeal]
    next_cursor: str
