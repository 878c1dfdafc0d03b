"""The flaws of real data: junk records and duplicates. Fields filled late, missing amounts, stale and deserted deals
come with the story itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from demo.story import LOST_STAGE, Log, at_office, money, stand
from learning.records import Change, Deal, DealKind, Motion, Outcome, Value

DUPLICATES, JUNK = 0.015, 0.01  # shares of all records
JUNK_NAMES = ("test", "asdf", "테스트", "삭제 예정", "ㅁㄴㅇㄹ", "TEST DO NOT USE", "샘플", "zzz", "??", "xx")


def counts(deals: int) -> tuple[int, int]:
    """How many of so many records are duplicates and junk."""
    return round(deals * DUPLICATES), round(deals * JUNK)


def duplicate(
    original: tuple[Deal, list[Change]], deal_id: str, owner_id: str, last_day: date, rng: Random
) -> tuple[Deal, list[Change]]:
    """The same business entered again days later by a colleague; most are found and closed, some linger."""
    deal, changes = original
    assert deal.created_time is not None
    day = deal.created_time.date() + timedelta(days=rng.randrange(0, 15))
    time = at_office(min(day, last_day), rng)
    first = {c.field: c.value for c in changes if c.effective_time == deal.created_time}
    name = rng.choice((deal.name, f"{deal.name} (2)", deal.name.upper(), f"{deal.name} "))
    log = Log(last_day)
    log.set(time, first | {"owner_id": owner_id, "name": name, "contacts": deal.contacts[:1]})
    if rng.random() < 0.75:
        _lose(log, at_office(time.date() + timedelta(days=rng.randrange(3, 40)), rng, 6, 9), "duplicate")
    return stand(log, replace(deal, id=deal_id, created_time=time)), log.changes


def junk(
    deal_id: str, created: datetime, owner_id: str, account_id: str, last_day: date, rng: Random
) -> tuple[Deal, list[Change]]:
    """A record that is no business: nonsense in every field; lost, deleted or left lying about."""
    log = Log(last_day)
    state: dict[str, Value | None] = {
        "kind": DealKind.LEAD.value, "motion": Motion.NEW.value, "pipeline": "sales", "stage": "New",
        "outcome": Outcome.OPEN.value, "name": rng.choice(JUNK_NAMES), "owner_id": owner_id, "account_id": account_id,
    }  # fmt: skip
    if rng.random() < 0.5:
        state["amount"] = money(rng.choice((1, 111_111_111, 12_345_678)))
    if rng.random() < 0.3:
        state["fields.Seats"] = rng.choice((0.0, -1.0, 99999.0))
    log.set(created, state)
    later = at_office(created.date() + timedelta(days=rng.randrange(1, 60)), rng, 6, 9)
    fate = rng.random()
    if fate < 0.4:
        log.set(later, {"deleted": True})
    elif fate < 0.8:
        _lose(log, later, "junk")
    return stand(log, Deal(deal_id, created_time=created)), log.changes


def _lose(log: Log, time: datetime, reason: str) -> None:
    closed: dict[str, Value | None] = {"outcome": Outcome.LOST.value, "stage": LOST_STAGE, "closed_date": time.date()}
    log.set(time, closed | {"fields.Loss reason": reason})
