"""What was changed on a rep's deals in the last week: which field, from what to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from kit.clock import day_end
from services.gateway.domain import Principal, Record
from services.gateway.service import Gateway
from services.gateway.store.interface import Query
from services.gateway.web.call_views import titled
from services.gateway.web.day_views import LineView
from services.gateway.web.member_names import People
from services.gateway.web.timeline import timeline
from services.gateway.web.words import Words
from services.gateway.weekly_report import last_week

LOOKED_AT, MOST_DEALS, MOST_FIELDS = 12, 6, 3


async def changed_deals(
    gateway: Gateway, principal: Principal, owner: str, people: People, words: Words
) -> list[LineView]:  # fmt: skip
    """Of the owner's deals that were written last, ended ones too, those changed in the week of the weekly report."""
    page = await gateway.store.list_records(principal, Query(owner_id=owner, sort="-updated_time"), "", LOOKED_AT)
    ids = [one.history.deal.id for one in page.records]
    records = await gateway.store.get_records(principal, ids, insights=False)
    names = {user_id: one.called for user_id, one in people.items()}
    first, _ = last_week(gateway.workspace.business_day)
    return changed_lines(records, names, day_end(first - timedelta(days=1)), words)


def changed_lines(
    records: Sequence[Record], names: Mapping[str, str], since: datetime, words: Words
) -> list[LineView]:  # fmt: skip
    """A line per deal, the newest change first; new deals have none."""
    found: list[tuple[str, LineView]] = []
    for record in records:
        deal, account = record.history.deal, record.history.account
        if not _changed(record, since):
            continue
        entries = timeline(record.history, names, words)
        news = [one for one in entries if one.changes and not one.created and one.iso >= since.isoformat()]
        told = [
            words("day.became", field=change.field, before=change.before, after=change.after)
            for entry in news
            for change in entry.changes
        ]
        if told:
            title = titled(deal.name or deal.id, account.name if account else "")
            line = LineView(f"/deals/{quote(deal.id, safe='')}", title, news[0].time, "", "", tuple(told[:MOST_FIELDS]))
            found.append((news[0].iso, line))
    return [line for _, line in sorted(found, key=lambda one: one[0], reverse=True)[:MOST_DEALS]]


def _changed(record: Record, since: datetime) -> bool:
    """Whether anything was changed since, beside what a deal was created with: a timeline takes long to word."""
    changes = record.history.changes
    begun = [(one.effective_time, one.revision) for one in changes[:1]]
    return any(one.effective_time >= since and (one.effective_time, one.revision) not in begun for one in changes)
