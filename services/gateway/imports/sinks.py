"""Where an import goes: the store of a data folder, or a gateway over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from kit.clock import WallClock, utc_day
from kit.errors import DealcastError
from kit.money import Money
from learning.records import FieldDefinition
from services.gateway.domain import LOCAL, FieldError, WriteResult, WriteStatus

if TYPE_CHECKING:
    from services.gateway.jobs import Job, Jobs
    from services.gateway.store.interface import Store

Around = tuple[list[tuple[str, str]], list[tuple[str, str]], list[str]]  # ids and names of users, of accounts; contacts
PAGE = 500
WEEKLY = "weekly_files"  # the setting that holds what is remembered between weekly imports

# In the order they are saved: later ones refer to earlier ones.
BATCHES = ("users", "lines", "accounts", "products", "contacts", "deals", "quotas")


class Sink(Protocol):
    """Takes records in batches and says what became of each."""

    async def begin(self, name: str, as_of: date | None, currency: str) -> None:
        """Start an import whose data end on `as_of`; a pinned business clock moves there, never back."""

    async def fields(self) -> list[FieldDefinition]:
        """The custom fields there are."""

    async def define(self, definitions: Sequence[FieldDefinition]) -> None:
        """Declare custom fields."""

    async def prices(self) -> Mapping[str, Money]:
        """List prices by product id."""

    async def business_day(self) -> date:
        """The company's day, also before the import has begun."""

    async def save(self, batch: str, records: Sequence[Any]) -> list[WriteResult]:
        """Save records of one of BATCHES; one result a record, in order."""

    async def finish(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Say that everything is in."""

    async def fail(self, error: str) -> None:
        """Say that the import broke off."""

    async def close(self) -> None: ...


class WeeklySink(Sink, Protocol):
    """A sink that weekly files can go to."""

    @property
    def import_id(self) -> str:
        """By which the import can be undone; "" where it cannot, or has ended and changed nothing."""

    async def around(self) -> Around:
        """Who is there already: users and accounts with their names, and the ids of contacts."""

    async def recall(self) -> Mapping[str, Any] | None:
        """What was remembered of weekly files."""

    async def remember(self, document: Mapping[str, Any]) -> None:
        """Keep what the next weekly import is to know."""


class StoreSink:
    """Writes into a store that no gateway has open."""

    def __init__(self, store: Store, *, source: str = "import", record: bool = False) -> None:
        """`record` keeps the import among the imports, with what it changes as it was, so that it can be undone."""
        self._store, self._source, self._record = store, source, record
        self._plain = store
        self._running: tuple[Jobs, Job] | None = None
        self._as_of: date | None = None
        self._currency = ""

    async def begin(self, name: str, as_of: date | None, currency: str) -> None:
        from services.gateway.imports.undoing import begin
        from services.gateway.workspace import Workspace

        self._workspace = Workspace(self._store)
        await self._workspace.load()
        await self._workspace.keep_apart(sample=False)
        self._as_of, self._currency = as_of, currency
        if self._record:
            self._running, self._store = await begin(self._plain, name)
        if as_of is not None:
            await self._workspace.move_forward(as_of.isoformat())

    async def fields(self) -> list[FieldDefinition]:
        return await self._store.list_fields()

    async def define(self, definitions: Sequence[FieldDefinition]) -> None:
        await self._store.define_fields(LOCAL, definitions)

    async def prices(self) -> Mapping[str, Money]:
        return {each.id: each.price for each in await self._store.list_products(LOCAL) if each.price is not None}

    async def business_day(self) -> date:
        from services.gateway.workspace import CLOCK

        clock = await self._plain.get_setting(CLOCK)
        return date.fromisoformat(clock["pinned"]) if clock and clock.get("pinned") else utc_day(WallClock().now())

    async def save(self, batch: str, records: Sequence[Any]) -> list[WriteResult]:
        save: dict[str, Callable[[], Awaitable[list[WriteResult]]]] = {
            "users": lambda: self._store.save_users(LOCAL, records),
            "lines": lambda: self._store.save_users(LOCAL, (), records),
            "accounts": lambda: self._store.save_accounts(LOCAL, records),
            "products": lambda: self._store.save_products(LOCAL, records),
            "contacts": lambda: self._store.save_contacts(LOCAL, records),
            "quotas": lambda: self._store.save_quotas(LOCAL, records),
            "deals": lambda: self._store.apply_deals(LOCAL, records, source=self._source),
        }
        try:
            return await save[batch]()
        except DealcastError as error:
            if len(records) == 1:
                return [refused(records[0], error)]
        return [result for record in records for result in await self.save(batch, [record])]

    async def around(self) -> Around:
        users = [(one.id, one.name) for one in await self._store.list_users(LOCAL)]
        accounts: list[tuple[str, str]] = []
        while page := await self._store.list_accounts(LOCAL, accounts[-1][0] if accounts else "", PAGE):
            accounts += [(one.id, one.name) for one in page]
        contacts: list[str] = []
        while found := await self._store.list_contacts(LOCAL, "", contacts[-1] if contacts else "", PAGE):
            contacts += [one.id for one in found]
        return users, accounts, contacts

    async def recall(self) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = await self._store.get_setting(WEEKLY)
        return found

    async def remember(self, document: Mapping[str, Any]) -> None:
        await self._store.put_setting(WEEKLY, document)

    async def finish(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        if not self._workspace.currency_set:
            await self._workspace.set_currency(self._currency)
        day, told = self._as_of.isoformat() if self._as_of else None, {k: dict(v) for k, v in counts.items()}
        await self._store.add_event("import", "", {"as_of": day, "counts": told})
        await self._end("", counts=told)

    async def fail(self, error: str) -> None:
        """What is in stays in: the next import goes on from there, or this one is undone."""
        await self._end(error)

    async def _end(self, error: str, **detail: Any) -> None:
        from services.gateway.imports.undoing import end

        if self._running is not None:
            jobs, job = self._running
            job.detail |= detail
            await end(self._plain, jobs, job, error)

    @property
    def import_id(self) -> str:
        """By which it can be undone; "" where it cannot, or has ended and changed nothing."""
        from services.gateway.imports.undoing import UNDOABLE

        undoable = self._running is not None and self._running[1].detail.get(UNDOABLE, True)
        return self._running[1].id if self._running is not None and undoable else ""

    async def close(self) -> None:
        await self._store.close()


def refused(record: Any, error: DealcastError) -> WriteResult:
    """The result of a write that failed as a whole."""
    identity = getattr(record, "id", "") or getattr(record, "user_id", "") or getattr(record, "owner_id", "")
    found = FieldError(error.field, error.value, error.message, error.mend)
    return WriteResult(identity, WriteStatus.REJECTED, 0, (found,))
