"""What the rule of promotion says, in the language of who reads it; what people wrote stays as it is."""

from __future__ import annotations

import re
from pathlib import Path

from kit.phrasebook import Phrasebook

BOOK = Phrasebook(Path(__file__).with_suffix(".toml"))
_JOB = re.compile(r"trained by job (\S+): (.*)", re.DOTALL)
_KIND = re.compile(r"(leads|opportunities|deals): (.*)", re.DOTALL)
_NEXT_KIND = re.compile(r"; (?=(?:leads|opportunities|deals): )")
_KINDS = {"leads": "리드", "opportunities": "영업 기회", "deals": "딜"}
_TAIL = ". The champion reads "
# Within a sentence: the figures it stands on.
_FIGURES = (
    (", its probabilities no further off than chance explains", ", 확률이 어긋난 정도는 우연의 범위입니다"),
    (", part of which the champion learned from", "(일부는 쓰던 모델이 학습한 기록)"),
    (" and calibration error", ", 보정 오차"), ("calibration error", "보정 오차"), ("log loss", "로그 손실"),
    ("any number일", "기한 없음"), (", allowed ", ", 허용 "),
)  # fmt: skip


def told(text: str, language: str) -> str:
    """A decision's text, or the reason that the audit log keeps of it."""
    if language == "en":
        return text
    if found := _JOB.fullmatch(text):
        return f"학습 {found[1]}: {told(found[2], language)}"
    return "; ".join(_of_kind(part) for part in _NEXT_KIND.split(text))


def _of_kind(text: str) -> str:
    found = _KIND.fullmatch(text)
    return f"{_KINDS[found[1]]}: {_sentence(found[2])}" if found else _sentence(text)


def _sentence(text: str) -> str:
    head, mark, tail = text.partition(_TAIL)
    korean = BOOK.said(head, "ko")
    if korean == head:
        return text
    for english, word in _FIGURES:
        korean = korean.replace(english, word)
    return korean + (BOOK.said(mark + tail, "ko") if mark else "")
