"""What every call needs to know of the workspace: clock, people, fields and pipelines, read once per change of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select, union_all

from kit.clock import last_second
from kit.errors import InvalidInput, NotFound
from learning.exchange import DatedRate, Rates
from learning.placements import Tree, trees_from
from learning.records import FieldDefinition, FieldType, ReportingLine, User
from services.gateway.domain import Principal
from services.gateway.store import tables as t
from services.gateway.store import tables_forecast as f
from services.gateway.store.codec import dumps, loads
from services.gateway.store.database import Database
from services.gateway.store.people import People
from services.gateway.store.tables_access import deal_teams

PEOPLE_VERSION, FIELDS_VERSION, RATES_VERSION = "people_version", "fields_version", "rates_version"
CLOCK, CURRENCY, PIPELINES, TREES = "clock", "currency", "pipelines", "forecast_trees"
_KEYS = (PEOPLE_VERSION, FIELDS_VERSION, RATES_VERSION, CLOCK, CURRENCY, PIPELINES, TREES)
_USERS = select(t.users).order_by(t.users.c.id)
_LINES = select(t.reporting_lines).order_by(t.reporting_lines.c.user_id, t.reporting_lines.c.valid_from)
_FIELDS = select(t.field_definitions)
_R = f.exchange_rates.c
_RATES = select(_R.currency, _R.day, _R.rate).order_by(_R.id)

Fields = dict[tuple[str, str], FieldType]


@dataclass(frozen=True, slots=True)
class Context:
    """The workspace as one transaction sees it."""

    people: People
    fields: Fields
    pinned: date | None = None
    currency: str = "USD"
    pipelines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    trees: tuple[Tree, ...] = ()  # that totals are taken over, beside the reporting line
    rates: Rates = field(default_factory=Rates)  # to the company's currency

    def now(self) -> datetime:
        """The business clock: the end of the pinned day, else wall time."""
        return last_second(self.pinned) if self.pinned else datetime.now(UTC)

    @property
    def day(self) -> date:
        """The business day."""
        return self.pinned or datetime.now(UTC).date()

    def visible(self, principal: Principal) -> set[str] | None:
        """Owners whose deals the principal may see today; None for all."""
        return self.people.visible(principal, self.day)


def check_document(key: str, value: Any) -> None:
    """Raise InvalidInput for a clock or pipelines that no later call could read."""
    try:
        if key == CLOCK and value is not None:
            pinned = value["pinned"]
            sound = len(value) == 1 and (pinned is None or date.fromisoformat(pinned) is not None)
        elif key == PIPELINES and value is not None:
            sound = all(isinstance(one, str) for stages in value.values() for one in stages)
        else:
            sound = True
    except (AttributeError, KeyError, TypeError, ValueError):
        sound = False
    if not sound:
        examples = {CLOCK: '{"pinned": "2017-09-30"} or {"pinned": null}', PIPELINES: '{"default": ["New", "Offer"]}'}
        raise InvalidInput(f"this is no {key}", field=key, value=str(value)[:100], mend=f"Give {examples[key]}")


class Contexts:
    """Reads the context, keeping people and fields until another version of them is written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._settings = select(t.settings).where(database.among(t.settings.c.key))
        self._save_settings = database.upsert(t.settings)
        self._people: tuple[int, People] = (-1, People((), ()))
        self._fields: tuple[int, Fields] = (-1, {})
        self._rates: tuple[tuple[int, str], Rates] = ((0, ""), Rates())

    def read(self, connection: Connection) -> Context:
        """The context in this transaction."""
        stored: dict[str, Any] = {
            key: loads(value) for key, value in self._database.fetch(connection, self._settings, _KEYS)
        }
        people = self._read_people(connection, stored.get(PEOPLE_VERSION) or 0)
        fields = self._read_fields(connection, stored.get(FIELDS_VERSION) or 0)
        clock = stored.get(CLOCK) or {}
        pinned, currency = clock.get("pinned"), stored.get(CURRENCY) or "USD"
        return Context(
            people,
            fields,
            date.fromisoformat(pinned) if pinned else None,
            currency,
            stored.get(PIPELINES) or {},
            trees_from(stored.get(TREES) or {}),
            self._read_rates(connection, stored.get(RATES_VERSION) or 0, currency),
        )

    def _read_people(self, connection: Connection, version: int) -> People:
        kept = self._people  # once: another thread may keep another version meanwhile
        if kept[0] != version:
            users = [User(*row) for row in connection.execute(_USERS).all()]
            lines = [line_from(row) for row in connection.execute(_LINES).all()]
            kept = self._people = (version, People(users, lines))
        return kept[1]

    def _read_fields(self, connection: Connection, version: int) -> Fields:
        kept = self._fields
        if kept[0] != version:
            rows = connection.execute(_FIELDS).all()
            kept = self._fields = (version, {(entity, name): FieldType(kind) for entity, name, kind in rows})
        return kept[1]

    def _read_rates(self, connection: Connection, version: int, currency: str) -> Rates:
        kept = self._rates
        if version and kept[0] != (version, currency):
            found: dict[tuple[str, str], str | None] = {}
            for row in connection.execute(_RATES.where(_R.base == currency)).all():
                found[row.currency, row.day] = row.rate
            told = ((code, date.fromisoformat(day), rate) for (code, day), rate in found.items() if rate)
            rates = Rates.of(currency, [DatedRate(code, day, Decimal(rate)) for code, day, rate in told])
            kept = self._rates = ((version, currency), rates)
        return kept[1] if version else Rates()

    def touch(self, connection: Connection, key: str) -> None:
        """Note in this transaction that people, fields or exchange rates are another version now."""
        stored = connection.execute(select(t.settings.c.value).where(t.settings.c.key == key)).scalar()
        version = (loads(stored) if stored else 0) + 1
        self._save_settings.run(connection, [{"key": key, "value": dumps(version)}])


def line_from(row: Any) -> ReportingLine:
    """A reporting line of its row."""
    return ReportingLine(row.user_id, row.manager_id, row.region, date.fromisoformat(row.valid_from))


def definitions(fields: Fields) -> list[FieldDefinition]:
    """Field definitions, by entity and name."""
    return [FieldDefinition(entity, name, kind) for (entity, name), kind in sorted(fields.items())]


def no_deal(deal_id: str) -> NotFound:
    """The error for a deal that does not exist for the principal."""
    return NotFound("there is no such deal", field="id", value=deal_id, mend="Look the id up in the list of deals")


class Part:
    """What the parts of the store share."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._contexts = Contexts(database)
        held, team = t.deal_credits.c, deal_teams.c
        self._holders = union_all(
            select(held.deal_id, held.owner_id).where(database.among(held.deal_id)),
            select(team.deal_id, team.user_id).where(database.among(team.deal_id)),
        )

    def _seen_of(self, connection: Connection, rows: Sequence[Any], visible: Set[str] | None) -> list[Any]:
        """Those of the deals (rows with id and owner_id) that one of these owns, has credit for or is in the team of;
        all for None."""
        if visible is None:
            return list(rows)
        foreign = [row.id for row in rows if row.owner_id not in visible]
        found = self._database.fetch(connection, self._holders, foreign)
        shared = {row.deal_id for row in found if row.owner_id in visible}
        return [row for row in rows if row.owner_id in visible or row.id in shared]
