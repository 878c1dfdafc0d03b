"""Two versions side by side: which two, what is told of both, and that nothing is told that no report keeps."""

from __future__ import annotations

from typing import Any

import pytest

from learning.fiscal import FiscalCalendar
from services.gateway.web.compare_parts import SIDES, Cell, Section, steps
from services.gateway.web.compare_views import CompareView, Frame, chosen, compare_view
from services.gateway.web.words import Words
from tests.unit.web.test_policies_views import LOG as SHOWN

EN, KO = Words("en"), Words("ko")
FRAME = Frame(FiscalCalendar(), "KRW", {"call": "Call the customer"})
COLUMNS = ["as_of", "end", "node", "booked", "mean", "p10", "p90", "actual"]


def figure(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low90": low, "high90": high, "low95": low, "high95": high}


def judged(loss: float) -> dict[str, Any]:
    return {"log_loss": figure(loss, loss - 0.02, loss + 0.02), "auc": figure(0.7, 0.6, 0.8)}


def scored(**more: Any) -> dict[str, Any]:
    """What lead scoring keeps of a version with a card."""
    card = {
        "calibration": [{"mean": 0.25, "rate": 0.5, "rate_low": 0.4, "rate_high": 0.6, "records": 90}],
        "gain": [{"share": 0.1, "won": 0.2, "won_low": 0.15, "won_high": 0.25, "lift": 2.0},
                 {"share": 1.0, "won": 1.0, "won_low": 1.0, "won_high": 1.0, "lift": 1.0}],
    }  # fmt: skip
    return {"model": "blend", "rows": 2048, "outcomes": 278, "columns": ["stage", "amount"], "test": judged(0.5),
            "card": card, **more}  # fmt: skip


COMPARED: dict[str, Any] = {
    "version": "1", "basis": "unseen", "seen": 0.0, "records": 133, "closed": ["2017-01-21", "2017-12-04"],
    "models": {"champion": judged(0.55), "challenger": judged(0.52)},
    "difference": {"log_loss": figure(-0.03, -0.07, 0.01), "auc": figure(-0.1, -0.2, -0.05),
                   "ece": figure(-0.05, -0.07, -0.01)},
}  # fmt: skip


def version(name: str, evaluation: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": name, "digest": name * 3, "created_time": f"2026-11-2{name}T10:00:00Z",
            "evaluation": evaluation, **more}  # fmt: skip


def about(
    service: str, *rows: dict[str, Any], serving: str = "1", promoted: tuple[str, ...] = ("1",)
) -> dict[str, Any]:
    promotions = [{"version": one, "generation": len(promoted) - place, "time": "2026-11-21T10:00:00Z", "reason": "new"}
                  for place, one in enumerate(promoted)]  # fmt: skip
    return {"service": service, "serving": {"version": serving, "generation": len(promoted)}, "versions": list(rows),
            "promotions": promotions}  # fmt: skip


def view(found: dict[str, Any], words: Words = EN, one: str = "", other: str = "") -> CompareView:
    return compare_view(found, chosen(found, one, other), FRAME, words)


def part(found: CompareView, key: str) -> Section:
    return next(one for one in found.sections if one.key == key)


ROWS = [version(name, {}) for name in ("4", "3", "2", "1")]


@pytest.mark.parametrize(
    ("serving", "promoted", "asked", "shown"),
    [
        ("2", ("2", "1"), ("", ""), ["2", "4"]),  # what serves beside the newest
        ("4", ("4", "2"), ("", ""), ["4", "2"]),  # the newest serves: what served before it
        ("4", ("4",), ("", ""), ["4", "3"]),
        ("9", ("9",), ("", ""), ["4", "3"]),  # nothing is known of what serves
        ("2", ("2",), ("3", "1"), ["3", "1"]), ("2", ("2",), ("", "2"), ["4", "2"]),
        ("2", ("2",), ("4", "4"), ["4", "2"]),  # a version is not held to itself
    ],
)  # fmt: skip
def test_what_serves_stands_beside_a_candidate_unless_others_are_asked_for(
    serving: str, promoted: tuple[str, ...], asked: tuple[str, str], shown: list[str]
) -> None:
    found = about("forecast", *ROWS, serving=serving, promoted=promoted)
    assert [row["version"] for row in chosen(found, *asked)] == shown


def test_both_curves_share_a_picture_and_a_difference_is_told_with_its_interval() -> None:
    found = view(about("lead_scoring", version("2", scored(champion=COMPARED)), version("1", scored())))
    for key in ("calibration", "lift"):
        plot = part(found, key).plot
        assert plot is not None
        assert [one.side for one in plot.curves] == list(SIDES)
        assert all(one.dots for one in plot.curves)
    assert part(found, "calibration").rows == (
        ("Group 1", (Cell("said 25%, won 50%", "40% to 60%, 90 records"),) * 2),
    )  # fmt: skip
    assert part(found, "lift").rows[0][1][0] == Cell("2.00×", "1.50 to 2.50 · 20% of all won")
    same = dict(part(found, "same-0").rows)
    assert same["Log loss"] == (Cell("0.550", "0.530 to 0.570"), Cell("0.520", "0.500 to 0.540"),
                                Cell("-0.030", "-0.070 to +0.010", "unclear"))  # fmt: skip
    assert [same[name][2].mark for name in ("Calibration error", "AUC")] == ["better", "worse"]
    facts = dict(part(found, "learned").rows)
    assert facts["Rows (a deal on a day while open)"][0] == Cell("2,048")


def test_a_version_that_says_one_rate_is_told_by_that_rate_and_pictures_name_their_records() -> None:
    card = scored()["card"] | {"models": {"Dealcast": judged(0.71), "rejected blend": judged(0.72)}}
    plain = scored(model="base_rate", card=card, test=judged(0.72) | {"records": 45})
    found = view(about("lead_scoring", version("2", plain), version("1", scored(test=judged(0.5) | {"records": 20}))))
    own = part(found, "own")
    assert [cell.text for cell in dict(own.rows)["Log loss"]] == ["0.500", "0.710"]
    assert [cell.text for cell in dict(own.rows)["Records of the test"]] == ["20", "45"]
    assert any(text.startswith("Version 2 says one rate of every deal") for text in own.told)
    for key in ("calibration", "lift"):
        assert part(found, key).told[0].endswith(": version 1 20, version 2 45.")


def test_the_other_way_round_the_difference_changes_its_sign() -> None:
    found = view(about("lead_scoring", version("2", scored(champion=COMPARED)), version("1", scored())), EN, "2", "1")
    [*_, apart] = part(found, "same-0").rows[0][1]
    assert apart == Cell("+0.030", "-0.010 to +0.070", "unclear")
    assert [cells[2].mark for _, cells in part(found, "same-0").rows] == ["unclear", "worse", "better"]


def test_what_no_report_keeps_is_said_to_be_missing() -> None:
    found = view(about("lead_scoring", version("2", {"model": "prior"}), version("1", scored())), EN)
    assert part(found, "calibration").told == ("Not kept in the report of version 2.",)
    assert part(found, "same").told[0].startswith("These two were never judged on the same records")
    assert part(found, "own").rows[0][1][1] == Cell("–")
    other = view(about("lead_scoring", version("2", {"champion": {"version": "1", "why": "few_outcomes"}}),
                       version("1", {})), KO)  # fmt: skip
    assert part(other, "same-0").told == ("같은 기록으로 비교하지 못했습니다. 결과가 너무 적었습니다.",)
    assert (
        other.neither == "두 버전의 보고서에 모두 없는 내용: 예측한 확률과 실제 수주율, 향상도, 주요 지표(버전별 시험)."
    )
    for service in ("forecast", "next_best_action"):
        bare = view(about(service, version("2", {}), version("1", {})))
        assert [one.key for one in bare.sections] == ["learned"]
        assert bare.neither.startswith("Neither report holds: ")
    assert view(about("forecast", version("1", {}))).told == (EN("compare.alone"),)


def backtest(*quarters: tuple[str, str, float, float]) -> dict[str, Any]:
    """eve, end, expected, result; the range is a tenth on both sides."""
    rows = [[eve, end, "company", 0.0, said, said * 0.9, said * 1.1, came] for eve, end, said, came in quarters]
    level = {"dealcast": {"wape": 0.1475}, "coverage": {"p10_p90": 0.75}, "crps": 0.0989}
    return {"backtest": {"quarters": [one[1] for one in quarters], "path": {"columns": COLUMNS, "rows": rows},
                         "company": level}}  # fmt: skip


FIRST, SECOND = ("2026-03-31", "2026-06-30", 90e6, 100e6), ("2026-06-30", "2026-09-30", 80e6, 100e6)


def test_quarters_stand_one_by_one_with_both_forecasts_and_what_came() -> None:
    better = (("2026-03-31", "2026-06-30", 95e6, 100e6), ("2026-06-30", "2026-09-30", 99e6, 100e6))
    rows = [version("2", backtest(*better)), version("1", backtest(FIRST, SECOND))]
    found = view(about("forecast", *rows), EN)
    quarters = part(found, "quarters")
    assert [name for name, _ in quarters.rows] == ["2026-Q2", "2026-Q3"]
    assert quarters.rows[1][1][1:] == (Cell("₩99M", "₩89.1M to ₩109M · result within · off by −1%"), Cell("₩100M"))
    assert "version 2 was closer in 2. So few quarters cannot tell that from luck" in quarters.told[-1]
    assert quarters.plot is not None
    assert len(quarters.plot.came) == 2
    [(_, cells), *_] = part(found, "errors").rows
    assert cells == (Cell("15%", "range held 75%"), Cell("15%", "range held 75%"), Cell("+0.0 points",
                                                                                       "no interval kept"))  # fmt: skip
    apart = view(about("forecast", version("2", backtest(SECOND)), version("1", backtest(FIRST))), EN)
    assert part(apart, "quarters").told[-1] == "They replayed no quarter in common."
    assert part(apart, "errors").told[0].startswith("Each over its own quarters")


def test_effects_stand_with_their_ranges_and_the_log_says_why_it_cannot_tell() -> None:
    effect = {"used": "log", "effect": 0.1, "low": 0.0, "high": 0.2, "deals": 40}
    log = {"rows": 0, "waiting": 3, "why": "nothing was left to chance yet"}
    rows = [version(name, {"actions": {"call": effect}, "showing": log}) for name in ("2", "1")]
    found = view(about("next_best_action", *rows), KO)
    [(name, cells)] = part(found, "effects").rows
    assert (name, cells[0].small, cells[2]) == ("Call the customer", "+0.000 ~ +0.200 · 딜 40건",
                                                Cell("+0.000", "범위가 겹침"))  # fmt: skip
    assert "아직 우연에 맡긴 제안이 없습니다" in part(found, "log").rows[0][1][0].small
    full = SHOWN | {"differences": {"default": {"bold": {}}, **SHOWN["differences"]}}
    found = view(about("next_best_action", version("2", {"showing": full}), version("1", {"showing": log})))
    told = {name: [cell.text for cell in cells] for name, cells in part(found, "log").rows}
    assert told["Won, had it always decided: default"] == ["–", "41% (35% to 47%)"]
    assert told["bold over default, in points"] == ["–", "+2.1 (-0.4 to +4.6)"]
    assert told["Showing it first, in points: Call the customer"] == ["–", "+1.2 (+0.1 to +2.3)"]


def test_a_version_that_served_is_gone_back_to_and_a_new_one_let_serve() -> None:
    decision = {"promote": False, "code": "worse", "text": "nothing served before", "figures": {}}
    rows = [version("3", {}, decision=decision), version("2", {}, removed={"time": "2026-11-22"}), version("1", {})]
    found = about("forecast", *rows, serving="1", promoted=("1", "2"))
    sides = {name: view(found, EN, "1", name).sides for name in ("2", "3")}
    assert [(one.act, one.waits, one.serves) for one in sides["3"]] == [("", False, True), ("promote", True, False)]
    assert sides["3"][1].decision == "The rule of promotion kept it waiting: nothing served before."
    assert (sides["2"][1].act, sides["2"][1].gone[:7]) == ("", "Removed")
    back = about("forecast", version("2", {}), version("1", {}), serving="2", promoted=("2", "1"))
    assert [one.act for one in view(back).sides] == ["", "rollback"]


@pytest.mark.parametrize(("top", "marks"), [(0.0, [0.0, 1.0]), (2.1, [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]),
                                            (100.0, [0, 20, 40, 60, 80, 100]), (7.6, [0, 2, 4, 6, 8])])  # fmt: skip
def test_an_axis_goes_in_round_steps_beyond_the_largest(top: float, marks: list[float]) -> None:
    assert steps(top) == pytest.approx(marks)
