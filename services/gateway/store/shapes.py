"""What the store hands out and takes besides records: rows, pages, sums and queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from learning.placements import WHOLE
from learning.records import Credit, Placement
from services.gateway.amount_types import AMOUNT
from services.gateway.domain import Principal, Record


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A promise to publish one deal. `id` is the Nats-Msg-Id; `trace` the traceparent of the write."""

    id: int
    deal_id: str
    cause: str  # changed or rescore
    trace: str = ""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A line of the live event stream; `id` grows, so a reader can resume."""

    id: int
    deal_id: str
    kind: str  # deal, lead_score, forecast, next_actions, rollup, model or import
    time: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventsAfter:
    """What a reader of live events asks: those above an id that the principal may see."""

    principal: Principal
    after: int


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some live events in order. `after`: where the next page begins, further on than the last of these where those in
    between are not to be seen. `full`: there may be more."""

    events: Sequence[StoredEvent]
    after: int
    full: bool


@dataclass(frozen=True, slots=True)
class StoredRollup:
    """A node's open business in a period and currency as the forecast service last said (JSON-able body)."""

    node: str
    period: str
    currency: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OwnerRecord:
    """An owner's open deals in a currency: how many, without an amount, what they ask for in all and at most (minor
    units); and how many of the owner's deals closed, in any currency."""

    owner_id: str
    currency: str
    deals: int
    unpriced: int
    total: float
    most: float
    closed: int


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """How much record there is: deals won and closed, won ones with an amount, the first closing."""

    owners: Sequence[OwnerRecord]
    won: int
    closed: int
    won_with_amount: int
    first_closing: date | None


@dataclass(frozen=True, slots=True)
class DealTeam:
    """A deal with the users who see it beside its owner and those with credit."""

    deal_id: str
    name: str
    owner_id: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """Which records a list shows. Unset members do not filter; `sort` is a key of SORTS, `-` before it descends."""

    owner_id: str = ""  # or the head of a subtree with subtree=True
    subtree: bool = False
    region: str = ""  # of the owners who stand in it on the business day
    shared: bool = False  # of these owners also those that they have credit for
    outcome: str = ""
    kind: str = ""
    pipeline: str = ""
    stage: str = ""
    account_id: str = ""
    text: str = ""  # in name or id
    min_probability: float | None = None
    max_probability: float | None = None
    grade: str = ""
    grade_bounds: tuple[float, float, float] = (0.75, 0.5, 0.25)  # lower bounds of A, B, C
    category: str = ""  # suggested category
    own_category: str = ""  # the rep's
    min_slip_risk: float | None = None
    action: str = ""  # first suggested action
    closes_after: date | None = None  # promised after this day; of deals that ended, closed after it
    closes_by: date | None = None  # promised, or closed, on this day at the latest
    sort: str = "id"

    @classmethod
    def of_node(cls, node: str, **more: Any) -> Query:
        """What a node of the reporting tree's owners have; of the company everything."""
        level, _, name = node.partition(":")
        owner = name if level in ("owner", "manager") else ""
        return cls(owner, subtree=level == "manager", region=name if level == "region" else "", **more)


SORTS = (
    "id", "name", "stage", "amount", "created_time", "close_date", "updated_time", "probability", "expected_amount",
    "slip_risk", "gain",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """A page of records and the cursor of the next; empty on the last."""

    records: tuple[Record, ...]
    next_cursor: str = ""


@dataclass(frozen=True, slots=True)
class Won:
    """What is booked: sums of won opportunities per owner and currency in a span of days."""

    owner_id: str
    currency: str
    minor: int
    deals: int


@dataclass(frozen=True, slots=True)
class CategorySum:
    """Open opportunities promised within a span of days, by the rep's own category ('' where none was given) and by
    the suggested one."""

    owner_id: str
    currency: str
    category: str
    minor: int
    deals: int
    suggested: str = ""  # the forecast's category; '' while there is none


@dataclass(frozen=True, slots=True)
class OpenAmount:
    """An open opportunity with what it counts as today, and the owners whose it is with their shares."""

    deal_id: str
    currency: str
    minor: int
    holders: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class PlacedDeal:
    """A deal with its amount and where it stands in the trees beside the reporting line."""

    currency: str
    minor: int
    category: str
    suggested: str
    placements: tuple[Placement, ...]
    deal_id: str = ""


@dataclass(frozen=True, slots=True)
class PastDeal:
    """A deal as it stood at a moment, as far as totals need it; without an amount it is worth nothing."""

    kind: str
    outcome: str
    owner_id: str
    currency: str
    minor: int
    close_date: date | None
    closed_date: date | None
    deleted: bool
    credits: tuple[Credit, ...] = ()

    @property
    def holders(self) -> list[tuple[str, int]]:
        """The owners whose it counts as, with their shares in ten-thousandths."""
        return [(one.owner_id, one.share) for one in self.credits] or [(self.owner_id, WHOLE)]


Recorded = tuple[datetime | None, datetime | None]  # at two moments, up to when what is known was recorded


@dataclass(frozen=True, slots=True)
class DealPair:
    """A deal as it stood at two moments, None before it was created, or first seen. Where it is no longer the
    principal's to see, it has neither id nor name nor account: it counts in totals of then, and no more is told of it.
    there: it was there already at the first moment or when it was first seen, but how it stood is not known."""

    id: str
    name: str
    before: PastDeal | None
    after: PastDeal | None
    account: str = ""  # its name
    there: bool = False


@dataclass(frozen=True, slots=True)
class RateEntry:
    """An exchange rate to a company's currency (base) as somebody set it; without a rate it was taken away."""

    currency: str
    day: date
    rate: Decimal | None
    author: str
    time: datetime
    base: str


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """What was said of a node's period on a day: amounts in minor units by name, None where nothing was said."""

    period: str
    currency: str
    node: str
    day: date
    body: Mapping[str, int | None]
    type: str = AMOUNT


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """A lead score a deal had: what its trend is read from. Contributions in log-odds by column, where they matter."""

    probability: float
    model_generation: int
    business_day: str
    contributions: Mapping[str, float] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Touch:
    """A contact made on a channel: outbound, or answered by the customer."""

    channel: str
    outbound: bool
    time: datetime


@dataclass(frozen=True, slots=True)
class Behind:
    """An open deal whose insights are behind, and in what."""

    deal_id: str
    revision_behind: bool  # an insight of the deal's revision is missing: publish as changed
    model_or_day_behind: bool  # otherwise: publish as rescore
