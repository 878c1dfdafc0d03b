"""What the page of data and models shows of messages that could not be handled: of which deal, and why, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kit.errors import Internal
from services.gateway.web.words import Words
from services.gateway.workspace import SERVICES

Json = Mapping[str, Any]
GATEWAY, PUBLISHER = "gateway", "gateway-publisher"


@dataclass(frozen=True, slots=True)
class LetterView:
    """A message that was given up. deal: its id and name, empty where it is of none that is there."""

    seq: int
    when: str
    what: str
    deal: str
    name: str
    why: str
    facts: str
    error: str


def letter_view(letter: Json, names: Mapping[str, str], words: Words) -> LetterView:
    """A letter as programs see it; `names` of deals that are there, by id."""
    deal, problem = str(letter["deal_id"]), str(letter["problem"])
    why = words.name("letter_problem", problem if words.knows("letter_problem", problem) else Internal.problem)
    facts = words("models.letters_facts", subject=letter["subject"], consumer=letter["consumer"],
                  deliveries=letter["deliveries"])  # fmt: skip
    return LetterView(
        letter["seq"], words.time(letter["failed_time"]), _what(letter, words), deal if deal in names else "",
        names.get(deal, ""), why, facts, str(letter["error"]),
    )  # fmt: skip


def _what(letter: Json, words: Words) -> str:
    """What was on its way, and to whom."""
    parts = str(letter["subject"]).split(".")
    name = parts[1] if len(parts) > 2 else ""
    known = parts[0] in ("DEALS", "INSIGHTS") and words.knows("letter", name)
    what = words.name("letter", name if known else "message")
    consumer = str(letter["consumer"])
    service = next((one for one in SERVICES if consumer.startswith(one)), "")
    if service:
        return words("letter.for", what=what, who=words(f"models.{service}"))
    if consumer.startswith(GATEWAY):
        return words("letter.for", what=what, who=words("letter.to_publisher" if consumer == PUBLISHER
                                                        else "letter.to_gateway"))  # fmt: skip
    return what
