"""Notes of activities in Korean and English, from sentences with slots."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from types import ModuleType

from demo import phrases_en, phrases_ko
from demo.hazards import ACTIONS, SITUATIONS
from demo.names import NEED_EN, NEED_KO

RIVALS = ("NexaSoft", "데이터웍스", "Orbit CRM", "한성솔루션", "Vantage", "코어링크")
TELLS = 0.7  # chance that a note speaks of what stands in the way


@dataclass(frozen=True, slots=True)
class Subject:
    """What a deal's notes are about."""

    english: bool
    product: str
    need: int
    rival: int

    @property
    def phrases(self) -> ModuleType:
        """The sentences of its language."""
        return phrases_en if self.english else phrases_ko


def outbound(subject: Subject, action: int, situation: int, who: str, rng: Random) -> str:
    """The rep's note on something done with a contact."""
    phrases = subject.phrases
    opening = rng.choice(phrases.ACTIONS[ACTIONS[action]])
    return _fill(
        subject, f"{opening} {_about(phrases.CLEAR, subject, situation, rng)}{rng.choice(phrases.NEXT)}", who, rng
    )


def inbound(subject: Subject, situation: int, who: str, rng: Random) -> str:
    """What a contact writes or says."""
    phrases = subject.phrases
    return _fill(
        subject, rng.choice(phrases.REPLIES) + _about(phrases.REPLIES_CLEAR, subject, situation, rng), who, rng
    )


def internal(subject: Subject, situation: int, who: str, rng: Random) -> str:
    """A note to oneself."""
    phrases = subject.phrases
    return _fill(subject, rng.choice(phrases.NOTES) + _about(phrases.CLEAR, subject, situation, rng), who, rng)


def arisen(subject: Subject, situation: int, who: str, rng: Random) -> str:
    """The first that is told of something in the way."""
    return _fill(subject, rng.choice(subject.phrases.SITUATIONS[SITUATIONS[situation]]), who, rng)


def need(subject: Subject) -> str:
    """What the customer wants solved."""
    return (NEED_EN if subject.english else NEED_KO)[subject.need]


def _about(clear: tuple[str, ...], subject: Subject, situation: int, rng: Random) -> str:
    if situation and rng.random() < TELLS:
        return str(rng.choice(subject.phrases.SITUATIONS[SITUATIONS[situation]]))
    return rng.choice(clear)


def _fill(subject: Subject, sentence: str, who: str, rng: Random) -> str:
    if "{" not in sentence:
        return sentence
    return sentence.format(
        who=who, need=need(subject), product=subject.product, n=rng.randrange(5, 60),
        m=rng.randrange(2, 9), rival=RIVALS[subject.rival], day=rng.choice(subject.phrases.DAYS),
    )  # fmt: skip
