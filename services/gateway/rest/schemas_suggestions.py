"""What belongs to a suggestion, for /openapi.json."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Members are exactly these."""

    model_config = ConfigDict(extra="forbid")


class Addressee(Part):
    """Whom to contact."""

    id: str
    name: str
    title: str


class Offer(Part):
    """A product to offer, why, and what such deals usually took."""

    product_id: str
    name: str
    quantity: float | None
    text: str


class Window(Part):
    """When: within the working hours of the channel, outside of its quiet hours."""

    start: str
    end: str


class NoteSignal(Part):
    """What a note says may stop the deal, with the sentence that shows it."""

    name: str
    sentence: str
    day: str


class FeedbackGiven(Part):
    """An answer to a suggestion that stands."""

    id: str
    deal_id: str
    action: str
    verb: Literal["accept", "done", "dismiss", "snooze", "undo"]
    suggestion_id: str
    reason: str
    until: str | None
    channel: str
    contact_id: str
    activity_id: str
    undoes: str
    time: str
    by: str


class Chance(Part):
    """How likely a policy shows an action first; an empty action is nothing."""

    policy: str
    action: str
    probability: float


class Decision(Part):
    """How it was decided what stands first; in the control group nothing is shown, whatever the policy says."""

    policy: str
    control: bool
    since: str
    action: str
    propensity: float
    chances: list[Chance]
    shares: dict[str, float]


class SimilarDeal(Part):
    """A past deal like the one asked about; days count from the day of its life on which it is alike."""

    id: str
    name: str
    account: str
    likeness: float
    won: bool
    as_of_day: str
    next_activity: str | None
    days_to_next: int | None
    days_to_close: int
    text: str


class BoughtProduct(Part):
    """A product that similar won deals had: how many of them, and their median quantity."""

    product_id: str
    name: str
    deals: int
    quantity: float


class SimilarDeals(Part):
    """Past deals, the likest first; text_pending: the deal's notes are not encoded yet, so ask again later."""

    id: str
    text_pending: bool
    deals: list[SimilarDeal]
    products: list[BoughtProduct]
