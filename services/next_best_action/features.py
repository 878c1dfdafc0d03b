"""The variables of a deal: what training adjusts for and what the catalogue's expressions see.

The only module training and serving share: both see a deal as of the END of a day, from what was effective by then.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from kit.clock import utc_day
from learning.records import CHANNELS, Activity, ChangeValue, ContactRole, DealHistory
from learning.snapshots import end_of
from learning.timeline import MAX_ACTIVITIES
from services.next_best_action.contracts import NO_END, days_to_contract_end
from services.next_best_action.domain import Variable
from services.next_best_action.signals import NAMES, Signal, read

STATE_FIELDS = frozenset(  # of a deal, whose history is read here
    ("kind", "motion", "pipeline", "stage", "category", "amount", "close_date", "contacts", "products")
)
NEVER = 9_999  # days since something that never happened
CONTACT_TYPES = frozenset(("call", "mail", "meeting", "visit", "chat", "text"))
TEXTS_READ = 5  # newest texts searched for signals
TEXTS_DAYS = 60  # how old they may be
TEXT_READ = 500  # characters of each
_time, _effective = attrgetter("time"), attrgetter("effective_time")
CASE_DAYS = 30  # a service case nobody tells the end of counts as open for so long
CACHED_TEXTS = 10_000  # whose words are kept


@dataclass(frozen=True, slots=True)
class VariableType:
    """The CEL type of a variable and what it means."""

    type: str
    meaning: str


VARIABLES: Mapping[str, VariableType] = {
    "kind": VariableType("string", "LEAD or OPPORTUNITY"),
    "motion": VariableType("string", "NEW, RENEWAL or EXPANSION"),
    "pipeline": VariableType("string", "the pipeline's name"),
    "stage": VariableType("string", "the stage's name"),
    "category": VariableType("string", "the rep's own: commit, best_case, pipeline, omitted or empty"),
    "probability": VariableType("double", "of winning (a lead: of converting), from the lead score"),
    "slip_risk": VariableType("double", "that it is not closed by the promised date; 0.0 where unknown"),
    "has_amount": VariableType("bool", "an amount is recorded"),
    "amount": VariableType("double", "expected when won, in the deal's currency"),
    "relative_amount": VariableType("double", "amount ÷ the usual amount of a won deal"),
    "age_days": VariableType("int", "days since it was created"),
    "days_in_stage": VariableType("int", "days since the stage last changed, or since creation"),
    "stage_changes": VariableType("int", "how often the stage changed"),
    "has_close_date": VariableType("bool", "a close date is promised"),
    "days_to_close_date": VariableType("int", "until the promised close date, negative once passed; 0 without one"),
    "days_to_contract_end": VariableType("int", f"until the contract it renews ends; {NO_END} where none is named"),
    "overdue": VariableType("bool", "the promised close date has passed"),
    "close_date_moves": VariableType("int", "how often the promised close date changed"),
    "days_since_contact": VariableType("int", "since the last contact either way, else since creation"),
    "days_since_inbound": VariableType("int", f"since the customer last got in touch; {NEVER} if never"),
    "days_since_outbound": VariableType("int", f"since we last got in touch; {NEVER} if never"),
    "days_since_call": VariableType("int", f"since our last call; {NEVER} if never"),
    "days_since_mail": VariableType("int", f"since our last mail; {NEVER} if never"),
    "days_since_meeting": VariableType("int", "since the last meeting or visit, else since creation"),
    "inbound_30_days": VariableType("int", "activities of the customer in 30 days, page visits and the like too"),
    "outbound_30_days": VariableType("int", "activities towards the customer in 30 days"),
    "unanswered": VariableType("int", "our contacts in a row without an answer, on the channel with the most"),
    "contacts": VariableType("int", "people on the deal"),
    "has_decider": VariableType("bool", "one of them decides"),
    "has_champion": VariableType("bool", "one of them champions it"),
    "has_blocker": VariableType("bool", "one of them blocks it"),
    "product_count": VariableType("int", "products on the deal"),
    "open_service_case": VariableType("bool", "a service case of the customer's stands open"),
    "signals": VariableType("list(string)", "what the newest texts say, and the catalogue's [signals] in them"),
}  # fmt: skip


def last_contacts(activities: Sequence[Activity], day: date) -> dict[tuple[str, str], int]:
    """Days since the last contact by (direction, type), as of the end of `day`, from a log that is oldest first.

    Contacts are calls, mails, meetings, visits, chats and texts; notes, page visits and the like are none.
    """
    end = end_of(day)
    found: dict[tuple[str, str], int] = {}
    for activity in reversed(activities):
        key = (activity.direction, activity.type)
        if key not in found and activity.type in CONTACT_TYPES and activity.time < end:
            found[key] = (end - activity.time).days
    return found


def last_month(activities: Sequence[Activity], day: date) -> dict[str, int]:
    """Activities by direction in the 30 days up to the end of `day`, of the MAX_ACTIVITIES newest by then."""
    end = end_of(day)
    start = end - timedelta(days=30)
    found = {"inbound": 0, "outbound": 0, "internal": 0}
    past = bisect_left(activities, end, key=_time)
    for activity in reversed(activities[max(past - MAX_ACTIVITIES, 0) : past]):
        if activity.time < start:
            break
        found[activity.direction] = found.get(activity.direction, 0) + 1
    return found


def open_service_case(activities: Sequence[Activity], day: date) -> bool:
    """Whether the newest service case of the CASE_DAYS up to the end of `day` is the customer's.

    The log is oldest first. One of ours (outbound or internal) tells that it ended.
    """
    end = end_of(day)
    start = end - timedelta(days=CASE_DAYS)
    for activity in reversed(activities):
        if activity.time < start:
            return False
        if activity.type == "service_case" and activity.time < end:
            return activity.direction == "inbound"
    return False


def done_within(times: Sequence[datetime], day: date, days: int) -> bool:
    """Whether one of the (sorted) times lies in the `days` days after the end of `day`."""
    start = end_of(day)
    first = bisect_left(times, start)
    return first < len(times) and times[first] < start + timedelta(days=days)


def newest_texts(activities: Sequence[Activity], day: date) -> list[Activity]:
    """The newest activities with a text of the TEXTS_DAYS up to `day`, newest first."""
    found: list[Activity] = []
    end = end_of(day)
    start = end - timedelta(days=TEXTS_DAYS) if day.toordinal() > TEXTS_DAYS else None
    for activity in reversed(activities):
        if len(found) == TEXTS_READ or (start is not None and activity.time <= start):
            break
        if activity.text and activity.time < end:
            found.append(activity)
    return found


class Read(NamedTuple):
    """What the newest texts say: names in order; what is read, with the sentence and day of the newest that says it."""

    names: list[str]
    shown: tuple[tuple[Signal, date], ...]


class Signals:
    """Names of what texts say: read from them, and the catalogue's own words, whatever their case."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self._words = [
            (name, tuple(word.lower() for word in found if word)) for name, found in sorted(words.items()) if found
        ]
        self._worded = lru_cache(maxsize=CACHED_TEXTS)(self._words_of)

    def read(self, activities: Sequence[Activity], day: date) -> Read:
        """Of the newest texts up to `day`."""
        names: set[str] = set()
        shown: dict[str, tuple[Signal, date]] = {}
        for activity in newest_texts(activities, day):
            text = activity.text[:TEXT_READ]
            names.update(self._worded(text))
            for signal in read(text):
                shown.setdefault(signal.name, (signal, utc_day(activity.time)))
        return Read(sorted(names | shown.keys()), tuple([shown[name] for name in NAMES if name in shown]))

    def _words_of(self, text: str) -> tuple[str, ...]:
        plain = text.lower()
        return tuple([name for name, words in self._words if any(word in plain for word in words)])


@dataclass(slots=True)
class Standing:
    """The deal's own fields as of the end of a day, and how they moved until then."""

    state: Mapping[str, ChangeValue | None]
    age_days: int
    days_in_stage: int
    stage_changes: int
    close_date_moves: int


def standing(history: DealHistory, day: date) -> Standing:
    """As learning.timeline.Timeline tells it, of what is read here alone: at a quarter of the cost.

    A field whose changes are not carried has been as the deal has it now.
    """
    deal, end = history.deal, end_of(day)
    state: dict[str, ChangeValue | None] = {name: getattr(deal, name) for name in STATE_FIELDS}
    changes = sorted(history.changes, key=_effective)
    staged: datetime | None = None
    promised: date | None = None
    seen: set[str] = set()
    stages = moves = 0
    for place, one in enumerate(changes):
        name, value = one.field, one.value
        if one.effective_time >= end:
            # What changes only later was not there yet.
            state.update(dict.fromkeys({each.field for each in changes[place:]} & STATE_FIELDS - seen))
            break
        if name not in STATE_FIELDS:
            continue
        if name == "stage" and (staged is None or value != state[name]):
            staged, stages = one.effective_time, stages + 1
        elif name == "close_date" and isinstance(value, date):
            moves += promised is not None and value != promised
            promised = value
        state[name] = value
        seen.add(name)
    born = deal.created_time or (changes[0].effective_time if changes else None)
    age = max((day - born.astimezone(UTC).date()).days, 0) if born else 0
    in_stage = min((end - staged).days, age) if staged else age
    return Standing(state, age, in_stage, max(stages - 1, 0), moves)


def variables(
    history: DealHistory, day: date, *, probability: float, slip_risk: float, amount: float, usual: float,
    signals: list[str],
) -> dict[str, Variable]:  # fmt: skip
    """All VARIABLES of a deal as of the end of `day`; amounts in major units of one currency."""
    found = standing(history, day)
    state, age = found.state, found.age_days
    promised, people, products = state["close_date"], state["contacts"], state["products"]
    roles = [one.role for one in people if isinstance(one, ContactRole)] if isinstance(people, tuple) else []
    to_close = (promised - day).days if isinstance(promised, date) else 0
    month = last_month(history.activities, day)
    return {
        "kind": _text(state["kind"]),
        "motion": _text(state["motion"]),
        "pipeline": _text(state["pipeline"]),
        "stage": _text(state["stage"]),
        "category": _text(state["category"]),
        "probability": probability,
        "slip_risk": slip_risk,
        "has_amount": state["amount"] is not None,
        "amount": amount,
        "relative_amount": amount / usual if usual > 0 else 1.0,
        "age_days": age,
        "days_in_stage": found.days_in_stage,
        "stage_changes": found.stage_changes,
        "has_close_date": promised is not None,
        "days_to_close_date": to_close,
        "days_to_contract_end": days_to_contract_end(history.deal, day),
        "overdue": to_close < 0,
        "close_date_moves": found.close_date_moves,
        "inbound_30_days": month["inbound"],
        "outbound_30_days": month["outbound"],
        "unanswered": unanswered(history, day),
        "contacts": len(roles),
        "has_decider": "decides" in roles,
        "has_champion": "champions" in roles,
        "has_blocker": "blocks" in roles,
        "product_count": len(products) if isinstance(products, tuple) else 0,
        "open_service_case": open_service_case(history.activities, day),
        "signals": signals,
        **recency(last_contacts(history.activities, day), age),
    }


def unanswered(history: DealHistory, day: date) -> int:
    """Our contacts in a row without an answer by the end of `day`, on the channel with the most.

    From the counters, which know of more than the log carries, unless they tell of a later contact or are missing.
    """
    end, counters = end_of(day), history.counters
    last = [when for one in counters for when in (one.last_outbound_time, one.last_inbound_time) if when is not None]
    if counters and all(when < end for when in last):
        return max(one.unanswered_in_a_row for one in counters)
    found: dict[str, int] = {}
    for activity in history.activities:
        if activity.type in CHANNELS and activity.time < end:
            if activity.direction == "outbound":
                found[activity.type] = found.get(activity.type, 0) + 1
            elif activity.direction == "inbound":
                found[activity.type] = 0
    return max(found.values(), default=0)


def recency(last: Mapping[tuple[str, str], int], age: int) -> dict[str, Variable]:
    """The days_since_* variables from `last_contacts`."""
    inbound = min((days for (direction, _), days in last.items() if direction == "inbound"), default=NEVER)
    outbound = min((days for (direction, _), days in last.items() if direction == "outbound"), default=NEVER)
    met = (days for (_, kind), days in last.items() if kind in ("meeting", "visit"))
    return {
        "days_since_contact": min(inbound, outbound, age),
        "days_since_inbound": inbound,
        "days_since_outbound": outbound,
        "days_since_call": last.get(("outbound", "call"), NEVER),
        "days_since_mail": last.get(("outbound", "mail"), NEVER),
        "days_since_meeting": min(min(met, default=NEVER), age),
    }


def _text(value: ChangeValue | None) -> str:
    return str(value) if isinstance(value, str) else ""
