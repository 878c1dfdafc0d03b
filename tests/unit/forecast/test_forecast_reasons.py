"""What is said of a deal's timing: of when, given that it is won, not of whether it is."""

from datetime import date

import pytest

from learning.periods import Period
from services.forecast.reasons import log_odds, timing_reasons

DAY, QUARTER = date(2026, 11, 20), Period(2026, 4)


@pytest.mark.parametrize(
    ("without", "english", "korean"),
    [(0.4, "this quarter is more likely", "높아집니다"), (0.6, "this quarter is less likely", "낮아집니다")],
)
@pytest.mark.parametrize(("slips", "put_off"), [(1, "once"), (2, "2 times")])
def test_a_reason_is_of_when_a_deal_is_won(without: float, english: str, korean: str, slips: int, put_off: str) -> None:
    """Put off often, a deal is rather lost; if it is won all the same, that is near: both are true."""
    row = {"close_date_slips": slips}
    [reason] = timing_reasons(row, DAY, QUARTER, None, log_odds(0.5), {"close_date_slips": without})
    assert reason.text_en == f"The close date was put off {put_off}: if it is won, {english}"
    assert reason.text_ko == f"마감 예정일이 {slips}번 미뤄짐: 수주한다면 그 시기가 이번 분기일 가능성이 {korean}"
    assert (reason.effect > 0) == (without < 0.5)


def test_days_read_as_on_pages() -> None:
    for promised, english, korean in (
        (
            date(2026, 11, 9),
            "The promised close date Nov 9, 2026 passed 11 days ago",
            "마감 예정일(2026. 11. 9.)에서 11일 지남",
        ),
        (date(2026, 12, 1), "Promised for Dec 1, 2026, in 11 days", "11일 뒤 2026. 12. 1. 마감 예정"),
    ):
        [reason] = timing_reasons({}, DAY, QUARTER, promised, log_odds(0.5), {"close_date": 0.4})
        assert reason.text_en.startswith(english)
        assert reason.text_ko.startswith(korean)
