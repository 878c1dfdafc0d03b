"""What tells two records of one name apart: of deals amount, stage, close date and owner, of others how many deals they
have and fields that differ; of all their ids."""

from __future__ import annotations

from collections.abc import Mapping

from services.gateway.domain import Record
from services.gateway.store.health_interface import Marks
from services.gateway.web.timeline import value_text
from services.gateway.web.words import Words

MOST_FIELDS = 3


def told_apart(found: Mapping[str, Marks], ids: tuple[str, str], words: Words) -> tuple[str, str]:
    """A line for each of the two; fields that both have first."""
    mine, yours = (found.get(one, Marks()) for one in ids)
    names = [name for name in {**mine.fields, **yours.fields} if mine.fields.get(name) != yours.fields.get(name)]
    names.sort(key=lambda name: name not in mine.fields or name not in yours.fields)
    return _line(ids[0], mine, names[:MOST_FIELDS], words), _line(ids[1], yours, names[:MOST_FIELDS], words)


def deal_mark(record: Record, names: Mapping[str, str], words: Words) -> str:
    """A deal's line: by its id it is found in the CRM too."""
    deal = record.history.deal
    amount = words.money({"currency": deal.amount.currency, "value": deal.amount.value} if deal.amount else None)
    owner = names.get(deal.owner_id, record.owner_name) or words("list.nobody")
    close = f"{words('list.close')} {words.day(deal.close_date)}"
    return " · ".join([deal.id, amount, deal.stage or words.name("outcome", deal.outcome.value), close, owner])


def _line(record: str, marks: Marks, names: list[str], words: Words) -> str:
    told = [record, words("mend.deals", count=words.number(marks.deals))]
    told += [
        f"{words.name('mark', name)} {value_text(name, marks.fields[name], {}, words)}"
        for name in names
        if name in marks.fields
    ]
    return " · ".join(told)
