"""Answers in the file of doubts: which words are taken, and that they are kept when an import writes it again."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from kit.errors import InvalidInput
from services.gateway.imports.weekly.doubts import Doubt, read_answers, write_doubts

GONE = [Doubt("gone", "a.xlsx", 0, f"한빛 / {name}", "open on 2024-01-08", name) for name in ("서버", "망")]
RENAMED = Doubt("renamed", "a.xlsx", 3, "대한 / 메일", "대한 / 메일서버", "메일")


def type_in(path: Path, *given: str) -> None:
    """Fill the last column, as a person would."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *([*row[:-1], said] for row, said in zip(rows, given, strict=True))])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("드랍", "lost"),
        ("실주", "lost"),
        ("계약 완료", "won"),
        ("Closed Won", "won"),
        ("보류", "open"),
        ("삭제", "deleted"),
    ],
)
def test_words_for_outcomes_are_answers_too(tmp_path: Path, said: str, meant: str) -> None:
    path = tmp_path / "doubts.csv"
    write_doubts(path, GONE, "ko")
    type_in(path, said, "")
    assert read_answers(path) == {GONE[0].id: meant}


def test_an_outcome_answers_no_other_question(tmp_path: Path) -> None:
    path = tmp_path / "doubts.csv"
    write_doubts(path, [RENAMED], "ko")
    type_in(path, "드랍")
    with pytest.raises(InvalidInput, match="none of the answers"):
        read_answers(path)


def test_answers_are_kept_when_the_questions_are_written_again(tmp_path: Path) -> None:
    path = tmp_path / "doubts.csv"
    assert write_doubts(path, [*GONE, RENAMED], "ko") == 0
    type_in(path, "드랍", "", "같음")
    assert write_doubts(path, GONE, "en") == 2  # --answers was forgotten; one of them is not asked any more
    assert read_answers(path) == {GONE[0].id: "lost", RENAMED.id: "same"}
    assert write_doubts(path, GONE[1:], "ko", used={GONE[0].id}) == 1
    assert read_answers(path) == {RENAMED.id: "same"}
