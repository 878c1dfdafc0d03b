"""How well signals are read from sales notes in Korean and English: presence per note, on notes marked by hand.

The weights are learned from written sentences and the open half, whose own figures are therefore out of fold; the held
half was not read for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from services.next_best_action.signals import read
from services.next_best_action.signals_corpus import NAMES, marked, written
from services.next_best_action.signals_training import out_of_fold, thresholds_of

NOTES = Path(__file__).parents[1] / "tests" / "data" / "notes"
LANGUAGES = {"ko": "Korean", "en": "English"}
HALVES = ("open", "held")
JUDGED = {  # the set's name for a signal, and the extractor's
    "price_objection": "price",
    "competitor": "competitor",
    "timing": "timing",
    "no_decision_maker": "no_decision_maker",
    "internal_approval": "approval",
    "gone_silent": "gone_silent",
}
FURTHER = {"budget": "budget", "legal": "legal", "contact_changed": "handover", "tender": "tender"}
PRECISION_BAR, RECALL_BAR = 0.8, 0.7
NORMAL_95 = 1.959964


@dataclass
class Tally:
    """Notes by what is marked and what is read of one signal."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> tuple[int, int]:
        return self.right, self.right + self.wrong

    @property
    def recall(self) -> tuple[int, int]:
        return self.right, self.right + self.missed

    @property
    def meets_the_bar(self) -> bool:
        return _share(*self.precision) >= PRECISION_BAR and _share(*self.recall) >= RECALL_BAR


def section() -> str:
    """The section of docs/accuracy.md."""
    tallies = {(language, half): tally(language, half) for language in LANGUAGES for half in HALVES}
    rows = [
        "| | " + " | ".join(f"{half}: precision | recall | bar" for half in HALVES) + " |",
        "| --- |" + " --- | --- | --- |" * len(HALVES),
    ]
    for language, title in LANGUAGES.items():
        for name in JUDGED | FURTHER:
            cells = [_cells(tallies[language, half][name], name in JUDGED) for half in HALVES]
            rows.append(f"| {title}, {name.replace('_', ' ')} | {' | '.join(cells)} |")
    met = {half: _met(tallies, half) for half in HALVES}
    count = len(LANGUAGES) * len(JUDGED)
    return (
        "## Next best action: signals in notes\n\n"
        "600 invented notes, 300 in each language, marked by a hand that had not seen the rules (one reader; "
        "tests/data/notes/README.md). Signals are read by weights learned from written sentences "
        "(services/next_best_action/signal_sentences) and the open half. The open half is counted out of fold, but who "
        "wrote the sentences had read it, which flatters it; the held half was not read for either. "
        "Share of notes, with the Wilson 95 % interval; precision depends on how often a signal occurs, here in about "
        f"one note in five. The bar: precision ≥ {PRECISION_BAR} at recall ≥ {RECALL_BAR}, by the share itself; it is "
        f"met by {met['open']} of {count} on the open half and **{met['held']} of {count} on the held half**. The last "
        "four signals of each language are too rare here to be judged.\n\n" + "\n".join(rows)
    )


def tally(language: str, half: str) -> dict[str, Tally]:
    """By the set's name of a signal, over the notes of one file."""
    names = JUDGED | FURTHER
    tallies = {name: Tally() for name in names}
    path = NOTES / f"{language}_{half}.jsonl"
    found_by_text = _out_of_fold(language, path) if half == "open" else {}
    for text, shows in _notes(path):
        found = found_by_text[text] if half == "open" else {signal.name for signal in read(text)}
        for name, own in names.items():
            tallies[name].right += name in shows and own in found
            tallies[name].wrong += name not in shows and own in found
            tallies[name].missed += name in shows and own not in found
    return tallies


def _out_of_fold(language: str, path: Path) -> dict[str, set[str]]:
    """What is read of each note by weights that did not see it; phrases left aside."""
    notes = list(marked(path))
    answers = out_of_fold(language, list(written(language)), notes)
    shown = answers >= thresholds_of(answers, notes)
    return {
        text: {name for at, name in enumerate(NAMES) if row[at]} for (text, _, _), row in zip(notes, shown, strict=True)
    }


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); everything where there is nothing to count."""
    if of == 0:
        return 0.0, 1.0
    share, spread = hits / of, NORMAL_95**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = NORMAL_95 * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return middle - half, middle + half


def _notes(path: Path) -> Iterator[tuple[str, set[str]]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        note = json.loads(line)
        yield note["text"], {mark["signal"] for mark in note["signals"]}


def _met(tallies: dict[tuple[str, str], dict[str, Tally]], half: str) -> int:
    return sum(tallies[language, half][name].meets_the_bar for language in LANGUAGES for name in JUDGED)


def _cells(found: Tally, judged: bool) -> str:
    verdict = ("met" if found.meets_the_bar else "not met") if judged else "–"
    return f"{_shown(*found.precision)} | {_shown(*found.recall)} | {verdict}"


def _shown(hits: int, of: int) -> str:
    if of == 0:
        return "none read"
    low, high = wilson(hits, of)
    return f"{hits / of:.2f} ({low:.2f}–{high:.2f}) of {of}"


def _share(hits: int, of: int) -> float:
    return hits / of if of else 0.0
