"""The variables of a deal: what training adjusts for and what the catalogue's expressions see.

The only module training and serving share: both see a deal as of the END of a day, from what was effective by then.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from learning.records import Activity, DealHistory
from learning.snapshots import end_of, row_at
from learning.timeline import Cell
from services.next_best_action.domain import Variable

NEVER = 9_999  # days since something that never happened
CONTACT_TYPES = frozenset(("call", "mail", "meeting", "visit", "chat", "text"))
TEXTS_READ = 5  # newest texts searched for signals
TEXT_READ = 500  # characters of each
SEPARATOR = "\0"  # between texts, so that no word is found across two


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
    "signals": VariableType("list(string)", "names of the catalogue's [signals] found in the newest texts"),
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


def done_within(times: Sequence[datetime], day: date, days: int) -> bool:
    """Whether one of the (sorted) times lies in the `days` days after the end of `day`."""
    start = end_of(day)
    first = bisect_left(times, start)
    return first < len(times) and times[first] < start + timedelta(days=days)


class Signals:
    """Finds the catalogue's signal words in texts, whatever their case."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self._words = [
            (name, tuple(word.lower() for word in found if word)) for name, found in sorted(words.items()) if found
        ]

    def found(self, activities: Sequence[Activity], day: date) -> list[str]:
        """Names of the signals in the newest texts of the 60 days up to `day`, in order of the alphabet."""
        texts: list[str] = []
        end = end_of(day)
        start = end - timedelta(days=60) if day.toordinal() > 60 else None
        for activity in reversed(activities):
            if len(texts) == TEXTS_READ or (start is not None and activity.time <= start):
                break
            if activity.text and activity.time < end:
                texts.append(activity.text[:TEXT_READ].lower())
        # Searching all texts at once for each word is several times faster than one pattern of all words.
        read = SEPARATOR.join(texts)
        return [name for name, words in self._words if any(word in read for word in words)] if read else []


def variables(
    history: DealHistory, day: date, *, probability: float, slip_risk: float, amount: float, usual: float,
    signals: Signals,
) -> dict[str, Variable]:  # fmt: skip
    """All VARIABLES of a deal as of the end of `day`; amounts in major units of one currency."""
    deal, row = history.deal, row_at(history, day)
    age = max(_whole(row["age_days"]), 0)
    to_close = (deal.close_date - day).days if deal.close_date else 0
    roles = {role for _, role in history.contacts}
    found: dict[str, Variable] = {
        "kind": deal.kind.value,
        "motion": deal.motion.value,
        "pipeline": deal.pipeline,
        "stage": deal.stage,
        "category": deal.category,
        "probability": probability,
        "slip_risk": slip_risk,
        "has_amount": deal.amount is not None,
        "amount": amount,
        "relative_amount": amount / usual if usual > 0 else 1.0,
        "age_days": age,
        "days_in_stage": min(_whole(row["days_in_stage"]), age),
        "stage_changes": _whole(row["stage_moves"]),
        "has_close_date": deal.close_date is not None,
        "days_to_close_date": to_close,
        "overdue": to_close < 0,
        "close_date_moves": _whole(row["close_date_slips"]) + _whole(row["close_date_pulls"]),
        "inbound_30_days": _whole(row["inbound_30_days"]),
        "outbound_30_days": _whole(row["outbound_30_days"]),
        "unanswered": max((counter.unanswered_in_a_row for counter in history.counters), default=0),
        "contacts": len(history.contacts),
        "has_decider": "decides" in roles,
        "has_champion": "champions" in roles,
        "has_blocker": "blocks" in roles,
        "product_count": len(deal.products),
        "signals": signals.found(history.activities, day),
    }
    return found | recency(last_contacts(history.activities, day), age)


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


def _whole(cell: Cell) -> int:
    return int(cell) if isinstance(cell, int | float) else 0
