"""The tables. Times are microseconds since 1970 UTC, days ISO text, money minor units with a currency.

Text compares by code point on both databases (collation "C" on PostgreSQL), so that they sort alike.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    or_,
)

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
KEY = String(200).with_variant(String(200, collation="C"), "postgresql")
DAY = String(10).with_variant(String(10, collation="C"), "postgresql")
SERIAL = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by INTEGER only


def _key(name: str, **options: Any) -> Column[Any]:
    return Column(name, KEY, nullable=False, **options)


def _text(name: str) -> Column[Any]:
    return Column(name, TEXT, nullable=False)


def _time(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=nullable)


def _count(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False)


def _serial() -> Column[Any]:
    return Column("id", SERIAL, primary_key=True, autoincrement=True)


users = Table(
    "users", metadata,
    _key("id", primary_key=True), _text("name"), _text("email"), _text("title"),
    Column("active", Boolean, nullable=False),
)  # fmt: skip

reporting_lines = Table(
    "reporting_lines", metadata,
    _key("user_id"), Column("valid_from", DAY, nullable=False), _key("manager_id"), _text("region"),
    PrimaryKeyConstraint("user_id", "valid_from"),
)  # fmt: skip

accounts = Table(
    "accounts", metadata,
    _key("id", primary_key=True), _text("name"), _text("fields"), Column("deleted", Boolean, nullable=False),
)  # fmt: skip

account_changes = Table(
    "account_changes", metadata,
    _key("account_id"), _count("seq"), _text("field"), _text("value"), _time("effective_time"), _time("recorded_time"),
    PrimaryKeyConstraint("account_id", "seq"), sqlite_with_rowid=False,
)  # fmt: skip

contacts = Table(
    "contacts", metadata,
    _key("id", primary_key=True), _text("name"), _key("account_id", index=True), _text("title"), _text("email"),
    _text("phone"), _text("consents"), Column("deleted", Boolean, nullable=False),
)  # fmt: skip

products = Table(
    "products", metadata,
    _key("id", primary_key=True), _text("name"), _text("series"), Column("price", BigInteger), Column("currency", KEY),
)  # fmt: skip

deals = Table(
    "deals", metadata,
    _key("id", primary_key=True), _count("revision"), _key("kind"), _key("motion"), _text("pipeline"), _text("stage"),
    _key("outcome"), _text("name"), _key("owner_id"), _key("account_id"), Column("amount", BigInteger),
    Column("currency", KEY), Column("amount_major", Double), _time("created_time"), Column("close_date", DAY),
    Column("closed_date", DAY), _key("category"), _text("fields"), Column("deleted", Boolean, nullable=False),
    _text("search"), _time("updated_time"), _time("last_effective"), _count("change_count"), _count("activity_count"),
    Index(None, "account_id"), Index(None, "outcome", "closed_date"), Index(None, "amount_major", "id"),
    Index(None, "created_time", "id"), Index(None, "close_date", "id"), Index(None, "updated_time", "id"),
    Index(None, "stage", "deleted"), Index(None, "last_effective"),
    # What is asked of owners' deals again and again is read from the index alone.
    Index("ix_deals_owner", "owner_id", "outcome", "currency", "kind", "deleted", "amount", "closed_date"),
    # Names to look through without the rest of the rows; an index of PostgreSQL does not hold long ones.
    Index("ix_deals_search", "outcome", "id", "search", info={"only": "sqlite"}),
)  # fmt: skip

deal_contacts = Table(
    "deal_contacts", metadata,
    _key("deal_id"), Column("position", Integer, nullable=False), _key("contact_id", index=True), _key("role"),
    PrimaryKeyConstraint("deal_id", "position"), sqlite_with_rowid=False,
)  # fmt: skip

deal_products = Table(
    "deal_products", metadata,
    _key("deal_id"), Column("position", Integer, nullable=False), _key("product_id"),
    Column("quantity", Double, nullable=False), Column("price", BigInteger), Column("currency", KEY),
    PrimaryKeyConstraint("deal_id", "position"), sqlite_with_rowid=False,
)  # fmt: skip

deal_credits = Table(
    "deal_credits", metadata,
    _key("deal_id"), Column("position", Integer, nullable=False), _key("owner_id", index=True),
    Column("share", Integer, nullable=False),
    PrimaryKeyConstraint("deal_id", "position"), sqlite_with_rowid=False,
)  # fmt: skip

changes = Table(
    "changes", metadata,
    _key("deal_id"), _count("seq"), _text("field"), _text("value"), _time("effective_time"), _time("recorded_time"),
    _count("revision"),
    PrimaryKeyConstraint("deal_id", "seq"), sqlite_with_rowid=False,
)  # fmt: skip

activities = Table(
    "activities", metadata,
    _key("deal_id"), _time("time"), _key("id"), _key("type"), _key("direction"), _key("contact_id"), _key("owner_id"),
    _text("text"),
    PrimaryKeyConstraint("deal_id", "time", "id"), UniqueConstraint("id", name="uq_activities_id"),
    sqlite_with_rowid=False,
)  # fmt: skip

field_definitions = Table(
    "field_definitions", metadata,
    _key("entity"), _key("name"), _key("type"), PrimaryKeyConstraint("entity", "name"),
)  # fmt: skip

quotas = Table(
    "quotas", metadata,
    _key("period"), _key("owner_id"), Column("currency", KEY, nullable=False), _count("amount"),
    PrimaryKeyConstraint("period", "owner_id", "currency"),
)  # fmt: skip

outbox = Table(
    "outbox", metadata,
    _serial(), _key("deal_id"), _key("cause"), _text("trace"), _time("time"), sqlite_autoincrement=True,
)  # fmt: skip

insights = Table(
    "insights", metadata,
    _key("deal_id"), _key("kind"), _text("key"), _text("model_version"), _time("as_of"), _text("body"), _text("sort"),
    PrimaryKeyConstraint("deal_id", "kind"), sqlite_with_rowid=False,
)  # fmt: skip

# One narrow row a deal: what lists sort by, and how far each insight is, for finding those that are behind.
standings = Table(
    "standings", metadata,
    _key("deal_id", primary_key=True), _count("revision"), Column("live", Boolean, nullable=False),
    _count("lead_score_revision"), _count("lead_score_generation"), _key("lead_score_day"),
    _count("forecast_revision"), _count("forecast_generation"), _key("forecast_day"),
    _count("next_actions_revision"), _count("next_actions_generation"), _key("next_actions_day"),
    Column("probability", Double), Column("expected_amount", Double), Column("slip_risk", Double),
    Column("category", KEY), Column("gain", Double), Column("action", KEY),
    Index(None, "probability", "deal_id"), Index(None, "expected_amount", "deal_id"),
    Index(None, "slip_risk", "deal_id"), Index(None, "gain", "deal_id"), sqlite_with_rowid=False,
)  # fmt: skip

LATE = or_(
    *[standings.c[f"{kind}_revision"] < standings.c.revision for kind in ("lead_score", "forecast", "next_actions")]
)
Index("ix_standings_late", standings.c.deal_id, sqlite_where=LATE, postgresql_where=LATE)
Index(
    "ix_standings_live", standings.c.deal_id, standings.c.lead_score_generation, standings.c.forecast_generation,
    standings.c.next_actions_generation, standings.c.lead_score_day, standings.c.forecast_day,
    standings.c.next_actions_day, sqlite_where=standings.c.live, postgresql_where=standings.c.live,
)  # fmt: skip

score_history = Table(
    "score_history", metadata,
    _serial(), _key("deal_id"), _text("key"), _text("model_version"), _time("as_of"), _text("body"), _text("sort"),
    Index(None, "deal_id", "id"), sqlite_autoincrement=True,
)  # fmt: skip

rollups = Table(
    "rollups", metadata,
    _key("period"), _key("currency"), _text("node"), _text("body"), PrimaryKeyConstraint("period", "currency", "node"),
)  # fmt: skip

events = Table(
    "events", metadata,
    _serial(), _key("deal_id"), _key("kind"), _time("time"), _text("data"), sqlite_autoincrement=True,
)  # fmt: skip

settings = Table("settings", metadata, _key("key", primary_key=True), _text("value"))

requests = Table(
    "requests", metadata,
    _key("key", primary_key=True), _text("digest"), _text("response"), _time("time"), Index(None, "time"),
)  # fmt: skip
