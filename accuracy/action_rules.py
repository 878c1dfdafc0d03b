"""Whether every suggestion keeps the rules: contact limits, refusals and consents, quiet hours, eligibility.

Random records, each rule checked by code that shares nothing with the ranking but the catalogue's words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

from kit.money import Money
from learning.contact_hours import windows
from learning.records import (
    ACTIVITY_TYPES,
    BUYING_ROLES,
    CHANNELS,
    DIRECTIONS,
    Activity,
    Change,
    Consent,
    Contact,
    ContactCounter,
    ContactRole,
    Deal,
    DealHistory,
    DealKind,
    Motion,
    Outcome,
    ProductLine,
)
from services.next_best_action import catalogue, expressions
from services.next_best_action.catalogue import Catalogue
from services.next_best_action.domain import Asked, Effect, Situation, Suggestion
from services.next_best_action.expressions import Condition
from services.next_best_action.model import ActionModel
from services.next_best_action.ranking import rank
from services.next_best_action.service import situation

RECORDS = 100_000
SEED = 5
HOUR = timedelta(hours=1)
EXPLORING = ActionModel(effects={"call": Effect(0.3, 0.1, 0.5, learned=True)}, outcomes=1_000)
STAGES = ("Prospecting", "Engaging", "Negotiation")
TEXTS = ("", "", "the price is too high", "경쟁사 제안을 검토 중입니다", "please send a quote", "품의 진행 중입니다")


@dataclass
class Found:
    """What the check counted."""

    records: int = 0
    suggestions: Counter[str] = field(default_factory=Counter)  # by action
    broken: Counter[str] = field(default_factory=Counter)  # by rule
    nothing: int = 0
    advertised: int = 0  # suggestions that advertise by chat or text, for which there are quiet hours


def section() -> str:
    """The section of docs/accuracy.md."""
    found = check(RECORDS, SEED)
    broken = ", ".join(f"{rule} {count:,}" for rule, count in sorted(found.broken.items())) or "none"
    return (
        "## Next best action: rules kept\n\n"
        f"{found.records:,} random records, ranked with the built-in catalogue, at random hours of random days. What "
        "advertises was let onto chat and text, and these opened around the clock, so that quiet hours had something "
        f"to hold for. {found.suggestions.total():,} suggestions of {len(found.suggestions)} actions, of which "
        f"{found.advertised:,} advertise by chat or text; nothing on {found.nothing:,} records. Each suggestion was "
        "held against the contact limits, refusals and consents of its channel, working days and quiet hours of the "
        "window it would be done in, and its own three conditions one by one.\n\n"
        f"Broken rules: {broken}."
    )


def check(records: int, seed: int) -> Found:
    """Rank so many random records and hold every suggestion against the rules."""
    rng, found, actions = Random(seed), Found(), all_shown()
    for _ in range(records):
        asked = random_question(rng)
        model = EXPLORING if rng.random() < 0.5 else ActionModel()
        seen = situation(asked, actions, model)
        ranking = rank(seen, actions, model, seed=rng.randrange(9))
        found.records += 1
        found.nothing += not ranking.suggestions
        now = datetime.combine(asked.day, datetime.min.time(), UTC) + timedelta(minutes=rng.randrange(1_440))
        for each in ranking.suggestions:
            found.suggestions[each.action.name] += 1
            found.advertised += _has_quiet_hours(each)
            found.broken.update(broken_rules(each, asked, seen, actions, now))
    return found


def all_shown() -> Catalogue:
    """The built-in catalogue, showing ten actions a deal, so that rare ones are seen too.

    What advertises may do so by chat and text, which are open around the clock.
    """
    text = catalogue.DEFAULT_FILE.read_text(encoding="utf-8")
    text = text.replace("promotional = true\nchannels = [", 'promotional = true\nchannels = ["chat", "text", ')
    for name in ("chat", "text"):
        text = text.replace(f"[channels.{name}]\n", f'[channels.{name}]\nhours = ["00:00", "24:00"]\n')
    actions = catalogue.parse(text)
    return replace(actions, policy=replace(actions.policy, shown=10))


def broken_rules(each: Suggestion, asked: Asked, seen: Situation, actions: Catalogue, now: datetime) -> Iterator[str]:
    """The rules a suggestion breaks, by name."""
    history, action = asked.history, each.action
    if history.deal.outcome is not Outcome.OPEN or history.deal.deleted:
        yield "closed"
    if each.channel:
        yield from _contact_rules(each, asked, actions)
    elif action.channels:
        yield "no channel"
    yield from _hour_rules(each, now)
    values = expressions.activation(seen.variables)
    for gate in ("eligibility", "applicability", "suitability"):
        if not _condition(getattr(action, gate)).holds(values):
            yield gate
    if action.name in ("cross_sell", "up_sell") and _case_stands_open(asked):
        yield "offer during a service case"


@lru_cache
def _condition(text: str) -> Condition:
    return Condition(text, where="rule")


def _contact_rules(each: Suggestion, asked: Asked, actions: Catalogue) -> Iterator[str]:
    rules = actions.channels[each.channel]
    people = {contact.id: contact for contact, _ in asked.history.contacts}
    if each.contact_id:
        said = [one.granted for one in people[each.contact_id].consents if one.channel == each.channel]
        if False in said:
            yield "refusal"
        if rules.consent and True not in said:
            yield "consent"
    elif people or rules.consent:
        yield "nobody named"
    for counter in asked.history.counters:
        if counter.channel == each.channel and counter.last_outbound_time is not None:
            passed = (asked.day - counter.last_outbound_time.date()).days
            if counter.outbound_7_days >= rules.per_7_days and passed < 7:
                yield "weekly limit"
            if counter.outbound_30_days >= rules.per_30_days and passed < 30:
                yield "monthly limit"
            if counter.unanswered_in_a_row >= rules.unanswered and passed < rules.quiet_days:
                yield "silence"


def _hour_rules(each: Suggestion, now: datetime) -> Iterator[str]:
    slots = windows(each.hours, now, each.action.minutes)
    if not slots:
        yield "no window"
        return
    start, end = (when.astimezone(ZoneInfo("Asia/Seoul")) for when in (slots[0].start, slots[0].end))
    if start < now or (end - start) < timedelta(minutes=each.action.minutes):
        yield "window too short"
    if start.weekday() > 4 or start.date() != (end - timedelta(seconds=1)).date():
        yield "working day"
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    if _has_quiet_hours(each) and not 8 * HOUR <= start - midnight < end - midnight <= 21 * HOUR:
        yield "quiet hours"


def _has_quiet_hours(each: Suggestion) -> bool:
    return each.action.promotional and each.channel in ("text", "chat")


def _case_stands_open(asked: Asked) -> bool:
    since = asked.day - timedelta(days=29)
    cases = [one for one in asked.history.activities if one.type == "service_case"]
    recent = [one for one in cases if since <= one.time.date() <= asked.day]
    return bool(recent) and max(recent, key=lambda one: one.time).direction == "inbound"


def random_question(rng: Random) -> Asked:
    """A deal on a random day, with people, limits used up, and a log, as odd as a real CRM's."""
    day = date(2025, 1, 1) + timedelta(days=rng.randrange(700))
    created = datetime.combine(day, datetime.min.time(), UTC) - timedelta(days=rng.randrange(1, 400))
    people = tuple(_person(rng, number) for number in range(rng.choice((0, 1, 1, 2, 3))))
    deal = Deal(
        "d", rng.randrange(1, 50), rng.choice((DealKind.OPPORTUNITY, DealKind.OPPORTUNITY, DealKind.LEAD)),
        rng.choice(list(Motion)), stage=rng.choice(STAGES), created_time=created,
        outcome=rng.choice((Outcome.OPEN,) * 12 + (Outcome.WON, Outcome.LOST)), deleted=rng.random() < 0.03,
        amount=Money("USD", rng.randrange(1, 10_000_000)) if rng.random() < 0.8 else None,
        close_date=day + timedelta(days=rng.randrange(-60, 120)) if rng.random() < 0.7 else None,
        products=tuple(ProductLine(f"p{number}") for number in range(rng.randrange(4))),
        contacts=tuple(ContactRole(contact.id, role) for contact, role in people),
    )  # fmt: skip
    log = sorted((_activity(rng, day) for _ in range(rng.choice((0, 2, 5, 12)))), key=lambda one: one.time)
    changes = (Change("stage", deal.stage, created, created),)
    counters = tuple(_counter(rng, channel, day) for channel in CHANNELS if rng.random() < 0.6)
    history = DealHistory(deal, changes, tuple(log), contacts=people, counters=counters, activity_count=len(log))
    return Asked(history, day, rng.uniform(0.01, 0.99), deal.amount, rng.random())


def _person(rng: Random, number: int) -> tuple[Contact, str]:
    consents = [Consent(rng.choice(CHANNELS), granted=rng.random() < 0.6) for _ in range(rng.randrange(6))]
    return Contact(f"c{number}", "", consents=tuple(consents)), rng.choice(("", *BUYING_ROLES))


def _activity(rng: Random, day: date) -> Activity:
    end = datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1)
    kind = rng.choice((*ACTIVITY_TYPES, "service_case"))
    when = end - timedelta(minutes=rng.randrange(1, 150 * 1_440))
    return Activity("a", "d", kind, rng.choice(DIRECTIONS), when, text=rng.choice(TEXTS))


def _counter(rng: Random, channel: str, day: date) -> ContactCounter:
    week, silent = rng.randrange(5), rng.randrange(5)
    last = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12) - timedelta(days=rng.randrange(40))
    return ContactCounter(channel, week, week + rng.randrange(8), silent, last, None)
