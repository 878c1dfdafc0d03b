"""Small and odd companies through the command and the service: a wide range and a plain sentence, never an error."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.evaluate_forecast import Kind, Measure, forecast
from cli.file_history import write_history
from cli.progress import Bar
from kit.clock import FixedClock
from kit.errors import InvalidInput
from kit.models import Pointer
from learning.history import read_history
from learning.records import Outcome
from learning.snapshots import end_of
from learning.wire_event import deal_event
from services.forecast import dataset
from services.forecast.cautions import cautions
from services.forecast.convert import asked_from_event, update_of
from services.forecast.dataset import Scores
from services.forecast.domain import PERIODS
from services.forecast.fitting import fit
from services.forecast.model import ForecastModel
from services.forecast.service import Forecasts
from services.forecast.training import read_company
from tests.unit.forecast.forecast_builders import scored_event
from tests.unit.forecast.forecast_exports import AS_OF, FIELDS, write_crm

Company = dict[str, dict[str, float]]


@pytest.fixture
def evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[Company, str]]:
    """Runs the command; p10, p50 and p90 of each node, and what was printed."""

    def run(days: int, **members: object) -> tuple[Company, str]:
        write_crm(tmp_path, days, **members)  # type: ignore[arg-type]
        out = tmp_path / "f.csv"
        forecast(tmp_path, "crm_sales_opportunities", Kind.QUARTER, AS_OF.isoformat(), 1,
                 "company,region,manager,owner", Measure.AMOUNT, out)  # fmt: skip
        with out.open(encoding="utf-8") as file:
            found = {
                row["node"]: {name: float(row[name]) for name in ("booked", "p10", "p50", "p90")}
                for row in csv.DictReader(file)
            }
        return found, " ".join(capsys.readouterr().out.split())

    return run


def wide(node: dict[str, float], ratio: float = 1.5) -> bool:
    low, high = (node[name] - node["booked"] for name in ("p10", "p90"))
    return high > 0 and high >= ratio * low


def test_one_quarter_a_first_week_a_huge_deal_and_nobody_s_rep(
    evaluate: Callable[..., tuple[Company, str]],
) -> None:
    found, told = evaluate(92, large="Ann", first_week="Newt")
    assert wide(found["Company"])
    assert found["Ann"]["p90"] - found["Ann"]["p10"] > 50_000
    assert found["Ann"]["p10"] < 30_000
    assert wide(found["Newt"], 3.0)
    assert "Only" in told or "Closings are recorded for" in told
    assert "1 owner has fewer than 5 closed deals" in told
    assert "One deal is most of what 1 owner may win" in told
    assert "no manager" in told
    assert "could not be read" not in told, "an owner without a manager is an owner all the same"
    assert "Lone" in found


@pytest.mark.parametrize(("largest", "told"), [(1_000_000.0, True), (10_000.0, False)])
def test_a_win_far_above_all_others_is_told(largest: float, told: bool) -> None:
    booked = [*(900.0 + 10 * number for number in range(59)), largest]
    cases = tuple(
        dataset.Case(str(place), AS_OF, Outcome.WON, AS_OF - timedelta(days=10 * place), amount, "USD", "ann", {}, ())
        for place, amount in enumerate(booked)
    )
    found = [one for one in cautions(dataset.Company(AS_OF, "USD", cases, {})) if "20 times" in one]
    assert [one.startswith("1 of 60 won deals brought more than ") for one in found] == [True] * told


def test_nothing_ever_closed(evaluate: Callable[..., tuple[Company, str]]) -> None:
    found, told = evaluate(92, ever_closed=False)
    assert wide(found["Company"], 2.0)
    assert "No deal has closed yet" in told
    assert "nothing could be replayed" in told


def test_few_wins_tell_of_business_not_yet_created_too(evaluate: Callable[..., tuple[Company, str]]) -> None:
    """Fifteen wins or so: to leave out what is created in half a quarter would be false certainty."""
    found, told = evaluate(75)
    assert "Only" in told
    assert "Not yet created: from" in told
    assert found["Company"]["p90"] > 30_000


def test_days_that_nothing_is_known_of_are_refused_or_said(
    evaluate: Callable[..., tuple[Company, str]], tmp_path: Path
) -> None:
    write_crm(tmp_path, 40)

    def run(day: str, levels: str = "company") -> None:
        forecast(
            tmp_path, "crm_sales_opportunities", Kind.MONTH, day, 12, levels, Measure.AMOUNT, None
        )  # fmt: skip

    for day, why in (("0001-01-01", "no deal was on record"), ("2017-08-01", "no deal"), ("9999-12-31", "no period")):
        with pytest.raises(InvalidInput, match=why) as refused:
            run(day)
        assert refused.value.mend
    with pytest.raises(InvalidInput, match="there is no such level"):
        run("2017-09-01", ",")
    (tmp_path / "sales_pipeline.csv").write_text(",".join(FIELDS) + "\nD1,Ann,Box,,Thinking,2017-08-20,,\n", "utf-8")
    with pytest.raises(InvalidInput, match="no opportunity could be read") as refused:
        run("2017-09-01")
    assert "Thinking" in refused.value.mend


def test_no_amount_at_all(evaluate: Callable[..., tuple[Company, str]]) -> None:
    found, told = evaluate(200, amounts=False)
    assert "No won deal has an amount" in told
    assert found["Company"]["p90"] == 0.0, "no money is on record, and none is made up"


def test_the_service_s_prior_is_wide_for_one_rep_and_says_what_it_is() -> None:
    class Models:
        current: tuple[ForecastModel, Pointer | None] = (ForecastModel(), None)

    service = Forecasts(Models(), FixedClock(end_of(AS_OF)))
    events = [scored_event(f"d{n}", day=AS_OF, score=0.5, amount=None, owner_id="") for n in range(3)]
    asked = [asked_from_event(event) for event in events]
    answers = service.answer(asked)
    assert {answer.model_version for answer in answers} == {"prior"}
    service.rollup.apply([update_of(*pair) for pair in zip(asked, answers, strict=True)])
    row = next(row for row in service.rollup.rows("company"))
    assert row.quantiles[90] > 3 * max(row.quantiles[10], 1)


ODD: dict[str, dict[str, Any]] = {
    "a quarter, a huge deal, a first week": {"days": 92, "large": "Ann", "first_week": "Newt"},
    "nothing closed": {"days": 92, "ever_closed": False},
    "no amounts": {"days": 150, "amounts": False},
}


@pytest.mark.parametrize("members", ODD.values(), ids=ODD.keys())
def test_the_service_answers_for_odd_companies_with_a_model_fitted_to_them(
    tmp_path: Path, members: dict[str, Any]
) -> None:
    write_crm(tmp_path, **members)
    folder = read_history(write_history("crm_sales_opportunities", tmp_path, tmp_path, Bar())[0])
    company = read_company(folder)
    model = fit(company, Scores(), "quarter", PERIODS, seed=1)

    class Models:
        current: tuple[ForecastModel, Pointer | None] = (model, Pointer("1", 1, ""))

    day = folder.manifest.business_day
    service, asked = Forecasts(Models(), FixedClock(end_of(day))), []
    for each in folder.deals():
        event = deal_event(replace(each, owner_path=company.paths.get(each.deal.owner_id, ())), business_day=day)
        event.lead_score.probability = 0.5
        asked.append(asked_from_event(event))
    answers = service.answer(asked)
    service.rollup.apply([update_of(*pair) for pair in zip(asked, answers, strict=True)])
    wanted = service.extras_wanted()
    assert wanted is not None
    service.take_extras(service.draw_extras(*wanted))
    rows = {row.node.id: row for row in service.rollup.rows() if str(row.period) == "2017-Q4"}
    assert rows["company"].open_deals > 0
    for row in rows.values():
        assert 0 <= row.quantiles[10] <= row.quantiles[50] <= row.quantiles[90]
    if members.get("amounts", True):
        assert rows["company"].quantiles[90] > 1.5 * rows["company"].quantiles[10]
    assert any("Only" in each or "Closings" in each or "No " in each for each in cautions(company))
