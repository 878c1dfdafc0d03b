"""What the answers on quotas and on what people add to the forecast look like, for /openapi.json."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from services.gateway.rest.schemas import FieldError, Shape


class RefusedRow(Shape):
    """A line of a file that was not taken."""

    line: int
    errors: list[FieldError]


class QuotaImport(Shape):
    """What an import of quotas did; `errors` tells of the first 100 rows refused."""

    created: int
    changed: int
    unchanged: int
    rejected: int
    errors: list[RefusedRow]


class Worth(Shape):
    """Open business promised in the period, what is booked in it, and both together."""

    open: str
    booked: str
    total: str


class Part(Worth):
    """What one cause made of it, and of how many deals."""

    deals: int


class Causes(Shape):
    """Start + all of these = end, in each member."""

    new: Part
    won: Part
    lost: Part
    pulled_in: Part
    pushed_out: Part
    up: Part
    down: Part
    reopened: Part
    moved_owner: Part
    deleted: Part


class BridgeNode(Shape):
    """A node of the reporting tree; all is null above what you may see."""

    node: str
    level: Literal["company", "region", "manager", "owner"]
    name: str
    parent: str
    start: Worth | None
    end: Worth | None
    parts: Causes | None


class MovedDeal(Worth):
    """What one cause made of one deal."""

    id: str
    name: str
    owner_id: str
    cause: str


class ForecastChanges(Shape):
    """What happened to a period between two moments."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    period: str
    from_: str = Field(alias="from")
    to: str
    currency: str
    currencies: list[str]
    nodes: list[BridgeNode]
    deals: list[MovedDeal]
