"""What words of a target column mean: won, lost, not over, or the negation of another word."""

from __future__ import annotations

import re
from collections.abc import Collection

from learning.cell_numbers import is_missing

YES = frozenset({"1", "yes", "y", "true", "t", "예", "네", "참", "o", "ja", "oui", "sí", "si", "sim", "はい", "是"})
NO = frozenset(
    {"0", "-1", "no", "n", "false", "f", "아니오", "아니요", "거짓", "x", "nein", "non", "não", "nao", "いいえ", "否"}
)
# Common enough to stand for one another, where two files write the same differently.
WON = YES | frozenset(
    {"won", "win", "closed won", "closedwon", "converted", "success", "successful", "positive"}
    | {"성공", "수주", "계약", "전환"}
)
LOST = NO | frozenset(
    {"lost", "loss", "closed lost", "closedlost", "not converted", "unconverted", "failure", "failed", "unsuccessful"}
    | {"negative", "실패", "실주", "미전환"}
)
# Say by themselves which side they are on.
GOOD = WON | frozenset({"sold", "purchased", "bought", "구매", "낙찰", "체결", "성사"})
BAD = LOST | frozenset(
    {
        "fail",
        "unsold",
        "disqualified",
        "unqualified",
        "rejected",
        "declined",
        "denied",
        "refused",
        "bad",
        "dead",
        "junk",
    }
    | {"cancelled", "canceled", "abandoned", "미구매", "유찰", "무산", "결렬", "거절", "탈락", "반려", "부적격"}
)
# Words for records that are not over: no outcome, unless nothing else stands beside the other value.
OPEN = frozenset(
    {"open", "in progress", "in process", "in review", "pending", "ongoing", "on hold", "undecided", "maybe", "unknown"}
    | {"tbd", "working", "new", "engaging", "engaged", "prospecting", "prospect", "nurturing", "nurture", "contacted"}
    | {"not contacted", "attempted", "negotiation", "negotiating", "proposal", "discovery", "qualification"}
    | {"evaluation", "evaluating", "waiting", "awaiting", "follow up", "follow-up", "assigned", "unassigned"}
    | {"진행", "보류", "미정", "대기", "검토", "협상", "상담", "제안", "견적", "신규", "접수", "미결"}
)
UNDER_WAY = re.compile(r"[가-힣]{2,} ?중")  # 협상 중: in the midst of it
_PARTS = re.compile(r"\s+[-–—/|]\s+|:\s+|\s*[()]\s*")
_NUMBERED = re.compile(r"^\d{1,3}\s*[.):–-]\s+")
_NEGATIONS = (
    "dis",
    "un",
    "in",
    "im",
    "ir",
    "non",
    "not",
    "no",
    "미",
    "비",
    "불",
    "부",
    "nicht",
    "kein",
    "nie",
    "não",
    "pas",
)
_AFTER = ("안함", "안 함", "하지 않음", "않음", "못함", "아님")


def meaning(text: str) -> str:
    """`won`, `lost`, `open`, or "" where a word (lower case) tells nothing. Of stages in two parts, such as
    "closed - not converted" or "6. closed won", the first part that tells anything counts."""
    if found := _of_word(text):
        return found
    parts = [part for part in _PARTS.split(_NUMBERED.sub("", text)) if not (part.isascii() and len(part) < 2)]
    told = (_of_word(part) for part in parts if not part.lstrip("-").isdigit())
    return next((found for found in told if found), "") if parts != [text] else ""


def _of_word(word: str) -> str:
    if word in GOOD:
        return "won"
    if word in BAD:
        return "lost"
    return "open" if word in OPEN or UNDER_WAY.fullmatch(word) else ""


def affirmed(values: Collection[str]) -> str:
    """Of two values that say the same, one with a negation (qualified and disqualified, 응답 and 미응답), or one of
    which says nothing (-, none), the affirmative one; "" for other values."""
    if len(values) != 2:
        return ""
    for one, other in (sorted(values), sorted(values, reverse=True)):
        if is_missing(one) or _negates(one, other):
            return other
    return ""


def _negates(word: str, plain: str) -> bool:
    """Whether one word is the other with a negation before or after it."""
    if len(plain) < 2 and plain.isascii():
        return False
    before = (word.removeprefix(each) for each in _NEGATIONS if word.startswith(each))
    after = (word.removesuffix(each) for each in _AFTER if word.endswith(each))
    stems = {plain, plain.removesuffix("함").strip(), plain.removesuffix("됨").strip()} - {""}
    return any(rest.strip(" -_") in stems for rest in (*before, *after))
