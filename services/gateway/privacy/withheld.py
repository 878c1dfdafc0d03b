"""What is kept and not processed: contacts who are restricted, and custom fields that are marked as personal.

Neither goes to the services that score and suggest, nor into what models learn from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import orjson

from learning.records import Account, Activity, Change, ContactRole, Deal, DealHistory

PREFIX = "fields."
DEAL, ACCOUNT = "deal", "account"
Row = Mapping[str, Any]


class Rules(Protocol):
    """The part of the store this needs."""

    async def withheld(self) -> tuple[frozenset[str], Sequence[tuple[str, str]]]: ...


@dataclass(frozen=True, slots=True)
class Withheld:
    """Contacts by id, and fields by what they belong to."""

    contacts: Set[str] = frozenset()
    fields: Mapping[str, Set[str]] = field(default_factory=dict)

    @staticmethod
    async def read(rules: Rules) -> Withheld:
        """As it stands."""
        contacts, marked = await rules.withheld()
        fields: dict[str, set[str]] = {}
        for entity, name in marked:
            fields.setdefault(entity, set()).add(name)
        return Withheld(contacts, fields)

    def __bool__(self) -> bool:
        return bool(self.contacts or self.fields)

    def history(self, one: DealHistory) -> DealHistory:
        """A deal as services may know it."""
        if not self:
            return one
        return replace(
            one, deal=self._deal(one.deal), changes=self._changes(one.changes, DEAL),
            activities=tuple(map(self._activity, one.activities)),
            account=self._account(one.account) if one.account else None,
            former_accounts=tuple(map(self._account, one.former_accounts)),
            contacts=tuple(each for each in one.contacts if each[0].id not in self.contacts),
        )  # fmt: skip

    def _deal(self, deal: Deal) -> Deal:
        contacts = tuple(role for role in deal.contacts if role.contact_id not in self.contacts)
        return replace(deal, contacts=contacts, fields=self._open(deal.fields, DEAL))

    def _account(self, account: Account) -> Account:
        return replace(account, fields=self._open(account.fields, ACCOUNT),
                       changes=self._changes(account.changes, ACCOUNT))  # fmt: skip

    def _open(self, fields: Mapping[str, Any], entity: str) -> Mapping[str, Any]:
        hidden = self.fields.get(entity, ())
        return {name: value for name, value in fields.items() if name not in hidden} if hidden else fields

    def _changes(self, changes: Iterable[Change], entity: str) -> tuple[Change, ...]:
        hidden = {PREFIX + name for name in self.fields.get(entity, ())}
        return tuple(self._change(one) for one in changes if one.field not in hidden)

    def _change(self, one: Change) -> Change:
        if one.field != "contacts" or not isinstance(one.value, tuple):
            return one
        left = tuple(
            role for role in one.value if isinstance(role, ContactRole) and role.contact_id not in self.contacts
        )
        return one if len(left) == len(one.value) else replace(one, value=left or None)

    def _activity(self, one: Activity) -> Activity:
        return replace(one, contact_id="", text="") if one.contact_id in self.contacts else one

    def rows(self, table: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows of a file of the history format as models may learn from them."""
        if not self:
            return rows
        if table in ("contacts", "deal_contacts"):
            key = "id" if table == "contacts" else "contact_id"
            return [row for row in rows if row[key] not in self.contacts]
        if table == "activities":
            return [row | {"contact_id": "", "text": ""} if row["contact_id"] in self.contacts else row for row in rows]
        if table in ("deals", "accounts"):
            return [self._open_row(row, table.removesuffix("s")) for row in rows]
        if table in ("changes", "account_changes"):
            hidden = {PREFIX + name for name in self.fields.get(DEAL if table == "changes" else ACCOUNT, ())}
            return [self._changed_row(row) for row in rows if row["field"] not in hidden]
        if table == "field_definitions":
            return [row for row in rows if row["name"] not in self.fields.get(row["entity"], ())]
        return rows

    def _open_row(self, row: dict[str, Any], entity: str) -> dict[str, Any]:
        hidden = self.fields.get(entity, ())
        if not hidden or row["fields"] == "{}":
            return row
        fields = orjson.loads(row["fields"])
        return row | {"fields": orjson.dumps(self._open(fields, entity)).decode()}

    def _changed_row(self, row: dict[str, Any]) -> dict[str, Any]:
        if row["field"] != "contacts" or not self.contacts or row["value"] == "null":
            return row
        left = [one for one in orjson.loads(row["value"]) if one.get("contact_id") not in self.contacts]
        return row | {"value": orjson.dumps(left or None).decode()}
