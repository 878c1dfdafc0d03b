"""The sentences that reading notes is trained on: written lines whose choices are spelled out, and marked notes."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.next_best_action.signals_grams import windows

FOLDER = Path(__file__).with_name("signal_sentences")
CODES: Mapping[str, str] = {
    "P": "price", "C": "competitor", "T": "timing", "N": "no_decision_maker", "A": "approval", "S": "gone_silent",
    "B": "budget", "L": "legal", "H": "handover", "R": "tender",
}  # fmt: skip
MARKS: Mapping[str, str] = {  # the marked notes' names of signals
    "price_objection": "price", "internal_approval": "approval", "contact_changed": "handover",
}  # fmt: skip
NAMES = tuple(CODES.values())
DENIED_WEIGHT = 4.0  # of a line under a style that says no to what the words suggest
SPELLED = 8  # sentences a line gives at most
NAMED = 0.3  # share of sentences that get a name before or after them
_CHOICE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"\bX(?![A-Za-z])")
_FIRST = {"en": "Bar Cor Den Fen Gal Hol Jas Mar Nor Pel Quin Ros Sel Tor Ves Wex Yar Zed Alt Bry Crom Dun Elm",
          "ko": "한 누 가 모 세 다 라 바 새 온 큰 푸 별 동 서 남 청 미 해 태 제 금 은 율"}  # fmt: skip
_SECOND = {"en": "wick ton field vale mont sys ivo ander ley stone nova tek port ida ora bury via mark ston era",
           "ko": "빛 리 온 아 람 산 울 솔 들 진 성 영 원 강 림 호 백 린 결 봄"}  # fmt: skip
_BESIDE = {"en": ("{0}: {1}", "{0} - {1}", "{1} ({0})", "re {0}, {1}"),
           "ko": ("{0} {1}", "{0}: {1}", "{0} 건 {1}", "{0} 방문, {1}")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with the signals it shows. Unsure: signals it may show as well. Source: what it shares with others."""

    text: str
    shows: frozenset[str]
    source: str
    weight: float = 1.0
    style: str = ""
    unsure: frozenset[str] = frozenset()


def written(language: str, *, seed: int = 0) -> Iterator[Example]:
    """The lines of the written file, each spelled out up to SPELLED times. Raises ValueError where one is misformed."""
    generator, style = random.Random(seed), ""
    for number, line in enumerate((FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("=="):
            style = line[2:].strip()
        elif line and not line.startswith("#"):
            labels, bar, body = line.partition("|")
            if not bar or not body.strip() or set(labels) - set(CODES) - {"-"} or body.count("{") != body.count("}"):
                raise ValueError(f"{language}.txt, line {number}: write LABELS|SENTENCE with {{a/b}} for choices")
            shows = frozenset(CODES[code] for code in labels if code != "-")
            texts = _spelled(body, language, generator)
            weight = DENIED_WEIGHT if style.endswith(("said no to", "부정하는 말")) else 1.0
            for text in texts:
                yield Example(text, shows, f"{language}:{number}", weight * len(texts) ** -0.5, style)


def _spelled(body: str, language: str, generator: random.Random) -> list[str]:
    found = set()
    for _ in range(2 * SPELLED):
        text = _CHOICE.sub(lambda match: generator.choice(match.group(1).split("/")), body)
        text = _NAME.sub(lambda _: _name(language, generator), " ".join(text.split()))
        found.add(text)
        if len(found) == SPELLED:
            break
    # A name alone must say nothing, and names no customer's sentence lacks.
    return [
        generator.choice(_BESIDE[language]).format(_name(language, generator), text)
        if generator.random() < NAMED else text
        for text in sorted(found)
    ]  # fmt: skip


def _name(language: str, generator: random.Random) -> str:
    return generator.choice(_FIRST[language].split()) + generator.choice(_SECOND[language].split())


def marked(path: Path) -> Iterator[tuple[str, frozenset[str], list[Example]]]:
    """Notes of a file of marked ones: text, what it shows, and what its windows show.

    A window without marked words of a signal that the note shows elsewhere is unsure: marks are not of every sentence.
    """
    for line in path.read_text(encoding="utf-8").splitlines():
        note = json.loads(line)
        text, marks = note["text"], [(MARKS.get(each["signal"], each["signal"]), each["sentence"])
                                     for each in note["signals"]]  # fmt: skip
        shows, examples = frozenset(name for name, _ in marks), []
        for start, end in windows(text):
            held = frozenset(name for name, words in marks if _overlap(text, words, start, end))
            examples.append(Example(text[start:end], held, f"{path.stem}:{note['id']}", unsure=shows - held))
        yield text, shows, examples


def _overlap(text: str, words: str, start: int, end: int) -> bool:
    """Whether the larger part of the words, or of the window, is common to both."""
    first = text.find(words)
    common = min(first + len(words), end) - max(first, start)
    return 2 * common > min(len(words), end - start)
