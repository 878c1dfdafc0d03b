"""What the answers on data health look like, for /openapi.json."""

from __future__ import annotations

from typing import Any, Literal

from services.gateway.rest.schemas import Shape
from services.gateway.rest.schemas_operations import Job


class HealthVerdict(Shape):
    """Whether the records do for the models, in a word and in a sentence, with the reasons and their figures."""

    state: Literal["ready", "limited", "not_yet"]
    text: str
    reasons: list[dict[str, Any]]
    outcomes: dict[str, int]


class HealthMend(Shape):
    """What helps: how many records, the deals they concern, and the share of the open amount or of the closed deals,
    the larger, that is. Amounts are in minor units of the company's currency."""

    finding: str
    text: str
    count: int
    deals: int
    open_deals: int
    closed_deals: int
    leads: int
    open_amount: int
    effect: float


class HealthCount(Shape):
    """How many records a finding holds, how many concern open deals and what those are worth (minor units), whose they
    are and where they came from; at most the 50 largest of each."""

    finding: str
    of: str
    title: str
    count: int
    open: int
    amount: int
    sources: dict[str, int]
    owners: dict[str, int]


class HealthSummary(Shape):
    """What the latest look at all records found."""

    as_of: str
    business_day: str
    currency: str
    time: str
    job: str
    records: dict[str, int]
    verdict: HealthVerdict
    mends: list[HealthMend]
    findings: list[HealthCount]


class Health(Shape):
    """What the latest look found, null before the first; and the look that is under way, if any."""

    health: HealthSummary | None
    running: Job | None


class HealthJobs(Shape):
    """The latest looks, newest first."""

    jobs: list[Job]


class FoundRecord(Shape):
    """A record and why it is among the findings. Of duplicates: the one that would go, and `other` that would stay."""

    id: str
    name: str
    why: str
    text: str
    value: str
    owner: str
    source: str
    open: bool
    amount: int
    other: str
    other_name: str
    score: float


class FoundRecords(Shape):
    """A page of findings; no cursor on the last."""

    finding: str
    records: list[FoundRecord]
    next_cursor: str


class DuplicateDecision(Shape):
    """What was decided on two records, by whom and when, and whether that was taken back."""

    id: int
    of: Literal["accounts", "contacts", "deals"]
    first: str
    second: str
    act: Literal["merge", "ignore"]
    kept: str
    who: str
    time: str
    undone_time: str | None
    undone_by: str


class DuplicateDecisions(Shape):
    """A page of decisions, newest first; no cursor on the last."""

    decisions: list[DuplicateDecision]
    next_cursor: str
