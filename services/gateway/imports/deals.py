"""All rows on one deal, of however many files, become one DealWrite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kit.clock import last_second
from kit.money import Money
from learning.records import DealKind, Motion, Outcome, ProductLine
from services.gateway.domain import UNSET, DealWrite, FieldError, PastChange
from services.gateway.imports.cells import PRICE
from services.gateway.imports.deal_rows import DealRows, Draft, Latest
from services.gateway.imports.events import Case, read_case
from services.gateway.imports.staging import MOST_ROWS, Part
from services.gateway.imports.tables import OpenTable
from services.gateway.json_checks import shown
from services.gateway.past_days import out_of_order
from services.gateway.renewals.terms import CORRECT_TERM, impossible_term

Bad = tuple[Part, list[FieldError]]
_MEMBERS = ("pipeline", "stage", "name", "owner_id", "account_id", "category")


@dataclass(frozen=True, slots=True)
class Built:
    """The write, None where the deal is held back, and the rows that were refused."""

    write: DealWrite | None
    bad: list[Bad]


class DealBuilder:
    """Builds writes; `prices` are list prices by product id, `latest` the last moment that can have been."""

    def __init__(self, tables: Sequence[OpenTable], prices: Mapping[str, Money], latest: Latest) -> None:
        self._tables, self._prices = tables, prices
        self._rows = DealRows(tables, latest)

    def build(self, key: str, parts: Sequence[Part], *, cut: bool = False) -> Built:
        """One deal. Where a row of its own is bad, the deal is held back with all its rows; else bad rows alone."""
        draft, bad, broken = Draft(key), list[Bad](), False
        for part in parts:
            if errors := self._rows.take(draft, part):
                bad.append((part, errors))
                broken = broken or self._tables[part.table].spec.entity == "deals"
        if cut:
            message = f"more than {MOST_ROWS:,} rows belong to this deal"
            errors = [FieldError("id", shown(key), message, "check the column that names the deal")]
            return Built(None, [(part, errors) for part in parts])
        if not broken and (problem := self._consistent(draft)):
            own = [part for part in parts if self._tables[part.table].spec.entity == "deals"]
            bad += [(part, [self._in_columns(problem, part)]) for part in own]
            broken = True
        if broken:
            held = FieldError("id", shown(key), "the row of its deal was refused", "correct that row, import both")
            known = {id(part) for part, _ in bad}
            return Built(None, bad + [(part, [held]) for part in parts if id(part) not in known])
        if len(bad) == len(parts):
            return Built(None, bad)
        return Built(self._write(draft), bad)

    def _in_columns(self, problem: FieldError, part: Part) -> FieldError:
        cells = self._tables[part.table].cells
        value = cells.as_written(problem.field, part.cells) or problem.value
        own = self._tables[part.table].custom.get(problem.field)
        column = own.column if own and own.column else cells.column_of(problem.field)
        return FieldError(column, value, problem.message, problem.mend)

    def _consistent(self, draft: Draft) -> FieldError | None:
        members = draft.members
        outcome, closed = members.get("outcome"), members.get("closed_date")
        created = members.get("created_time")
        if outcome in ("WON", "LOST") and closed is None:
            return FieldError("closed_date", "", "the deal is closed, but not since when", "fill in the closing day")
        if outcome == "OPEN" and closed is not None:
            mend = "drop the day, or say that it was won or lost"
            return FieldError("closed_date", closed.isoformat(), "the deal is open, but has a closing day", mend)
        name, message = impossible_term(draft.fields, closed)
        if name:
            value = draft.fields[name]
            written = value.isoformat() if isinstance(value, date) else str(value)
            return FieldError(name, written, message, CORRECT_TERM)
        return out_of_order(created, closed)

    def _write(self, draft: Draft) -> DealWrite:
        members = draft.members
        outcome = members.get("outcome")
        case = self._case(draft)
        history = draft.history + case.history
        amount: Any = UNSET
        if draft.amounts is not None:
            amount = self._amount(draft, (outcome or "OPEN").lower())
            history += self._amount_history(draft, amount)
        if outcome in ("WON", "LOST"):
            history += self._closing(members)
        if draft.products is None and "product_id" in members:  # it is on the deal from its start
            single = ProductLine(members["product_id"]) if members["product_id"] else None
            draft.products = [(members.get("created_time"), single)] if single else []
        products, past = _listed("products", draft.products)
        contacts, joined = _listed("contacts", draft.contacts)
        shared, splits = _replaced("credits", draft.credits)
        history += past + joined + splits
        texts = {name: members[name] or "" for name in _MEMBERS if name in members}
        return DealWrite(
            draft.id,
            kind=DealKind(members["kind"]) if members.get("kind") else UNSET,
            motion=Motion(members["motion"]) if members.get("motion") else UNSET,
            outcome=Outcome(outcome) if outcome else UNSET,
            amount=amount,
            created_time=members.get("created_time") or case.first or UNSET,
            close_date=members.get("close_date", UNSET),
            closed_date=members.get("closed_date", UNSET),
            deleted=UNSET if members.get("deleted") is None else members["deleted"],
            fields=draft.fields,
            products=products,
            contacts=contacts,
            credits=shared,
            history=tuple(sorted(history, key=lambda change: change.effective_time)),
            activities=tuple(draft.activities + case.activities),
            pipeline=texts.get("pipeline") or UNSET,
            stage=texts.get("stage", UNSET),
            name=texts.get("name", UNSET),
            owner_id=texts.get("owner_id", UNSET),
            account_id=texts.get("account_id", UNSET),
            category=texts.get("category", UNSET),
        )

    def _case(self, draft: Draft) -> Case:
        if not draft.events:
            return Case()
        events = [event for _, event in draft.events]
        case = read_case(draft.id, events, draft.events[0][0].cells, draft.members.get("created_time"))
        if not draft.members:  # the log alone: when the deal was created is for the store to know
            case.first = None
        return case

    def _amount(self, draft: Draft, outcome: str) -> Money | None:
        for when, value in draft.amounts or ():
            if outcome in when:
                money = self._prices.get(draft.members.get("product_id") or "") if value is PRICE else value
                if money is not None:
                    return money if isinstance(money, Money) else None
        return None

    def _amount_history(self, draft: Draft, amount: Money | None) -> list[PastChange]:
        """A closed deal was worth what an open one is until the day it closed."""
        members, before = draft.members, self._amount(draft, "open")
        created, closed = members.get("created_time"), members.get("closed_date")
        if members.get("outcome") not in ("WON", "LOST") or before == amount or not (created and closed):
            return []
        return [PastChange("amount", before, created), PastChange("amount", amount, last_second(closed))]

    def _closing(self, members: Mapping[str, Any]) -> list[PastChange]:
        moment = last_second(members["closed_date"])
        found = [PastChange("outcome", members["outcome"], moment)]
        found.append(PastChange("closed_date", members["closed_date"], moment))
        return found + ([PastChange("stage", members["stage"], moment)] if members.get("stage") else [])


def _listed(name: str, entries: Sequence[tuple[datetime | None, Any]] | None) -> tuple[Any, list[PastChange]]:
    """The list as it stands, and as it stood from each time that its rows name; rows without one come last."""
    if entries is None:
        return UNSET, []
    dated = sorted(((time, one) for time, one in entries if time is not None), key=lambda entry: entry[0])
    past = [
        PastChange(name, tuple(one for time, one in dated if time <= moment), moment)
        for moment in dict.fromkeys(time for time, _ in dated)
    ]
    return tuple(one for _, one in dated) + tuple(one for time, one in entries if time is None), past


def _replaced(name: str, entries: Sequence[tuple[datetime | None, Any]] | None) -> tuple[Any, list[PastChange]]:
    """The same of a list whose rows of one time are all of it from then on; those without a time are how it stands."""
    if entries is None:
        return UNSET, []
    groups: dict[datetime | None, list[Any]] = {}
    for time, one in entries:
        groups.setdefault(time, []).append(one)
    past = [PastChange(name, tuple(groups[time]), time) for time in sorted(time for time in groups if time is not None)]
    return tuple(groups[None]) if None in groups else UNSET, past
