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


_HANGUL = re.compile(r"[가-힣]")
_LATIN = re.compile(r"[a-z]{3}")
_GROUP = re.compile(r"(?<!\\)\((?!\?)")


@dataclass(frozen=True, slots=True)
class _Patterns:
    """Patterns of one kind, by the script they are for: a clause is only held against what it could match."""

    korean: re.Pattern[str] | None
    english: re.Pattern[str] | None

    def found(self, clause: str, korean: bool, english: bool) -> bool:
        if korean and self.korean is not None and self.korean.search(clause):
            return True
        return english and self.english is not None and self.english.search(clause) is not None


@dataclass(frozen=True, slots=True)
class _Compiled:
    says: _Patterns
    denies: _Patterns
    surely: _Patterns

    def holds(self, clause: str, korean: bool, english: bool) -> bool:
        if self.says.found(clause, korean, english) and not self.denies.found(clause, korean, english):
            return True
        return self.surely.found(clause, korean, english)


def _patterns(patterns: Sequence[str]) -> _Patterns:
    korean = [each for each in patterns if _HANGUL.search(each)]
    return _Patterns(_one(korean), _one([each for each in patterns if each not in korean]))


def _one(patterns: Sequence[str]) -> re.Pattern[str] | None:
    """One pattern for all; those that begin a word share the look for its beginning, which is most of the work."""
    bare = [_GROUP.sub("(?:", each) for each in patterns]
    words = [each[2:] for each in bare if each.startswith(r"\b")]
    rest = [each for each in bare if not each.startswith(r"\b")]
    if words:
        rest.append(r"\b(?=\w)(?:" + "|".join(f"(?:{each})" for each in words) + ")")
    return re.compile("|".join(f"(?:{each})" for each in rest)) if rest else None


def _compiled(rule: Mapping[str, Sequence[str]]) -> _Compiled:
    return _Compiled(*(_patterns(rule.get(kind, ())) for kind in ("says", "denies", "surely")))


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
        scripts = [(clause, bool(_HANGUL.search(clause)), bool(_LATIN.search(clause))) for clause in clauses]
        for name, rule in _RULES.items():
            if name not in found and any(rule.holds(*each) for each in scripts):
                found[name] = sentence.strip()[:LONGEST_SENTENCE]
    return tuple(Signal(name, found[name]) for name in _RULES if name in found)


def _plain(sentence: str) -> str:
    """Lower case, and every contraction of not spelled out."""
    return sentence.lower().replace("can't", "can not").replace("cannot", "can not").replace("n't", " not")
