"""What next best action speaks of: actions, situations, suggestions. Pure and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from kit.money import Money
from learning.answers import Answered
from learning.contact_hours import ContactHours
from learning.insight_keys import InsightKey
from learning.records import ContactCounter, DealHistory
from services.next_best_action.products import Offer
from services.next_best_action.signals import Signal

Variable = str | int | float | bool | list[str]
PLACEHOLDERS = ("contact", "sender", "account", "deal")  # of messages; whoever shows them fills them in


@dataclass(frozen=True, slots=True)
class Channel:
    """How a channel may be used: contact limits, and whether only people who said yes may be contacted on it."""

    name: str
    consent: bool = False
    per_7_days: int = 1_000
    per_30_days: int = 1_000
    unanswered: int = 1_000  # this many in a row without an answer silence it
    quiet_days: int = 0  # … for so long after the last one
    hours: tuple[str, str] | None = None  # of the day; None: the calendar's
    promotional_hours: tuple[str, str] = ("00:00", "24:00")  # what promotes something keeps within these too


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the company works: days for all actions, hours for those whose channel names none."""

    time_zone: str = "UTC"
    working_days: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri")
    hours: tuple[str, str] = ("09:00", "18:00")
    days_off: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """Something a rep can do. Costs and benefits are in the catalogue's currency, `odds` in log-odds of winning."""

    name: str
    en: str
    ko: str
    eligibility: str = "true"
    applicability: str = "true"
    suitability: str = "true"
    channels: tuple[str, ...] = ()  # in order of preference; empty: done without a contact
    roles: tuple[str, ...] = ()  # of the contact, in order of preference
    activities: tuple[str, ...] = ()  # outbound activity types that are this action in the log
    words: tuple[str, ...] = ()  # in the first sentence of our own note: it was this action, whatever its type
    because: tuple[str, ...] = ()  # phrases that may stand as its reasons
    cost: float = 0.0
    minutes: float = 0.0
    benefit: float = 0.0  # worth of doing it whether or not the deal is won
    odds: float = 0.0
    odds_sd: float = 0.1
    amount_uplift: float = 0.0  # growth of the amount, as a share
    promotional: bool = False  # advertises: the channel's promotional_hours hold too
    off: bool = False  # not suggested for now
    tidy_up: bool = False  # housekeeping, for the week's tidy-up rather than the day
    offers: str = ""  # products that go with it: new ones, or larger ones than those on the deal
    message_en: str = ""  # to the customer, with PLACEHOLDERS
    message_ko: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """How suggestions are drawn: see policy.py."""

    shown: int = 3
    near: float = 0.25
    most_exploring: float = 0.3
    explore_from: int = 100


@dataclass(frozen=True, slots=True)
class Effect:
    """How doing an action changes the log-odds of winning: posterior mean and 90 % interval."""

    mean: float
    low: float
    high: float
    learned: bool = False  # from the activity log; otherwise the playbook's belief
    deals: int = 0  # closed deals in the log the action was done on
    deals_won: int = 0
    situation: str = ""  # the key of situations.py it owes most to; empty where it is the same in all


@dataclass(frozen=True, slots=True)
class Person:
    """A contact on the deal, as far as it matters for reaching them."""

    contact_id: str
    role: str = ""
    consented: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller or an event asks about: a deal on a day, with the answers it carries."""

    history: DealHistory
    day: date
    probability: float  # the lead score: of winning; for a lead, of converting
    amount: Money | None = None  # the forecast's expected amount, else the deal's own
    slip_risk: float = 0.0
    upstream: InsightKey | None = None
    answers: tuple[Answered, ...] = ()  # to suggestions, that stand


@dataclass(frozen=True, slots=True)
class Situation:
    """A deal on a day: all that ranking looks at. Amounts are in major units of `currency`."""

    deal_id: str
    revision: int
    day: date
    actionable: bool  # neither closed nor deleted
    probability: float  # of winning; for a lead, of converting
    worth: float  # of winning it; of a lead's conversion, the usual share of that
    currency: str
    variables: Mapping[str, Variable] = field(default_factory=dict)  # what expressions see: features.VARIABLES
    people: tuple[Person, ...] = ()
    counters: tuple[ContactCounter, ...] = ()
    owner_id: str = ""
    account_id: str = ""
    products: tuple[str, ...] = ()  # on the deal
    hidden: Mapping[str, date] = field(default_factory=dict)  # actions an answer keeps away, and until when
    shown: tuple[tuple[Signal, date], ...] = ()  # what the notes say, with the day


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an action is suggested, in both languages; effect in log-odds, 0 where it is evidence only."""

    field: str
    value: str
    text_en: str
    text_ko: str
    effect: float = 0.0
    deals: int = 0  # closed deals behind it
    deals_won: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An action worth doing now, with what it is expected to bring."""

    action: Action
    channel: str
    contact_id: str
    gain: Money
    probability_gain: float
    probability_gain_low: float
    probability_gain_high: float
    propensity: float  # probability with which the policy shows this action first
    reasons: tuple[Reason, ...] = ()
    limits: Channel | None = None  # of its channel, for whoever shows it later; None where nobody is contacted
    hours: ContactHours = field(default_factory=ContactHours)  # in which it may be done
    products: tuple[Offer, ...] = ()  # to offer


@dataclass(frozen=True, slots=True)
class Decision:
    """How it was decided what is shown first. The empty action is nothing."""

    policy: str  # whose turn the deal is
    control: bool  # nothing is shown, whatever the policy says
    since: date  # Monday of the week that the draw holds for
    action: str
    propensity: float  # of the action, by the policy
    chances: tuple[tuple[str, str, float], ...]  # (policy, action, probability above 0), summing to one by policy
    shares: Mapping[str, float]  # of the policies among all deals; of the control group under the empty id


@dataclass(frozen=True, slots=True)
class Ranking:
    """At most `Policy.shown` suggestions, the drawn one first; empty means nothing now."""

    suggestions: tuple[Suggestion, ...] = ()
    look_again: date | None = None
    decision: Decision | None = None  # None where there was nothing to choose from


@dataclass(frozen=True, slots=True)
class Answer:
    """A ranking as an insight on its deal: what orders it, and which model wrote it."""

    key: InsightKey
    model_version: str
    as_of: datetime
    ranking: Ranking
    edition: int = 0  # of the catalogue
    signals: tuple[tuple[Signal, date], ...] = ()  # what the notes say, with the day
