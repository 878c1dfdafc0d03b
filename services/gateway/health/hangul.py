"""Hangul letter by letter, and what it sounds like in Latin letters."""

from __future__ import annotations

import re
from functools import lru_cache

_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
# Revised Romanization of Korean (National Institute of Korean Language), without what neighbours change.
_LEAD_SOUNDS = "g kk n d tt r m b pp s ss - j jj ch k t p h".replace("-", "").split(" ")
_VOWEL_SOUNDS = (
    "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu", "eu",
    "ui", "i",
)  # fmt: skip
_TAIL_SOUNDS = "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t".replace("-", "").split(" ")
_FIRST, _LAST = 0xAC00, 0xD7A3
# What one sound is written as: in Latin letters names follow no rule.
_ALIKE = (
    ("tion", "sn"), ("sh", "s"), ("ch", "j"), ("ph", "p"), ("ck", "k"), ("qu", "k"), ("x", "ks"), ("ng", "n"),
    ("w", ""), ("y", ""),
)  # fmt: skip
_CLASS = str.maketrans("kgcqtdpbvflrzj", "kkkkttpppprrjj")
_SILENT_R = re.compile(r"(?<=[aeiou])r(?![aeiou])")
_SOFT_C, _SOFT_G = re.compile(r"c(?=[eiy])"), re.compile(r"g(?=[ei])")


def is_syllable(letter: str) -> bool:
    """Whether it is a Hangul syllable."""
    return _FIRST <= ord(letter) <= _LAST


def has_hangul(text: str) -> bool:
    """Whether any of it is Hangul."""
    return any(map(is_syllable, text))


@lru_cache(maxsize=12_000)
def letters_of(syllable: str) -> str:
    """Its two or three letters; anything else is itself."""
    if not is_syllable(syllable):
        return syllable
    code = ord(syllable) - _FIRST
    return (_LEADS[code // 588] + _VOWELS[code % 588 // 28] + _TAILS[code % 28]).rstrip()


def spelled(text: str) -> str:
    """A text letter by letter: one slip of a finger is one letter."""
    return "".join(map(letters_of, text))


def romanised(text: str) -> str:
    """A text in Latin letters."""
    out = []
    for one in text:
        code = ord(one) - _FIRST
        if is_syllable(one):
            out.append(_LEAD_SOUNDS[code // 588] + _VOWEL_SOUNDS[code % 588 // 28] + _TAIL_SOUNDS[code % 28])
        else:
            out.append(one)
    return "".join(out)


def consonants(text: str, *, hangul: bool) -> str:
    """What is left of a word's sound when vowels, and how they are written, do not count: the same for 현대 (`hangul`,
    romanised) and Hyundai."""
    if not hangul:  # of English words c and g sound as what follows says, and r is often not heard
        text = _SILENT_R.sub("", _SOFT_G.sub("j", _SOFT_C.sub("s", text)))
    for written, sound in _ALIKE:
        text = text.replace(written, sound)
    bare = re.sub(r"[aeiou]", "", text.translate(_CLASS))
    return re.sub(r"(.)\1+", r"\1", bare)


def vowels_of(text: str) -> str:
    """Its vowels by how they sound: front, open, back."""
    for written, sound in (("eo", "o"), ("eu", "o"), ("ae", "e"), ("ai", "e"), ("oo", "o"), ("u", "o"), ("y", "i")):
        text = text.replace(written, sound)
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[^aeio]", "", text))
