"""On which day a deal ended that no column tells of: the day that was promised, where it fits between two files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from kit.clock import last_second
from kit.money import Money
from learning.records import Outcome
from services.gateway.domain import DealWrite, PastChange
from services.gateway.imports.weekly.files import WeekFile
from services.gateway.imports.weekly.memory import Closing, Memory
from services.gateway.imports.weekly.placed import Placed
from services.gateway.imports.weekly.rows import WeekRow
from services.gateway.imports.weekly.writes import moment_of


class Closings:
    """Finds closing days; those taken from promised days are remembered, for files that come again or come later."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.taken: dict[str, str] = {}  # deal that ended → heading that told its closing day, "" for the file's day

    def settle(
        self, one: Placed, file: WeekFile, write: DealWrite, open_on: date | None, *, unseen: bool
    ) -> DealWrite:  # fmt: skip
        """The write of a row with the day on which its deal ended; `unseen`: no file showed the deal before."""
        row, known = one.row, self._memory.closings.get(one.deal)
        if row.open:
            return self._still_open(one, write, known)
        if row.closed_date is not None:
            self.taken[one.deal] = file.holds["closed_date"]
            return self._corrected(one.deal, write, known, row.closed_date) if known else write
        if known is not None:
            if row.day.isoformat() > known.file:  # the file that showed it ended has told
                return write
            unseen = not known.open_on
            days = [day for day in (open_on, known.open_on and date.fromisoformat(known.open_on)) if day]
            open_on = max(days, default=None)
        elif not unseen and open_on is None:
            return write  # it had ended before
        promised = row.close_date
        if promised is None or not _fits(row, promised, open_on):
            self.taken[one.deal] = ""
            return self._corrected(one.deal, write, known, row.day) if known else write
        self.taken[one.deal] = file.holds["close_date"]
        return self._closed_on(one, write, known, promised, open_on)

    def _closed_on(
        self, one: Placed, write: DealWrite, known: Closing | None, day: date, open_on: date | None
    ) -> DealWrite:  # fmt: skip
        """What the row says else counts from its file on: so older files may still tell how things stood before."""
        row, ended, history = one.row, last_second(day), list(write.history)
        history += [
            PastChange("stage", row.stage, ended), PastChange("outcome", str(row.outcome), ended),
            PastChange("closed_date", day, ended),
        ]  # fmt: skip
        seen = self._memory.last.get(one.deal) or self._memory.gone.get(one.deal)
        if row.amount is not None and (seen is None or seen.amount != row.amount.minor):
            history.append(PastChange("amount", row.amount, ended))
        made: dict[str, Any] = {}
        if open_on is None:
            since = {"name": row.name, "account_id": one.account, "owner_id": one.owner}
            history += [PastChange(name, value, ended) for name, value in since.items() if value]
            if row.created is None:
                made["created_time"] = ended
        former = _days_of(known) - {day} if known else set()
        history += [PastChange("closed_date", day, last_second(one)) for one in sorted(former)]
        self._memory.closings[one.deal] = Closing(
            row.day.isoformat(), day.isoformat(), open_on.isoformat() if open_on else "", row.stage, str(row.outcome),
            one.owner, row.amount.minor if row.amount else 0, row.amount.currency if row.amount else "",
            sorted(one.isoformat() for one in former),
        )  # fmt: skip
        return replace(write, closed_date=day, history=tuple(history), **made)

    def _corrected(self, deal: str, write: DealWrite, known: Closing, day: date) -> DealWrite:
        """Another day than the promised one: where that was taken it stands no more."""
        del self._memory.closings[deal]
        said = [PastChange("closed_date", day, last_second(one)) for one in sorted(_days_of(known) - {day})]
        return replace(write, history=(*write.history, *said))

    def _still_open(self, one: Placed, write: DealWrite, known: Closing | None) -> DealWrite:
        """An older file that comes later may show a deal open after the day that was taken for its last."""
        row = one.row
        if known is None or row.day.isoformat() > known.file:
            self._memory.closings.pop(one.deal, None)  # open again
            return write
        if row.day.isoformat() < known.closed:
            if row.day.isoformat() > known.open_on:
                self._memory.closings[one.deal] = replace(known, open_on=row.day.isoformat())
            return write
        del self._memory.closings[one.deal]
        self.taken[one.deal] = ""
        file = date.fromisoformat(known.file)
        then = moment_of(file)
        history = [
            PastChange("stage", known.stage, then), PastChange("outcome", known.outcome, then),
            PastChange("closed_date", file, then),
        ]  # fmt: skip
        for before in map(last_second, sorted(_days_of(known))):
            history += [
                PastChange("stage", row.stage, before), PastChange("outcome", str(Outcome.OPEN), before),
                PastChange("closed_date", None, before),
            ]  # fmt: skip
            if row.amount is not None:
                history.append(PastChange("amount", row.amount, before))
        if known.currency:
            history.append(PastChange("amount", Money(known.currency, known.amount), then))
        if known.owner:
            history.append(PastChange("owner_id", known.owner, then))
        return replace(write, history=(*write.history, *history))


def _days_of(known: Closing) -> set[date]:
    """All days that were taken for the deal's last."""
    return {date.fromisoformat(one) for one in (known.closed, *known.former)}


def _fits(row: WeekRow, day: date, open_on: date | None) -> bool:
    """Whether the deal may have ended on the day: after the last file that shows it open, and not after its own."""
    return (open_on is None or day > open_on) and day <= row.day and (row.created is None or row.created <= day)
