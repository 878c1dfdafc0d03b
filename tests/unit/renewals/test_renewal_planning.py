"""Contracts open their renewal once and only once, whatever happens to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from kit.money import Money
from learning.records import Change, Deal, DealHistory, Motion, Outcome
from services.gateway.domain import UNSET
from services.gateway.renewals.planning import Standing, plan, renewal_id, running
from services.gateway.renewals.stages import first_stage, open_stages

END = date(2026, 12, 31)
DUE = END - timedelta(days=90)
OWN = renewal_id("c", END)
MEMBERS = (
    "motion",
    "pipeline",
    "outcome",
    "name",
    "owner_id",
    "account_id",
    "amount",
    "close_date",
    "closed_date",
    "deleted",
)


def contract(**fields: Any) -> Deal:
    return Deal(
        "c", 1, outcome=Outcome.WON, name="Licence", owner_id="ann", account_id="a", amount=Money("USD", 500),
        closed_date=date(2025, 12, 20), fields={"contract_end": END, "contract_start": date(2026, 1, 1)} | fields,
    )  # fmt: skip


class World:
    """Deals, and a day after which everything planned is done."""

    def __init__(self, *deals: Deal) -> None:
        self.deals = {deal.id: deal for deal in deals}

    def pass_day(self, day: date) -> list[str]:
        """Which deals were written; doing it again writes none."""
        writes = plan(list(self.deals.values()), day)
        for write in writes:
            known = self.deals.get(write.id)
            assert write.expected_revision == (known.revision if known else 0)
            before = known or Deal(write.id, created_time=datetime.combine(day, time(), UTC))
            given = {name: getattr(write, name) for name in MEMBERS if getattr(write, name) is not UNSET}
            fields = {name: value for name, value in {**before.fields, **write.fields}.items() if value is not None}
            if given.get("outcome") is Outcome.OPEN:
                given["closed_date"] = None
            self.deals[write.id] = replace(before, revision=before.revision + 1, fields=fields, **given)
        assert plan(list(self.deals.values()), day) == []
        return [write.id for write in writes]

    def change(self, deal_id: str, fields: dict[str, Any] | None = None, **members: Any) -> None:
        deal = self.deals[deal_id]
        merged = {name: value for name, value in {**deal.fields, **(fields or {})}.items() if value is not None}
        self.deals[deal_id] = replace(deal, revision=deal.revision + 1, fields=merged, **members)

    def standing(self, day: date) -> Standing:
        return next(one for one in running(list(self.deals.values())) if one.deal.id == "c").standing(day, 90)

    @property
    def own(self) -> Deal:
        return self.deals[OWN]


def test_a_renewal_opens_ninety_days_before_the_end_and_once() -> None:
    world = World(contract())
    assert world.pass_day(DUE - timedelta(days=1)) == []
    assert world.standing(DUE - timedelta(days=1)) is Standing.AHEAD
    assert world.pass_day(DUE) == [OWN]
    own = world.own
    assert (own.motion, own.owner_id, own.account_id, own.amount, own.close_date) == (
        Motion.RENEWAL, "ann", "a", Money("USD", 500), END,
    )  # fmt: skip
    assert own.fields == {"renews": "c", "renews_end": END, "contract_start": date(2027, 1, 1), "contract_months": 12.0}
    for day in (DUE, END, END + timedelta(days=40)):
        assert world.pass_day(day) == []
        assert world.standing(day) is Standing.OPEN


def test_one_that_was_missed_opens_until_the_end_and_no_later() -> None:
    assert World(contract()).pass_day(END) == [OWN]
    late = World(contract())
    assert late.pass_day(END + timedelta(days=1)) == []
    assert late.standing(END + timedelta(days=1)) is Standing.OVER


@pytest.mark.parametrize("outcome", [Outcome.WON, Outcome.LOST])
def test_what_somebody_closed_stays_closed(outcome: Outcome) -> None:
    world = World(contract())
    world.pass_day(DUE)
    world.change(OWN, outcome=outcome, closed_date=DUE)
    assert world.pass_day(END) == []
    assert world.standing(END) is (Standing.RENEWED if outcome is Outcome.WON else Standing.LOST)


def test_a_won_renewal_is_the_next_contract() -> None:
    world = World(contract())
    world.pass_day(DUE)
    world.change(OWN, outcome=Outcome.WON, closed_date=DUE)
    again = renewal_id(OWN, date(2027, 12, 31))
    assert world.pass_day(date(2027, 10, 1)) == []
    assert world.pass_day(date(2027, 10, 2)) == [again]
    assert world.deals[again].fields["renews"] == OWN


def test_what_somebody_deleted_does_not_come_back() -> None:
    world = World(contract())
    world.pass_day(DUE)
    world.change(OWN, deleted=True)
    assert world.pass_day(END) == []
    assert world.standing(END) is Standing.DELETED


def test_a_cancelled_contract_gives_its_renewal_up_and_takes_it_up_again_if_that_was_wrong() -> None:
    world = World(contract())
    world.pass_day(DUE)
    cancelled = DUE + timedelta(days=10)
    world.change("c", {"contract_cancelled": cancelled})
    assert world.pass_day(cancelled - timedelta(days=1)) == []
    assert world.pass_day(cancelled) == [OWN]
    assert (world.own.outcome, world.own.closed_date, world.own.fields["renewal_ended"]) == (
        Outcome.LOST, cancelled, "cancelled",
    )  # fmt: skip
    assert world.standing(END) is Standing.CANCELLED
    world.change("c", {"contract_cancelled": None})
    assert world.pass_day(cancelled) == [OWN]
    assert world.own.outcome is Outcome.OPEN
    assert "renewal_ended" not in world.own.fields
    assert World(contract(contract_cancelled=DUE)).pass_day(DUE) == []


@pytest.mark.parametrize("named", [{"renews": "c"}, {}])
def test_renewed_early_by_a_deal_of_ones_own(named: dict[str, str]) -> None:
    early = Deal("early", 1, motion=Motion.RENEWAL, outcome=Outcome.WON, account_id="a", fields=named,
                 closed_date=DUE - timedelta(days=30))  # fmt: skip
    assert World(contract(), early).pass_day(DUE) == []
    world = World(contract())
    world.pass_day(DUE)
    world.deals["early"] = replace(early, outcome=Outcome.OPEN, closed_date=None, close_date=END)
    assert world.pass_day(DUE) == [OWN]
    assert world.own.deleted, "it would count twice"
    assert world.own.fields["renewal_ended"] == "renewed in early"
    world.change("early", outcome=Outcome.WON, closed_date=DUE)
    assert world.pass_day(END) == []
    assert world.standing(END) is Standing.RENEWED


def test_an_undone_import_takes_the_renewal_along_and_the_next_import_brings_it_back() -> None:
    world = World(contract())
    world.pass_day(DUE)
    world.change("c", {"contract_end": None, "contract_start": None}, outcome=Outcome.OPEN, deleted=True)
    assert world.pass_day(DUE) == [OWN]
    assert world.own.deleted
    world.deals["c"] = contract()
    assert world.pass_day(DUE) == [OWN]
    assert not world.own.deleted
    assert world.own.outcome is Outcome.OPEN
    assert len(world.deals) == 2, "one renewal, ever"


def test_an_end_that_was_corrected_moves_the_promised_day_and_one_that_was_prolonged_starts_over() -> None:
    world = World(contract())
    world.pass_day(DUE)
    corrected = END - timedelta(days=16)
    world.change("c", {"contract_end": corrected})
    assert world.pass_day(DUE) == [OWN]
    assert (world.own.close_date, world.own.fields["renews_end"]) == (corrected, corrected)
    world.change(OWN, close_date=END)
    world.change("c", {"contract_end": END})
    world.pass_day(DUE)
    assert world.own.close_date == END
    prolonged = END.replace(year=2027)
    world.change("c", {"contract_end": prolonged})
    assert world.pass_day(DUE) == [OWN]
    assert world.own.deleted
    assert world.pass_day(prolonged) == [renewal_id("c", prolonged)]


def test_a_renewal_that_names_nothing_counts_for_the_contract_that_ends_nearest() -> None:
    other = replace(contract(contract_end=END - timedelta(days=120)), id="d")
    theirs = Deal("x", 1, motion=Motion.RENEWAL, account_id="a", close_date=END - timedelta(days=100))
    assert World(contract(), other, theirs).pass_day(END - timedelta(days=121)) == []
    assert World(contract(), other, theirs).pass_day(DUE) == [OWN]
    stranger = replace(theirs, account_id="b")
    assert World(other, stranger).pass_day(END - timedelta(days=121)) == [renewal_id("d", END - timedelta(days=120))]


def test_long_ids_are_shortened_and_stay_apart() -> None:
    ids = {renewal_id("x" * 200 + tail, END) for tail in "ab"}
    assert len(ids) == 2
    assert max(map(len, ids)) < 100


def test_a_renewal_begins_where_its_contract_had_begun() -> None:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    stages = [Change("stage", value, at, at, 1) for value in ("", "Scoping", "Offer", "Won")]
    history = DealHistory(Deal("c", stage="Won"), tuple(stages))
    assert open_stages(history) == ["Scoping", "Offer"]
    assert open_stages(replace(history, changes=tuple(stages[-1:]))) == []


def test_a_contract_of_a_single_row_is_renewed_where_open_deals_begin() -> None:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    paths = [("제안",), ("제안",), ("제안", "협상"), ("리드", "제안"), ("협상", "제안"), ("제안", "협상")]
    histories = [
        DealHistory(Deal(f"d{place}", stage=path[-1]), tuple(Change("stage", one, at, at, 1) for one in path))
        for place, path in enumerate(paths)
    ]
    assert first_stage(histories) == "리드"
    assert first_stage(histories[:3]) == "제안"
    assert first_stage([]) == first_stage([DealHistory(Deal("x"))]) == ""
    won = Change("stage", "수주", at, at, 1)
    ended = replace(histories[3], changes=(*histories[3].changes, won))
    ended = replace(ended, deal=Deal("w", stage="수주", outcome=Outcome.WON))
    assert first_stage([*histories[:2], ended]) == "리드", "deals that ended tell the order too, not where they ended"


def test_in_a_first_file_the_stage_of_the_latest_promises_is_the_earliest() -> None:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    promised = {"구두합의": (5, 10), "발굴": (3, 120), "협상": (4, 40), "보류": (1, 400)}
    histories = [
        DealHistory(
            Deal(f"{stage}{n}", stage=stage, close_date=END + timedelta(days=days)),
            (Change("stage", stage, at, at, 1),),
        )
        for stage, (count, days) in promised.items()
        for n in range(count)
    ]
    assert first_stage(histories) == "발굴"
    assert first_stage([replace(one, deal=replace(one.deal, close_date=None)) for one in histories]) == "구두합의"
