"""What the answers around actions look like, for /openapi.json."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from services.gateway.rest.schemas import Shape


class Edition(Shape):
    """An edit of the catalogue."""

    generation: int
    time: str
    note: str
    who: str = Field("", description="who edited; empty where that was not kept yet")
    digest: str
    actions: int


class Catalogue(Shape):
    """The action catalogue: TOML text of a generation, which one serves, and the edits, newest first."""

    generation: int
    text: str
    serving: int
    editions: list[Edition]


class Policy(Shape):
    """One policy; what is null is the catalogue's. The champion's share is what the others leave."""

    id: str
    share: float
    rank_by: str
    near: float | None
    most_exploring: float | None


class Detectable(Shape):
    """The least change of the win rate that the control group would show: 80 % power, 5 % error, both sides."""

    deals: int
    control_deals: int
    win_rate: float
    difference: float | None


class PolicyDecision(Shape):
    """How a policy became the champion: by the log (evaluation), or by a person with a reason."""

    time: str
    by: str
    from_: str = Field(alias="from")
    to: str
    ground: str
    reason: str
    difference: dict[str, Any] | None


class Policies(Shape):
    """Which policies choose what is shown first. `shares` are those of all deals, the control group's under ""."""

    generation: int
    champion: str
    policies: list[Policy]
    control_share: float
    unit: str
    shares: dict[str, float]
    detectable: Detectable
    evaluation: dict[str, Any] | None
    decisions: list[PolicyDecision]
