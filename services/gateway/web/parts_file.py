"""What a number is made of as a table to take along: the deals of each part, all others of it, and what is no deal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from services.gateway.exports.columns import Kind, Table, column
from services.gateway.forecast_parts import Part
from services.gateway.web.parts_views import NUMBERS, Named, whole_parts
from services.gateway.web.words import Words

COLUMNS = (
    column("part", Kind.TEXT, "Part", "구성"), column("id", Kind.TEXT, "Id", "ID"),
    column("name", Kind.TEXT, "Deal", "딜"), column("account", Kind.TEXT, "Account", "고객사"),
    column("owner", Kind.TEXT, "Owner", "담당자"), column("day", Kind.DAY, "Close date", "마감 예정일"),
    column("amount", Kind.MONEY, "Amount", "금액", currency="amount_currency"),
    column("amount_currency", Kind.TEXT, "Amount, currency", "금액 통화"),
    column("chance", Kind.SHARE, "Chance in the period", "기간 내 수주 확률"),
    column("brings", Kind.MONEY, "Brings", "반영 금액", currency="currency"),
    column("currency", Kind.TEXT, "Currency", "통화"),
)  # fmt: skip
TABLE = Table("forecast-parts", {"en": "Made of", "ko": "숫자의 구성"}, COLUMNS)


def part_sources(
    row: Mapping[str, Any], parts: Sequence[tuple[str, Part]], currency: str, period: str, named: Named, words: Words
) -> Iterator[dict[str, Any]]:
    """Rows whose amounts make the number, rounded as on the page."""
    listed = dict(parts)
    totals = whole_parts([Decimal(row[name] or 0) for name in NUMBERS], currency)
    for name, total in zip(NUMBERS, totals, strict=True):
        told = {"part": words(f"parts.{name}", period=period), "currency": currency}
        part = listed.get(name)
        if part is None:
            if total:
                yield told | {"brings": str(total)}
            continue
        amounts = whole_parts([*(one.brings for one in part.deals), part.rest], currency)
        for one, brings in zip(part.deals, amounts, strict=False):  # the last is of all others
            deal, account = one.record.history.deal, one.record.history.account
            day = deal.closed_date or deal.close_date
            yield told | {
                "id": deal.id, "name": deal.name, "account": account.name if account else "", "owner": named(one),
                "day": day.isoformat() if day else None, "chance": one.chance, "brings": str(brings),
                "amount": one.amount.value if one.amount else None,
                "amount_currency": one.amount.currency if one.amount else "",
            }  # fmt: skip
        if amounts[-1] or part.more:
            count = words.number(part.more) if part.more else ""
            rest = words("parts.more", count=count) if part.more else words("parts.others")
            yield told | {"name": rest, "brings": str(amounts[-1])}
