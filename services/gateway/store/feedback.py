"""Answers to suggestions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from kit.errors import Conflict
from kit.money import Money
from learning.answers import About, Verb
from services.gateway.domain import Principal
from services.gateway.feedback_record import Feedback
from services.gateway.store.codec import dumps, from_us, loads, storable, to_us
from services.gateway.store.database import Database
from services.gateway.store.reads import Reads, bounded
from services.gateway.store.tables import deals
from services.gateway.store.tables_actions import action_feedback
from services.gateway.store.touching import Touching

NEWEST = 50  # of a deal that are read
F = action_feedback.c


class FeedbackRows(Reads, Touching):
    """What FeedbackStore promises."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._insert_feedback = database.insert(action_feedback)
        self._finish_feedback = database.many(
            update(action_feedback).where(F.id == bindparam("row")).values(published=bindparam("done"))
        )
        d = deals.c
        self._live = select(d.id, d.revision).where(database.among(d.id), d.outcome == "OPEN", d.deleted.is_(False))
        place = func.row_number().over(partition_by=F.deal_id, order_by=(F.time.desc(), F.id.desc())).label("place")
        numbered = select(F.deal_id, F.time, F.id, F.undone, F.body, place).where(database.among(F.deal_id)).subquery()
        n = numbered.c
        self._newest_feedback = (
            select(n.deal_id, n.id, n.undone, n.body)
            .where(n.place <= NEWEST)
            .order_by(n.deal_id, n.time.desc(), n.id.desc())
        )

    async def save_feedback(self, principal: Principal, one: Feedback, *, trace: str = "") -> bool:
        """Keep an answer once."""
        known = select(F.body, F.undone).where(F.id == one.id)

        def work(connection: Connection) -> bool:
            self._see(connection, principal, one.deal_id)
            row = connection.execute(known).first()
            if row is not None:
                if _feedback(one.id, row).said != one.said:
                    raise Conflict("this id was given to another answer", field="id", value=one.id,
                                   mend="Use a new id for a new answer")  # fmt: skip
                return False
            self._insert_feedback.run(connection, [_row(one)])
            if one.verb is Verb.UNDO:
                connection.execute(update(action_feedback).where(F.id == one.undoes).values(undone=True))
            data = {"id": one.id, "action": one.action, "verb": one.verb.value}
            self._add_events(connection, [(one.deal_id, "feedback", data)], to_us(datetime.now(UTC)))
            if one.verb is not Verb.ACCEPT:
                self._raise_revisions(connection, self._live, [one.deal_id], trace)
            return True

        return await self._database.write(work)

    async def list_feedback(self, principal: Principal, deal_ids: Sequence[str]) -> Mapping[str, Sequence[Feedback]]:
        """The newest answers by deal."""
        ids = storable(deal_ids)

        def work(connection: Connection) -> Mapping[str, Sequence[Feedback]]:
            seen = self._deals_seen(connection, principal, ids)
            found: dict[str, list[Feedback]] = {}
            for row in self._database.fetch(connection, self._newest_feedback, seen):
                found.setdefault(row.deal_id, []).append(_feedback(row.id, row))
            return found

        return await self._database.read(work)

    async def unpublished_feedback(self, limit: int) -> list[Feedback]:
        """Answers not on the stream yet."""
        waiting = select(F.id, F.body, F.undone).where(F.published.is_(False))
        waiting = waiting.order_by(F.time, F.id).limit(bounded(limit))

        def work(connection: Connection) -> list[Feedback]:
            return [_feedback(row.id, row) for row in connection.execute(waiting).all()]

        return await self._database.read(work)

    async def finish_feedback(self, ids: Sequence[str]) -> None:
        """These are on the stream."""

        def work(connection: Connection) -> None:
            self._finish_feedback.run(connection, [{"row": one, "done": True} for one in ids])

        await self._database.write(work, durable=False)


def _row(one: Feedback) -> dict[str, Any]:
    body = {
        "deal_id": one.deal_id, "action": one.action, "verb": one.verb.value, "suggestion_id": one.suggestion_id,
        "reason": one.reason, "until": one.until.isoformat() if one.until else "", "channel": one.channel,
        "contact_id": one.contact_id, "activity_id": one.activity_id, "undoes": one.undoes, "shown": one.shown,
        "by": one.by, "time": to_us(one.time), "about": _about_row(one.about),
    }  # fmt: skip
    return {
        "id": one.id, "deal_id": one.deal_id, "action": one.action, "verb": one.verb.value,
        "time": to_us(datetime.now(UTC)), "undone": False, "published": False, "body": dumps(body),
    }  # fmt: skip


def _feedback(identity: str, row: Any) -> Feedback:
    body = loads(row.body)
    verb, until, when = Verb(body.pop("verb")), body.pop("until"), from_us(body.pop("time"))
    about = _about(body.pop("about", None))
    return Feedback(identity, verb=verb, until=_day(until), time=when, undone=bool(row.undone), about=about, **body)


def _about_row(about: About | None) -> dict[str, Any] | None:
    if about is None:
        return None
    amount, promised = about.amount, about.close_date
    return {
        "stage": about.stage, "amount": [amount.currency, amount.minor] if amount else None,
        "close_date": promised.isoformat() if promised else "",
    }  # fmt: skip


def _about(row: Mapping[str, Any] | None) -> About | None:
    if row is None:
        return None
    return About(row["stage"], Money(*row["amount"]) if row["amount"] else None, _day(row["close_date"]))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
