"""What was refused, in the reader's language, with the line it is on."""

from __future__ import annotations

import re

from kit.errors import InvalidInput
from services.gateway.web.refusals import BOOK, Refusal, refusal, said


def test_the_line_is_read_out_of_what_was_refused() -> None:
    found = refusal(InvalidInput("line 7: it is not known", mend="Use some of: a, b"), "ko")
    assert found == Refusal("알 수 없는 값입니다", "다음 중에서 고르세요: a, b", 7)
    unnamed = refusal(InvalidInput("line 2: date is missing", mend="fill in its cell of this line"), "ko")
    assert unnamed == Refusal("날짜 값이 없습니다", "이 줄의 해당 칸을 채우세요", 2)
    broken = refusal(InvalidInput("the catalogue is no TOML: Invalid value (at line 3, column 5)"), "en")
    assert (broken.line, broken.message[:17]) == (3, "The catalogue is ")


def test_every_sentence_is_korean_and_keeps_its_slots() -> None:
    for english, korean in BOOK.read["messages"]:
        told = said(english.replace("{}", "1"), "ko")
        assert re.search("[가-힣]", told), english
        assert "{}" not in told, english
        assert korean.count("{") <= english.count("{"), english
