"""What an import says is there in Korean too, whoever wrote the sentence."""

from __future__ import annotations

import ast
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.errors import InvalidInput, NotFound
from services.gateway.domain import FieldError
from services.gateway.imports import messages
from services.gateway.imports.mapping import read

ROOT = Path(messages.__file__).parents[3]
IMPORTS = (
    "cells", "deal_rows", "deals", "guesses", "mapping", "people", "reader", "resident", "scan", "sheets",
    "store_errors", "tables", "toml_sections", "values", "weekly/doubts", "weekly/files", "weekly/importer",
    "weekly/matching", "weekly/rows", "workbook",
)  # fmt: skip
STORE = ("checks", "checks_around", "checks_deal")
SOURCES = [ROOT / "services/gateway/imports" / f"{name}.py" for name in IMPORTS] + [
    ROOT / "services/gateway/store" / f"{name}.py" for name in STORE
]
ERRORS = ("ValueError", "Conflict", "InvalidInput", "NotFound", "TooLarge")
CONSTANTS = ("message", "mend", "_MENDS", "_EXAMPLES")


def sentences(node: ast.expr) -> Iterator[str]:
    """The texts that an expression can make, with "x" in the slots."""
    match node:
        case ast.Constant(value=str(text)) if " " in text:
            yield text
        case ast.JoinedStr():
            parts = [str(each.value) if isinstance(each, ast.Constant) else "x" for each in node.values]
            yield "".join(parts)
        case ast.BinOp(left=ast.Constant(value=str(text))):
            yield text + "x"
        case ast.IfExp():
            yield from sentences(node.body)
            yield from sentences(node.orelse)
        case ast.Dict():
            for value in node.values:
                yield from sentences(value)


def said_in(path: Path) -> Iterator[str]:
    """The messages and mends that a module writes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            texts = [keyword.value for keyword in node.keywords if keyword.arg in ("message", "mend")]
            texts += node.args[2:] if name in ("FieldError", "refuse") and len(node.args) == 4 else []
            texts += node.args if name in ERRORS else []
            texts += node.args[1:] if name in ("problem", "add") and len(node.args) == 2 else []
            for text in texts:
                yield from sentences(text)
        elif isinstance(node, ast.Return | ast.Assign) and node.value is not None and _tells(node):
            yield from sentences(node.value)


def _tells(node: ast.Return | ast.Assign) -> bool:
    return isinstance(node, ast.Return) or getattr(node.targets[0], "id", "") in CONSTANTS


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_sentence_is_there_in_korean(path: Path) -> None:
    found = set(said_in(path))
    assert found
    known = (text for text in found if " " in text.strip("x "))
    untold = {text for text in known if messages.said(text, "ko") == text}
    assert untold == set()


def test_both_languages_have_the_same_slots() -> None:
    pairs = tomllib.loads(messages.SOURCE.read_text(encoding="utf-8"))["messages"]
    assert len({english for english, _ in pairs}) == len(pairs)
    for english, korean in pairs:
        slots = {name for _, name, _, _ in string.Formatter().parse(korean) if name is not None}
        assert {slot.removeprefix("w") for slot in slots} == {str(i) for i in range(english.count("{}"))}, english


def test_values_stay_as_they_are() -> None:
    error = FieldError("담당", "kim", "there is no such user", "add a row for it to people.csv, or correct this one")
    told = messages.told(error, "ko")
    assert (told.field, told.value, told.message) == ("담당", "kim", "없는 사용자입니다")
    assert "people.csv" in told.mend
    assert messages.told(error, "en") == error
    assert messages.said("something else", "ko") == "something else"
    mend = messages.said('rename one, or set users = "as_is" under [ids] in the mapping', "ko")
    assert 'users = "as_is"' in mend  # a key of the mapping, not a word


def test_a_bad_mapping_is_told_line_by_line() -> None:
    text = '[mapping]\ntimezone = "Mars"\n[files.a]\nentity = "deals"\npath = "a"\ncolumns = { id = "i", id2 = "x" }'
    with pytest.raises(InvalidInput) as caught:
        read(text, "m.toml")
    messages.translate(caught.value, "ko")
    first, second = caught.value.message.split("\n")
    assert first == "m.toml 2행: mapping.timezone: 'Mars'은(는) Asia/Seoul 같은 시간대가 아닙니다"
    assert second == "m.toml 6행: files.a.columns.id2: 모르는 키입니다. id을(를) 쓰려고 했나요?"
    with pytest.raises(InvalidInput) as caught:
        read("[mapping]\nname = \n", "m.toml")
    messages.translate(caught.value, "ko")
    assert "2행" in caught.value.message


def test_both_ways_to_write_a_time_are_told_in_korean() -> None:
    mend = messages.said("write 2017-09-30 or 2017-09-30T12:00:00Z, or set dates in the mapping", "ko")
    assert mend == "2017-09-30 또는 2017-09-30T12:00:00Z 형식으로 쓰거나 매핑에 dates를 지정하세요"


def test_errors_of_a_whole_file_are_told_too() -> None:
    error = NotFound("the folder lacks deals.csv", field="PATH", value="x", mend="check it")
    messages.translate(error, "ko")
    assert (error.message, error.mend) == ("폴더에 deals.csv이(가) 없습니다", "확인하세요")
    other = InvalidInput("the folder lacks a.csv")
    messages.translate(other, "en")
    assert other.message == "the folder lacks a.csv"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LC_ALL": "", "LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"LC_MESSAGES": "ko_KR", "LANG": "C"}, "ko"),
    ],
)
def test_the_environment_names_the_language(environment: dict[str, str], language: str) -> None:
    assert messages.reader_language(environment) == language


def test_why_an_undo_is_refused_is_told_in_korean() -> None:
    refused = messages.said("2 deals were changed since, such as d1 (its stage and its custom fields); d2", "ko")
    assert refused == "딜 2건이 그 뒤에 변경되었습니다. 예: d1 (단계, 추가 항목); d2"
    mend = "Undo later merges of these records first, or give up what was changed since with discard"
    assert messages.said(mend, "ko").startswith("이 기록들의 이후 병합을 먼저 되돌리거나")
