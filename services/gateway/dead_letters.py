"""The dead-letter stream as RevOps sees it: look, replay, drop."""

from __future__ import annotations

from typing import Any

import nats.errors
from nats.aio.client import Client as NATS  # noqa: N814
from nats.js.errors import NotFoundError

from kit.errors import NotFound, Unavailable
from kit.subjects import DEAD_STREAM
from kit.telemetry import TRACEPARENT
from services.gateway.access.members import Act
from services.gateway.change_log import LETTER, note
from services.gateway.convert_letters import Letter, read_letter
from services.gateway.domain import LOCAL
from services.gateway.live import Signal
from services.gateway.store.interface import Store

FIND = "Use a number from the list of dead letters"
SCANNED = 2_000  # sequence numbers looked at for one page


class DeadLetterDesk:
    """Reads the stream directly; nothing is consumed."""

    def __init__(self, nc: NATS, store: Store, outbox: Signal) -> None:
        self._nc = nc
        self._store = store
        self._outbox = outbox

    async def page(self, before: int, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Newest first, below a sequence number (0: from the newest); and where the next page begins, 0 at the end."""
        try:
            state = (await self._nc.jetstream(timeout=5).stream_info(DEAD_STREAM)).state
        except NotFoundError:
            return [], 0
        except (nats.errors.Error, OSError) as error:
            raise _unavailable(error) from error
        if not state.messages:
            return [], 0
        sequence = min(state.last_seq, before - 1) if before else state.last_seq
        oldest = max(state.first_seq, sequence - SCANNED)
        found: list[dict[str, Any]] = []
        while sequence >= oldest and len(found) < limit:
            letter = await self._get(sequence)
            if letter is not None:
                found.append(letter.to_json(sequence))
            sequence -= 1
        return found, sequence + 1 if sequence >= state.first_seq else 0

    async def replay(self, sequence: int, who: str) -> dict[str, Any]:
        """Send it again and drop the letter: a deal's as a fresh change, anything else as it was."""
        letter = await self._get(sequence)
        if letter is None:
            raise _missing(sequence)
        if letter.deal_id and await self._known(letter.deal_id):
            await self._store.enqueue([letter.deal_id], "changed")
            self._outbox.wake()
        else:
            headers = {TRACEPARENT: letter.headers[TRACEPARENT]} if TRACEPARENT in letter.headers else None
            try:
                await self._nc.jetstream(timeout=5).publish(letter.subject, letter.data, headers=headers)
            except (nats.errors.Error, OSError) as error:
                raise _unavailable(error) from error
        await self._remove(sequence)
        await note(self._store, Act.LETTER_REPLAYED, who, LETTER, sequence, deal=letter.deal_id)
        return letter.to_json(sequence)

    async def drop(self, sequence: int, who: str) -> None:
        """Forget it. Raises NotFound."""
        await self._remove(sequence)
        await note(self._store, Act.LETTER_DROPPED, who, LETTER, sequence)

    async def _remove(self, sequence: int) -> None:
        try:
            js = self._nc.jetstream(timeout=5)
            await js.get_msg(DEAD_STREAM, sequence)
            await js.delete_msg(DEAD_STREAM, sequence)
        except NotFoundError:
            raise _missing(sequence) from None
        except (nats.errors.Error, OSError) as error:
            raise _unavailable(error) from error

    async def _known(self, deal_id: str) -> bool:
        return bool(await self._store.get_records(LOCAL, [deal_id]))

    async def _get(self, sequence: int) -> Letter | None:
        try:
            message = await self._nc.jetstream(timeout=5).get_msg(DEAD_STREAM, sequence)
        except NotFoundError:
            return None
        except (nats.errors.Error, OSError) as error:
            raise _unavailable(error) from error
        return read_letter(message.data or b"")


def _missing(sequence: int) -> NotFound:
    return NotFound("there is no such dead letter", field="seq", value=str(sequence), mend=FIND)


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"NATS does not answer: {type(error).__name__}", field="nats", mend="See that nats-server runs")
