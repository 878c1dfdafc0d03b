"""The only place of lead scoring that touches `_pb2` fields."""

from __future__ import annotations

import json
from datetime import date

import numpy as np

from dealcast.common.v1 import columns_pb2, insights_pb2, records_pb2
from dealcast.events.v1 import events_pb2
from dealcast.lead_scoring.v1 import lead_scoring_pb2 as pb
from kit.errors import InvalidInput, TooLarge
from learning.columns import MISSING, Floats, Table, Texts
from learning.linear import Scores
from learning.records import Account, Deal, DealHistory, Node, Outcome
from learning.wire import bare_history, business_day, value_from_pb
from learning.wire_row import row_of_event
from learning.wire_values import fill_time
from services.lead_scoring.domain import ModelInfo, Score, settled
from services.lead_scoring.service import Answer, Asked, Supposed
from services.lead_scoring.whatif import Hypothesis

MOST_ROWS = 200_000


_UNNAMED = DealHistory(Deal(""))
_OUTCOMES = {records_pb2.OUTCOME_WON: Outcome.WON, records_pb2.OUTCOME_LOST: Outcome.LOST}


def asked_from_event(event: events_pb2.DealEvent) -> Asked:
    """The deal and the day it is asked for; InvalidInput where a member is missing or unreadable.

    Of the deal what names and settles it, with the columns of one that is open, straight from the event.
    """
    day, source = _day(event), event.deal
    deal = Deal(
        source.id, source.revision, outcome=_OUTCOMES.get(source.outcome, Outcome.OPEN), owner_id=source.owner.id,
        deleted=source.deleted,
    )  # fmt: skip
    if settled(deal) is not None:
        return Asked(DealHistory(deal), day)
    account, path = source.account, source.owner.path
    history = DealHistory(
        deal, account=Account(account.id, account.name) if account.id else None,
        owner_path=(Node(path[-1].id, path[-1].level, path[-1].name, path[-1].parent),) if path else (),
        product_names={one.product_id: one.product_name for one in source.products if one.product_name},
    )  # fmt: skip
    return Asked(history, day, row_of_event(event, day))


def unnamed_from_event(event: events_pb2.DealEvent) -> Asked:
    """The same for a score without reasons: of a deal that is open only its columns and the day."""
    day, source = _day(event), event.deal
    if source.deleted or source.outcome in _OUTCOMES:
        return Asked(DealHistory(Deal(source.id, outcome=_OUTCOMES.get(source.outcome, Outcome.OPEN),
                                      deleted=source.deleted)), day)  # fmt: skip
    return Asked(_UNNAMED, day, row_of_event(event, day))


def whole_from_event(event: events_pb2.DealEvent) -> Asked:
    """The same with the history that the columns are of, so that it can be supposed to be other."""
    return Asked(bare_history(event), _day(event))


def _day(event: events_pb2.DealEvent) -> date:
    if not event.deal.id:
        raise InvalidInput("The event names no deal.", field="deal.id", mend="Set the deal's id.")
    return business_day(event)


def event_with_answer(event: events_pb2.DealEvent, answer: Answer) -> bytes:
    """The event as it goes on, with its lead score. Changes the event given."""
    event.ClearField("lead_score")
    _fill(event.lead_score, answer)
    return event.SerializeToString()


def lead_score_to_pb(answer: Answer) -> insights_pb2.LeadScore:
    """A score as records carry it."""
    found = insights_pb2.LeadScore()
    _fill(found, answer)
    return found


def _fill(found: insights_pb2.LeadScore, answer: Answer) -> None:
    """Into an empty message: in place nothing is copied."""
    score, header, key = answer.score, found.header, found.header.key
    key.deal_revision, key.model_generation = answer.deal_revision, answer.generation
    key.business_day, key.insight_id = answer.day.isoformat(), answer.insight_id
    header.model_version = answer.model_version
    fill_time(header.as_of, answer.as_of)
    found.probability, found.low, found.high = score.probability, score.low, score.high
    found.base_log_odds, found.prior = score.base_log_odds, score.prior
    found.nothing_predicts, found.horizon_days = score.nothing_predicts, score.horizon_days
    for one in score.reasons:
        found.reasons.add(
            field=one.field, value=one.value, effect=one.effect, text_en=one.text_en, text_ko=one.text_ko,
            evidence_count=one.evidence_count, evidence_won=one.evidence_won,
        )  # fmt: skip
    if score.contributions:
        found.contributions.fields.extend(score.contributions)
        found.contributions.effects.extend(score.contributions.values())


def hypothesis_from_pb(request: pb.WhatIfRequest) -> Hypothesis:
    """What would be other; InvalidInput where a field is named twice."""
    values = {one.field: value_from_pb(one.value) for one in request.changes}
    if len(values) != len(request.changes):
        raise InvalidInput("A field is named twice.", field="changes", mend="Send each field once.")
    return Hypothesis(values, request.owner_name)


def supposed_to_pb(answer: Supposed) -> pb.WhatIfResponse:
    """The answer to what-if."""
    return pb.WhatIfResponse(
        before=lead_score_to_pb(answer.before), after=lead_score_to_pb(answer.after),
        differences=[
            pb.Difference(
                field=one.field, value_before=one.value_before, value_after=one.value_after,
                effect_before=one.before, effect_after=one.after, effect=one.effect, text_en=one.text_en,
                text_ko=one.text_ko,
            )
            for one in answer.differences
        ],
    )  # fmt: skip


def score_to_pb(deal_id: str, score: Score, version: str) -> pb.ScoreDealResponse:
    """One deal's answer without reasons."""
    return pb.ScoreDealResponse(
        deal_id=deal_id, probability=score.probability, low=score.low, high=score.high, model_version=version,
        prior=score.prior,
    )  # fmt: skip


def table_from_request(request: pb.ScoreDealsRequest) -> Table:
    """The rows of a bulk request; TooLarge, or InvalidInput naming the column whose length is wrong."""
    rows = request.rows
    if rows < 0 or rows > MOST_ROWS:
        raise TooLarge("This many rows do not fit one call.", field="rows", value=str(rows),
                       mend=f"Send at most {MOST_ROWS} rows a call.")  # fmt: skip
    if request.deal_ids and len(request.deal_ids) != rows:
        raise InvalidInput("There is not one id a row.", field="deal_ids", value=str(len(request.deal_ids)),
                           mend=f"Send {rows} ids or none.")  # fmt: skip
    return Table(rows, {column.name: _column_from_pb(column, rows) for column in request.columns})


def _column_from_pb(column: columns_pb2.Column, rows: int) -> Floats | Texts:
    if column.WhichOneof("values") == "texts":
        codes = np.fromiter(column.texts.codes, np.int64, len(column.texts.codes))
        dictionary = list(column.texts.dictionary)
        _check_length(column.name, len(codes), rows)
        if rows and (codes.min() < MISSING or codes.max() >= len(dictionary)):
            raise InvalidInput("A code is outside the dictionary.", field=column.name, value=str(codes.max()),
                               mend="Codes count from 0; -1 means missing.")  # fmt: skip
        # An empty text says no more than a missing one.
        blank = [index for index, text in enumerate(dictionary) if not text]
        return Texts(dictionary, np.where(np.isin(codes, blank), MISSING, codes) if blank else codes)
    values = np.fromiter(column.numbers.values, np.float64, len(column.numbers.values))
    _check_length(column.name, len(values), rows)
    return values


def _check_length(name: str, length: int, rows: int) -> None:
    if length != rows:
        raise InvalidInput("The column's length is not the number of rows.", field=name, value=str(length),
                           mend=f"Send {rows} values.")  # fmt: skip


def scores_to_pb(request: pb.ScoreDealsRequest, scores: Scores, info: ModelInfo) -> pb.ScoreDealsResponse:
    """The answer to a bulk request."""
    return pb.ScoreDealsResponse(
        deal_ids=request.deal_ids, probability=scores.probability.tolist(), low=scores.low.tolist(),
        high=scores.high.tolist(), model_version=info.version, prior=info.prior,
    )  # fmt: skip


def model_to_pb(info: ModelInfo) -> pb.GetModelResponse:
    """What is known of the model in use."""
    return pb.GetModelResponse(
        model_version=info.version, generation=info.generation, digest=info.digest, prior=info.prior,
        columns=info.columns, evaluation_json=json.dumps(info.evaluation, ensure_ascii=False, sort_keys=True),
    )  # fmt: skip
