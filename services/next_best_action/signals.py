"""Reads from notes what may stop a deal, with the sentence that says so; what is denied is not read.

Clause by clause: a sentence is cut where it turns (but, however, …지만), so that "the price is fine, but a competitor
called" says one thing and not the other.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

RULES_FILE = Path(__file__).with_name("signal_rules.toml")
LONGEST_SENTENCE = 300
CACHED_TEXTS = 20_000
_SENTENCE = re.compile(r"[^.!?。\n;]+(?:\.(?=\d)[^.!?。\n;]+)*[.!?。]*")
_TURN = re.compile(
    r",?\s+(?:but|however|although|though|yet|while|whereas|except that)\b|\b(?:하지만|그러나|다만|그런데|반면)\b"
    r"|(?<=지만|는데|은데|으나|하나|으며|하며|되며|이며|하고|되고|있고|없고|았고|었고|했고)[ ,]|(?<=[음함됨임]),"
)


@dataclass(frozen=True, slots=True)
class Signal:
    """What a note says, and where."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Compiled:
    says: re.Pattern[str]
    denies: re.Pattern[str] | None
    surely: re.Pattern[str] | None

    def holds(self, clause: str) -> bool:
        if self.surely is not None and self.surely.search(clause):
            return True
        if not self.says.search(clause):
            return False
        return self.denies is None or not self.denies.search(clause)


def _one(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{each})" for each in patterns)) if patterns else None


def _compiled(rule: Mapping[str, Sequence[str]]) -> _Compiled:
    says = _one(rule["says"])
    assert says is not None
    return _Compiled(says, _one(rule.get("denies", ())), _one(rule.get("surely", ())))


_RULES: Mapping[str, _Compiled] = {
    name: _compiled(rule) for name, rule in tomllib.loads(RULES_FILE.read_text(encoding="utf-8")).items()
}
NAMES = tuple(_RULES)


@lru_cache(maxsize=CACHED_TEXTS)
def read(text: str) -> tuple[Signal, ...]:
    """The signals of a note in the order of NAMES, each with the first sentence that shows it."""
    found: dict[str, str] = {}
    for sentence in _SENTENCE.findall(text.replace("’", "'")):
        clauses = [clause for clause in _TURN.split(_plain(sentence)) if clause and clause.strip()]
        for name, rule in _RULES.items():
            if name not in found and any(rule.holds(clause) for clause in clauses):
                found[name] = sentence.strip()[:LONGEST_SENTENCE]
    return tuple(Signal(name, found[name]) for name in _RULES if name in found)


def _plain(sentence: str) -> str:
    """Lower case, and every contraction of not spelled out."""
    return sentence.lower().replace("can't", "can not").replace("cannot", "can not").replace("n't", " not")
