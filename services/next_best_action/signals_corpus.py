"""What reading notes is trained on: written lines whose choices are spelled out, written notes, and marked notes."""

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
SPELLED = 8  # sentences a line gives at most
BLOCK = 8  # notes written one after another, which may be twins of each other
NAMED = 0.3  # share of sentences that get a name before or after them
_CHOICE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"\bX(?![A-Za-z])")
_MARK = re.compile(r"\[([A-Z]+) (.*?)\]")
Note = tuple[str, frozenset[str], list["Example"]]  # text, what it shows, and what its windows show
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
    unsure: frozenset[str] = frozenset()


def written(language: str, *, seed: int = 0) -> Iterator[Example]:
    """The written lines, each spelled out up to SPELLED times. Raises ValueError where one is misformed."""
    generator = random.Random(seed)
    for file in (f"{language}.txt", f"{language}_reps.txt"):
        for number, line in _lines(file):
            labels, bar, body = line.partition("|")
            if not bar or not body.strip() or set(labels) - set(CODES) - {"-"} or body.count("{") != body.count("}"):
                raise ValueError(f"{file}, line {number}: write LABELS|SENTENCE with {{a/b}} for choices")
            shows = frozenset(CODES[code] for code in labels if code != "-")
            texts = _spelled(body, language, generator)
            for text in texts:
                yield Example(text, shows, f"{file}:{number}", len(texts) ** -0.5)


def noted(language: str) -> Iterator[Note]:
    """The written notes; a window that holds but a smaller part of marked words is unsure."""
    for file in (f"{language}_notes.txt", f"{language}_field.txt"):
        yield from _notes(file)


def _notes(file: str) -> Iterator[Note]:
    for place, (number, line) in enumerate(_lines(file)):
        text, marks, plain = "", [], 0
        for mark in _MARK.finditer(line):
            text += line[plain : mark.start()] + mark[2]
            marks += [(CODES[code], mark[2]) for code in mark[1] if code in CODES]
            plain = mark.end()
        text += line[plain:]
        if set("[]") & set(text):
            raise ValueError(f"{file}, line {number}: write [LABELS the words that show it]")
        yield _note(text, marks, f"{file}:{place // BLOCK}", partly=True)


def _lines(file: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate((FOLDER / file).read_text(encoding="utf-8").splitlines(), 1):
        if line and not line.startswith(("#", "==")):
            yield number, line


def sources(language: str) -> list[Path]:
    """The files of the written sentences and notes."""
    return [FOLDER / f"{language}{part}.txt" for part in ("", "_reps", "_notes", "_field")]


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


def marked(path: Path) -> Iterator[Note]:
    """Notes of a file of marked ones.

    A window without marked words of a signal that the note shows elsewhere is unsure: marks are not of every sentence.
    """
    for line in path.read_text(encoding="utf-8").splitlines():
        note = json.loads(line)
        marks = [(MARKS.get(each["signal"], each["signal"]), each["sentence"]) for each in note["signals"]]
        yield _note(note["text"], marks, f"{path.stem}:{note['id']}", partly=False)


def _note(text: str, marks: list[tuple[str, str]], source: str, *, partly: bool) -> Note:
    """Unsure: signals of marked words that a window holds the smaller part of; or, where not partly, none of."""
    shows, examples = frozenset(name for name, _ in marks), []
    for start, end in windows(text):
        held = frozenset(
            name for name, words in marks if 2 * _common(text, words, start, end) > _least(words, start, end)
        )
        touched = frozenset(name for name, words in marks if not partly or _common(text, words, start, end) > 0)
        examples.append(Example(text[start:end], held, source, unsure=touched - held))
    return text, shows, examples


def _common(text: str, words: str, start: int, end: int) -> int:
    """Characters of the words that stand between start and end."""
    first = text.find(words)
    return min(first + len(words), end) - max(first, start)


def _least(words: str, start: int, end: int) -> int:
    return min(len(words), end - start)
