"""Every command takes --lang, and whatever it says is there in Korean."""

from __future__ import annotations

import ast
import json
import re
import string
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from cli import dead_letters, models, privacy, privacy_erasing, speech, train
from cli.__main__ import app, main
from cli.evaluate_forecast import remark
from kit.errors import InvalidInput, Unavailable
from learning import doubtful_records
from services.forecast.learn import _told as learned
from services.forecast.missed import Missed
from services.forecast.newbusiness import NewBusiness
from services.gateway.imports.messages import said as said_of_import
from tests.unit.imports.test_import_messages import sentences

FOLDER = Path(speech.__file__).parent
DATA = ("{}", "{}: {}", "{}  {}", "    {}", "      {}", "{}: ")  # what stands in them is put into Korean by itself
SAYING = ("echo", "said", "confirm", "InvalidInput", "NotFound", "Conflict", "Unavailable", "_refusal")
MADE_OF_OTHERS = {"x version x: x", "gateway: the port xx"}  # which are tested whole


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Everything that can be called, by its name."""
    if isinstance(command, TyperGroup):
        context = typer.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))
        if not command.invoke_without_command:
            return
    yield " ".join(path), command


def test_every_command_takes_a_language() -> None:
    found = dict(commands(get_command(app)))
    assert {"train", "models jobs", "privacy find", "privacy where", "evaluate actions", "monitor"} <= set(found)
    lacking = [name for name, one in found.items() if not any("--lang" in each.opts for each in one.params)]
    assert lacking == []


def told(path: Path) -> Iterator[str]:
    """The sentences that a module says or raises, {} in the slots."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", "")
        texts = [keyword.value for keyword in node.keywords if keyword.arg in ("mend", "unknown")]
        if name in SAYING:
            texts += node.args[:1]
        for text in texts:
            for found in sentences(text):
                if sum(each.isalpha() for each in found.replace("x", "")) > 3:
                    yield found


def test_what_commands_say_is_there_in_korean() -> None:
    found = {text for path in FOLDER.glob("*.py") for text in told(path) if " " in text.strip()}
    assert len(found) > 100
    assert {text for text in found if speech.said(text, "ko") == text} <= MADE_OF_OTHERS


def test_what_is_made_of_others_is_there_in_korean() -> None:
    whole = [f"lead_scoring version 2: {text}" for text in privacy_erasing.MODELS.values()]
    whole += ["gateway: the port is in use by process 7 (python)", *privacy_erasing.MENDS.values()]
    assert [text for text in whole if speech.said(text, "ko") == text] == []


@pytest.mark.parametrize("code", doubtful_records.TEXTS)
@pytest.mark.parametrize("count", [0, 1, 7])
def test_cautions_of_a_forecast_are_there_in_korean(code: str, count: int) -> None:
    for usual in (True, False):
        text = doubtful_records.said(code, count, 83, usual=usual, most="1,000 USD")
        told = speech.said(text, "ko")
        assert re.search("[가-힣]", told)
        values = ("7", "83", "1,000 USD")
        assert [one for one in values if one in told] == [one for one in values if one in text]


def test_how_a_forecast_was_made_is_there_in_korean(monkeypatch: pytest.MonkeyPatch) -> None:
    replayed = f"16 forecasts replayed, 2016-09-30 to 2017-03-31: {learned(Missed(0.1), 0.4)}"
    notes = [replayed, NewBusiness().note, "left out: nothing could be replayed", "left out: nothing has been replayed",
             "left out: 0 wins in 10 days, of 1 in 14 that an estimate needs",
             "from 120 deals created; season by quarter",
             "from 36 deals created in 27 days beside 80 there before; season none: less than two years of history",
             "from 120 deals created; season none: less than two years of history"]  # fmt: skip
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert [remark(one) for one in notes] == notes
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    told = [remark(one) for one in notes]
    assert [one for one in told if re.search("[A-Za-z]", one)] == []
    assert told[0].startswith("2016-09-30부터 2017-03-31까지 지난 예측 16건을 다시 해 봄: 딜의 수준 1.105, 딜 오차")


def test_both_languages_have_the_same_slots() -> None:
    pairs = tomllib.loads(speech.SOURCE.read_text("utf-8"))["messages"]
    assert len({english for english, _ in pairs}) == len(pairs)
    for english, korean in pairs:
        slots = {name for _, name, _, _ in string.Formatter().parse(korean) if name is not None}
        assert {slot.removeprefix("w") for slot in slots} == {str(i) for i in range(english.count("{}"))}, english
        assert english not in DATA, english


def answers(monkeypatch: pytest.MonkeyPatch, module: Any, answer: Any) -> None:
    monkeypatch.setattr(module, "call", lambda *_, **__: answer)


def spoken(*arguments: str) -> str:
    done = CliRunner().invoke(app, [*arguments, "--lang", "ko"])
    assert done.exit_code == 0, done.output
    return done.output


def test_commands_speak_korean(monkeypatch: pytest.MonkeyPatch) -> None:
    service = {"lead_scoring": {"version": "2", "promoted": True, "decision": "no worse"}}
    job = {"id": "j1", "state": "SUCCEEDED", "error": "", "detail": {"services": service}, "seconds_left": 7,
           "created_time": "2026-11-16", "progress": 0.5, "stage": "export", "reason": "dealcast train"}  # fmt: skip
    answers(monkeypatch, train, job)
    assert "학습 j1: 완료\n  lead_scoring 2 제공 중: no worse" in spoken("train")
    answers(monkeypatch, models, {"jobs": [job | {"state": "RUNNING"}]})
    assert "j1  2026-11-16  진행 중  lead_scoring  50% 내보내기, 약 7초 남음" in spoken("models", "jobs")
    answers(monkeypatch, privacy, {"people": []})
    assert spoken("privacy", "find", "김") == "찾은 사람이 없습니다\n"
    person = {"kind": "contact", "id": "c2"}
    answers(monkeypatch, privacy, {"found": [], "same": [person], "alike": [], "unsearched": ["김"],
                                   "out_of_reach": [], "doubts": []})  # fmt: skip
    assert "이 기록에 병합되어 함께 삭제됨: 연락처 c2\n다른 사람도 쓰거나" in spoken("privacy", "where", "c1")
    answers(monkeypatch, dead_letters, None)
    assert spoken("dead-letters", "replay", "7") == "7번을 다시 보냈습니다\n"
    letter = {"reason": "the amount is 5, not 3"}
    answers(monkeypatch, dead_letters, {"dead_letters": [letter], "next_cursor": ""})
    assert json.loads(spoken("dead-letters", "list")) == letter, "what is JSON stays as it is"
    assert "merged into" not in CliRunner().invoke(app, ["dead-letters", "drop", "7", "--lang", "en"]).output


def test_the_language_of_a_group_holds_for_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    from cli import monitor

    answers(monkeypatch, monitor, {"alerts": []})
    for arguments in (["monitor", "--lang", "ko", "alerts"], ["monitor", "alerts", "--lang", "ko"]):
        assert "알림이 없습니다" in CliRunner().invoke(app, arguments).output
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert "알림이 없습니다" in CliRunner().invoke(app, ["monitor", "alerts"]).output
    assert "no alerts" in CliRunner().invoke(app, ["monitor", "alerts", "--lang", "en"]).output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [("backtest a 850302-1123451", "오류: 모르는 인수가 있습니다: ******-*******"),
     ("import --x-850302-1123451", "오류: --x-******-******* 옵션은 없습니다"),
     ("imp_850302_1123451", "오류: 'imp_******-*******' 명령은 없습니다"),
     ("import", "도움말: dealcast import --help\n오류: 인수 'PATH'이(가) 빠졌습니다"),
     ("models audit --limit 900", "오류: '--limit': 500 이하로 쓰세요"),
     ("models audit --limit 850302-1123451", "오류: '--limit': 정수로 쓰세요"),
     ("models promote a b", "오류: 옵션 '--reason'이(가) 빠졌습니다"),
     ("models", "Options:")],
)  # fmt: skip
def test_wrong_use_is_told_in_the_language_and_repeats_no_resident_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: str, told: str
) -> None:
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    monkeypatch.setattr(sys, "argv", ["dealcast", *arguments.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert told in error
    assert "1123451" not in error


def test_errors_are_told_in_the_language(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    answers(monkeypatch, dead_letters, None)
    assert CliRunner().invoke(app, ["dead-letters", "drop", "7"]).output == "7번을 버렸습니다\n"
    speech.tell(Unavailable("no gateway runs here", field="--data-dir", value="850302-1123451", mend="check the path"))
    assert capsys.readouterr().err == (
        "오류: --data-dir = ******-*******: 여기에서 실행 중인 게이트웨이가 없습니다\n해결: 경로를 확인하세요\n"
    )
    assert speech.said("check the path", "ko") == said_of_import("check the path", "ko")
    speech.tell(InvalidInput("something new"))
    assert capsys.readouterr().err == "오류: something new\n"
