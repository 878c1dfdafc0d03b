from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from kit import subjects


@given(st.text())
def test_every_id_becomes_one_valid_token(identifier: str) -> None:
    token = subjects.token(identifier)
    assert re.fullmatch(r"~?[A-Za-z0-9_-]{1,64}", token)


@given(st.text(), st.text())
def test_different_ids_have_different_tokens(one: str, other: str) -> None:
    assert (subjects.token(one) == subjects.token(other)) == (one == other)


def test_plain_ids_stay_readable() -> None:
    assert subjects.token("1C1I7A6R") == "1C1I7A6R"
    assert subjects.token("").startswith("~")
    assert subjects.token("a.b").startswith("~")
    assert subjects.token("x" * 65).startswith("~")


def test_rollup_subject() -> None:
    assert subjects.rollup_subject("company", "2017-Q4", "USD") == "INSIGHTS.rollup.company.2017-Q4.USD"
    assert subjects.rollup_subject("owner:7", "2017-Q4", "USD").count(".") == 4


def test_insight_id_depends_on_every_part_and_their_borders() -> None:
    base = subjects.insight_id("lead_score", "d", 3, 1, "2017-09-30", "", "v1")
    assert re.fullmatch(r"[0-9a-f]{16}", base)
    assert base == subjects.insight_id("lead_score", "d", 3, 1, "2017-09-30", "", "v1")
    assert base != subjects.insight_id("lead_score", "d", 3, 2, "2017-09-30", "", "v1")
    assert subjects.insight_id("ab", "c") != subjects.insight_id("a", "bc")
