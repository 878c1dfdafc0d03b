"""What `dealcast health` says of a decision."""

from __future__ import annotations

from typing import Any

import pytest

from cli.health import _tell
from cli.speech import Language
from cli.times import in_zone, utc

MERGED: dict[str, Any] = {
    "id": 7, "time": "2026-11-22T10:00:00Z", "act": "merge", "of": "accounts", "first": "a1", "second": "a2",
    "who": "ann", "undone_time": None, "undone_by": "",
}  # fmt: skip


def test_times_are_those_of_the_company() -> None:
    assert in_zone("Asia/Seoul", "2026-11-22T21:59:13.123Z") == "2026-11-23 06:59:13 KST"
    assert (utc("2026-11-22T21:59:13.123Z"), utc("2026-11-22")) == ("2026-11-22 21:59:13 UTC", "2026-11-22")


@pytest.mark.parametrize(("kept", "gone"), [("a1", "a2"), ("a2", "a1")])
def test_a_merge_names_who_went_and_who_stayed(kept: str, gone: str, capsys: pytest.CaptureFixture[str]) -> None:
    for language, told in (
        (Language.EN, f"merged accounts: {gone} into {kept}  by ann"),
        (Language.KO, f"고객사 병합: {gone} → {kept}  ann"),
    ):
        _tell(MERGED | {"kept": kept}, language)
        assert capsys.readouterr().out == f"7  2026-11-22 10:00:00 UTC  {told}\n"
