"""What `dealcast health` says of a decision."""

from __future__ import annotations

from typing import Any

import pytest

from cli.health import _tell
from cli.speech import Language

MERGED: dict[str, Any] = {
    "id": 7, "time": "2026-11-22T10:00:00Z", "act": "merge", "of": "accounts", "first": "a1", "second": "a2",
    "who": "ann", "undone_time": None, "undone_by": "",
}  # fmt: skip


@pytest.mark.parametrize(("kept", "gone"), [("a1", "a2"), ("a2", "a1")])
def test_a_merge_names_who_went_and_who_stayed(kept: str, gone: str, capsys: pytest.CaptureFixture[str]) -> None:
    for language, told in (
        (Language.EN, f"merged accounts: {gone} into {kept}  by ann"),
        (Language.KO, f"고객사 병합: {gone} → {kept}  ann"),
    ):
        _tell(MERGED | {"kept": kept}, language)
        assert capsys.readouterr().out == f"7  2026-11-22T10:00:00  {told}\n"
