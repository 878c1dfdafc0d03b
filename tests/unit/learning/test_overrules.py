"""What people decide about columns."""

from __future__ import annotations

from typing import Any

import pytest

from kit.errors import InvalidInput
from learning.overrules import LONGEST_NAME, MOST_NAMES, Overrules, meant, near


def test_the_later_decision_about_a_column_counts() -> None:
    first = Overrules.of(["b", "a"], ["c"])
    assert first.after(Overrules.of(["c"], ["a", "d"])) == Overrules(("b", "c"), ("a", "d"))
    assert first.after(Overrules()) == Overrules(("a", "b"), ("c",))


@pytest.mark.parametrize(
    ("keep", "drop"),
    [("a", []), ([""], []), ([1], []), ([], ["x" * (LONGEST_NAME + 1)]), ([], ["a\x00"]), ({"a": 1}, []), (None, []),
     (["a"], ["a"]), ([str(n) for n in range(MOST_NAMES + 1)], [])],
)  # fmt: skip
def test_what_is_no_list_of_columns_is_refused(keep: Any, drop: Any) -> None:
    with pytest.raises(InvalidInput):
        Overrules.of(keep, drop)


def test_a_name_that_begins_with_a_dash_stays_a_value() -> None:
    assert Overrules.of(["--drop"], ["x"]).options() == ["--keep=--drop", "--drop=x"]


def test_a_name_means_the_only_column_that_is_like_it() -> None:
    names = ("fields.Loss reason", "account.Size", "fields.Size", "stage")
    assert meant("loss_reason", names) == "fields.Loss reason"
    assert meant("Stage", names) == "stage"
    assert meant("account.size", names) == "account.Size"
    assert meant("size", names) == "", "of two"
    assert near("los reason", names) == ["fields.Loss reason"]
    assert near("nothing like it", names) == []
