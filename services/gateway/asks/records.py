"""An ask as it is kept, as it is looked for, and as programs see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kit.errors import InvalidInput
from services.gateway.json_values import time_text

LONGEST_TEXT = 500
MOST_OPEN = 30  # on one deal


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wanted on a deal. Without an assignee it is whoever owns the deal, also when that changes; times are
    those of the business clock."""

    deal_id: str
    text: str
    due: date
    assignee: str = ""
    author: str = ""
    time: datetime | None = None
    id: int = 0
    done_time: datetime | None = None
    done_by: str = ""


@dataclass(frozen=True, slots=True)
class ShownAsk:
    """An ask with what its deal is called now, and whose it is."""

    ask: Ask
    deal_name: str
    deal_owner: str
    account: str = ""  # its name
    lost: bool = False  # the deal

    @property
    def whose(self) -> str:
        """The user who is asked."""
        return self.ask.assignee or self.deal_owner


@dataclass(frozen=True, slots=True)
class AskQuery:
    """Which asks: one, of a deal, of who is asked, of deals of some owners; empty members ask for all."""

    deal_id: str = ""
    whose: str = ""
    owners: frozenset[str] | None = None
    open: bool | None = None
    id: int = 0


def ask_json(shown: ShownAsk) -> dict[str, Any]:
    """An ask as programs see it."""
    ask = shown.ask
    return {
        "id": ask.id,
        "deal": {"id": ask.deal_id, "name": shown.deal_name, "owner_id": shown.deal_owner},
        "text": ask.text,
        "assignee_id": shown.whose,
        "due": ask.due.isoformat(),
        "author": ask.author,
        "time": ask.time and time_text(ask.time.replace(microsecond=0)),
        "done_time": ask.done_time and time_text(ask.done_time.replace(microsecond=0)),
        "done_by": ask.done_by,
    }


def cursor_of(shown: ShownAsk) -> str:
    """The cursor that goes on after this one, in the order of days and ids."""
    return f"{shown.ask.due.isoformat()}.{shown.ask.id}"


def read_cursor(cursor: str) -> tuple[str, int]:
    """The day and id after which to go on; before all of them without. Raises InvalidInput."""
    if not cursor:
        return "", 0
    day, _, number = cursor.partition(".")
    try:
        known = date.fromisoformat(day).isoformat() == day and number.isdecimal() and len(number) < 19
    except ValueError:
        known = False
    if not known:
        raise InvalidInput("this is no cursor of this list", field="cursor", value=cursor[:60], mend="Start without")
    return day, int(number)
