"""What deal writes name: to whoever asks there is only what they see, or an own deal would show another's account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from services.gateway.domain import DealWrite, Principal
from services.gateway.store import tables as t
from services.gateway.store.checks_deal import References, accounts_in, contacts_in, products_in
from services.gateway.store.codec import storable
from services.gateway.store.context import Context
from services.gateway.store.database import Database
from services.gateway.store.seen import Seen, account_seen, contact_seen, with_free_contacts

EVERYTHING: Seen = ([], {})


class Named:
    """Finds the records that writes name."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_id = {one.name: select(one.c.id).where(database.among(one.c.id)) for one in
                       (t.accounts, t.contacts, t.products)}  # fmt: skip

    def of(
        self, connection: Connection, context: Context, principal: Principal, writes: Sequence[DealWrite]
    ) -> References:
        """Those that the principal sees; users and products are everybody's."""
        accounts = account_seen(self._database, context, principal, t.accounts.c.id)
        contacts = with_free_contacts(contact_seen(self._database, context, principal))
        return References(
            context.people.users.keys(),
            self._existing(connection, t.accounts, accounts_in(writes), accounts),
            self._existing(connection, t.contacts, contacts_in(writes), contacts),
            self._existing(connection, t.products, products_in(writes), EVERYTHING),
        )

    def _existing(self, connection: Connection, table: Table, ids: Iterable[Any], seen: Seen) -> set[str]:
        wanted, (conditions, parameters) = storable(one for one in ids if isinstance(one, str)), seen
        if not wanted:
            return set()
        statement = self._by_id[table.name]
        if not conditions:
            return {row[0] for row in self._database.fetch(connection, statement, wanted)}
        named = {"ids": self._database.ids(wanted)} | parameters
        return {row[0] for row in connection.execute(statement.where(*conditions), named).all()}
