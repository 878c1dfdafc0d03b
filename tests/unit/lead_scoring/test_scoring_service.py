"""Use cases, conversions and batching, without a broker."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
import pytest

from dealcast.common.v1 import columns_pb2, records_pb2
from dealcast.events.v1 import events_pb2
from dealcast.lead_scoring.v1 import lead_scoring_pb2 as pb
from kit.clock import FixedClock
from kit.errors import InvalidInput, Poisoned, TooLarge
from kit.models import Pointer
from learning.columns import Texts
from learning.encoder import ChoiceColumn, Encoder
from learning.reasons import reasons
from learning.records import Account, Deal, DealHistory, DealKind, Node, Outcome, ProductLine
from learning.relay import event_from_bytes
from learning.snapshots import row_at
from learning.wire import deal_event
from services.lead_scoring import convert
from services.lead_scoring.batching import MicroBatcher
from services.lead_scoring.features import names_of, rows_table
from services.lead_scoring.model import ScoreModel, prior_model
from services.lead_scoring.service import Asked, LeadScoring

DAY = date(2017, 9, 30)
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Models:
    """A model in use that tests set."""

    def __init__(self, model: ScoreModel, pointer: Pointer | None = None) -> None:
        self.current = (model, pointer)


def service(pointer: Pointer | None = None) -> LeadScoring:
    return LeadScoring(Models(prior_model(), pointer), FixedClock(NOW))


def test_every_deal_gets_an_answer_in_order() -> None:
    deals = [Deal("a"), Deal("b", outcome=Outcome.WON), Deal("c", kind=DealKind.LEAD), Deal("d", deleted=True)]
    answers = service(Pointer("v7", 3, "x")).answer([Asked(DealHistory(deal), DAY) for deal in deals])
    assert [round(one.score.probability, 2) for one in answers] == [0.3, 1.0, 0.3, 0.0]
    assert {(one.generation, one.model_version) for one in answers} == {(3, "v7")}
    assert len({one.insight_id for one in answers}) == 4


def test_reasons_call_products_by_their_names() -> None:
    history = DealHistory(Deal("a", products=(ProductLine("p-1"),)), product_names={"p-1": "Pump"})
    table = rows_table([row_at(history, DAY)], [DAY], ["product"])
    encoder = Encoder((ChoiceColumn("product", ("p-1",)),))
    (told,) = reasons(encoder, table, np.array([[0.3]]), {}, 1, names_of([history]))
    assert (told[0].value, "Pump" in told[0].text_en, "Pump" in told[0].text_ko) == ("p-1", True, True)


def test_the_same_question_has_the_same_id_and_another_has_another() -> None:
    def name(deal: Deal, day: date, pointer: Pointer | None = None) -> str:
        return service(pointer).answer([Asked(DealHistory(deal), day)])[0].insight_id

    base = name(Deal("a", 1), DAY)
    assert base == name(Deal("a", 1, stage="other"), DAY)
    others = [
        name(Deal("a", 2), DAY),
        name(Deal("a", 1), date(2017, 10, 1)),
        name(Deal("a", 1), DAY, Pointer("v", 1, "")),
    ]
    assert len({base, *others}) == 4


def test_a_pinned_company_sees_its_own_day() -> None:
    (answer,) = service().answer([Asked(DealHistory(Deal("a")), DAY)])
    assert answer.as_of == datetime(2017, 9, 30, 23, 59, 59, 999999, tzinfo=UTC)
    (answer,) = service().answer([Asked(DealHistory(Deal("a")), NOW.date())])
    assert answer.as_of == NOW


def test_bulk_columns_are_read_and_checked() -> None:
    request = pb.ScoreDealsRequest(rows=2, columns=[
        columns_pb2.Column(name="n", numbers=columns_pb2.NumberColumn(values=[1.0, float("nan")])),
        columns_pb2.Column(name="t", texts=columns_pb2.TextColumn(dictionary=["", "b"], codes=[0, 1])),
    ])  # fmt: skip
    table = convert.table_from_request(request)
    np.testing.assert_array_equal(table.columns["n"], [1.0, np.nan])
    texts = table.columns["t"]
    assert isinstance(texts, Texts)
    assert texts.codes.tolist() == [-1, 1]
    with pytest.raises(TooLarge):
        convert.table_from_request(pb.ScoreDealsRequest(rows=10**9))
    for wrong in (
        columns_pb2.Column(name="n", numbers=columns_pb2.NumberColumn(values=[1.0])),
        columns_pb2.Column(name="t", texts=columns_pb2.TextColumn(dictionary=["a"], codes=[0, 1])),
        columns_pb2.Column(name="t", texts=columns_pb2.TextColumn(dictionary=["a"], codes=[0, -2])),
    ):
        with pytest.raises(InvalidInput):
            convert.table_from_request(pb.ScoreDealsRequest(rows=2, columns=[wrong]))
    with pytest.raises(InvalidInput, match="id"):
        convert.table_from_request(pb.ScoreDealsRequest(rows=2, deal_ids=["a"]))


def test_messages_that_are_no_deals_are_refused() -> None:
    with pytest.raises(Poisoned):
        event_from_bytes(b"\xff\xff")
    with pytest.raises(InvalidInput, match="no deal"):
        convert.asked_from_event(events_pb2.DealEvent())
    with pytest.raises(InvalidInput):
        convert.asked_from_event(events_pb2.DealEvent(deal=records_pb2.Deal(id="d"), business_day="never"))


def test_what_is_read_of_an_event_names_its_values_as_the_whole_would() -> None:
    owner = (Node("company", "company", "All", ""), Node("owner:u", "owner", "Kim", "company"))
    account, product = Account("a", "Acme"), ProductLine("p")
    history = DealHistory(
        Deal("d", 1, owner_id="u", account_id="a", products=(product,)), account=account, owner_path=owner,
        product_names={"p": "GTX Pro"},
    )  # fmt: skip
    event = deal_event(history, business_day=DAY)
    names = names_of([convert.asked_from_event(event).history])
    assert names == names_of([history]) == {
        "owner_id": {"u": "Kim"}, "account_id": {"a": "Acme"}, "product": {"p": "GTX Pro"},
    }  # fmt: skip


async def test_concurrent_questions_are_one_batch_and_a_bad_one_fails_alone() -> None:
    sizes = []

    def answer(questions: Sequence[int]) -> list[int]:
        sizes.append(len(questions))
        if 13 in questions:
            raise InvalidInput("unlucky", field="n", value="13")
        return [2 * one for one in questions]

    batcher: MicroBatcher[int, int] = MicroBatcher(answer)
    assert await asyncio.gather(*(batcher.ask(n) for n in range(10))) == [2 * n for n in range(10)]
    assert sizes == [10]
    found = await asyncio.gather(*(batcher.ask(n) for n in range(11, 15)), return_exceptions=True)
    assert [one for one in found if isinstance(one, int)] == [22, 24, 28]
    assert isinstance(found[2], InvalidInput)
    assert await batcher.ask(1) == 2


async def test_while_questions_keep_coming_a_batch_is_held_open_for_them() -> None:
    sizes: list[int] = []

    def answer(questions: Sequence[int]) -> Sequence[int]:
        sizes.append(len(questions))
        return questions

    batcher: MicroBatcher[int, int] = MicroBatcher(answer, most=8)
    await asyncio.gather(*(batcher.ask(n) for n in range(2)))  # several at a time
    trickle = [asyncio.create_task(batcher.ask(n)) for n in range(3)]
    for _ in range(20):
        await asyncio.sleep(0)
    trickle += [asyncio.create_task(batcher.ask(n)) for n in range(3, 6)]
    assert await asyncio.gather(*trickle) == list(range(6))
    assert sizes == [2, 6]
    assert await asyncio.gather(*(batcher.ask(n) for n in range(20))) == list(range(20))
    assert sizes == [2, 6, 8, 8, 4], "never more than fit"


def test_serving_needs_neither_scikit_learn_nor_arrow() -> None:
    code = "import sys, services.lead_scoring.bootstrap; print({'sklearn', 'pyarrow', 'lightgbm'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
