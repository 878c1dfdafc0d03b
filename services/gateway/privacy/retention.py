"""How long what is kept: periods by kind, applied once per business day."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from kit.errors import DealcastError, InvalidInput
from services.gateway.jobs import Jobs
from services.gateway.live import Signal, wait_either
from services.gateway.privacy.files import clear_uploads
from services.gateway.privacy.records import now, time_text
from services.gateway.privacy.streams import Streams
from services.gateway.store.interface import Store
from services.gateway.workspace import Workspace

log = structlog.get_logger(__name__)

SETTING, APPLIED = "retention", "retention_applied"
ACTIVITIES, NOTES, CONTACTS = "activities", "notes", "closed_contacts"
DEAD_LETTERS, DECISIONS, ANSWERS = "dead_letters", "decisions", "idempotency"
IMPORTS, ACCESS, AUDIT = "imports", "access_log", "audit_log"
KINDS = (ACTIVITIES, NOTES, CONTACTS, DEAD_LETTERS, DECISIONS, ANSWERS, IMPORTS, ACCESS, AUDIT)
BY_BUSINESS_CLOCK = (ACTIVITIES, NOTES, CONTACTS)
LONGEST = 36_500  # days
AT_ONCE = 500
LOOKED_SECONDS = 60.0


def checked_periods(given: Any) -> dict[str, int]:
    """Days by kind; kinds without a period are kept for ever. Raises InvalidInput."""
    sound = isinstance(given, dict) and set(given) <= set(KINDS)
    days = {name: value for name, value in given.items() if value is not None} if sound else {}
    whole = all(isinstance(one, int) and not isinstance(one, bool) and 1 <= one <= LONGEST for one in days.values())
    if not sound or not whole:
        mend = f'Send {{"notes": 730}}: days from 1 to {LONGEST:,}, or null; kinds: {", ".join(KINDS)}'
        raise InvalidInput("these are no retention periods", field=SETTING, value=str(given)[:60], mend=mend)
    return days


@dataclass(slots=True)
class Retention:
    """Drops what is over its time. What it drops of open deals raises their revision, as any change does."""

    store: Store
    workspace: Workspace
    streams: Streams
    imports: Jobs
    outbox: Signal
    scratch: Path

    name = "retention"
    ready = True

    async def periods(self) -> dict[str, int | None]:
        """Days by kind, None where it is kept for ever."""
        stored: Mapping[str, int] = await self.store.get_setting(SETTING) or {}
        return {kind: stored.get(kind) for kind in KINDS}

    async def about(self) -> dict[str, Any]:
        """The periods, and when they were applied last with how much went."""
        return {"periods": await self.periods(), "applied": await self.store.get_setting(APPLIED)}

    async def set(self, given: Any) -> None:
        """Set them all; they are applied within the minute. Raises InvalidInput."""
        await self.store.put_setting(SETTING, checked_periods(given))
        await self.store.put_setting(APPLIED, None)

    async def run(self, stop: asyncio.Event) -> None:
        """Apply them once per business day, and clear old uploads every minute, until stopped."""
        while not stop.is_set():
            await asyncio.to_thread(clear_uploads, self.scratch)
            try:
                applied = await self.store.get_setting(APPLIED) or {}
                if applied.get("day") != self.workspace.business_day.isoformat():
                    await self.apply()
            except DealcastError as error:
                log.warning("retention_waits", error=error.problem)
            await wait_either(stop, stop, LOOKED_SECONDS)

    async def apply(self) -> Mapping[str, int]:
        """Drop what is over its time; how much of each kind."""
        day: date = self.workspace.business_day
        counts = {}
        for kind, days in (await self.periods()).items():
            if days is not None:
                clock = self.workspace.now() if kind in BY_BUSINESS_CLOCK else datetime.now(UTC)
                counts[kind] = await self._drop(kind, clock - timedelta(days=days))
        if any(counts.values()):
            log.info("retention_applied", **counts)
            self.outbox.wake()
        told = {"day": day.isoformat(), "time": time_text(now()), "dropped": counts}
        await self.store.put_setting(APPLIED, told)
        return counts

    async def _drop(self, kind: str, before: datetime) -> int:
        if kind == DEAD_LETTERS:
            return await self.streams.drop_letters(before)
        if kind == IMPORTS:
            kept = [job.id for job in self.imports.all() if datetime.fromisoformat(job.created_time) >= before]
            return await self.store.forget_imports_but([*kept, *await self.store.kept_merges(before)])
        count = 0
        while dropped := await self.store.drop_old(kind, before, AT_ONCE):
            count += dropped
            await asyncio.sleep(0)
        return count
