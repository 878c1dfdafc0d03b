"""The tables of sign-in: who may come in, by what, and what was done; and who else sees a deal.

Sessions, links and tokens are kept as SHA-256 of what their holder has: the database opens no door.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, Table

from services.gateway.store.tables import KEY, SERIAL, TEXT, metadata

members = Table(
    "members", metadata,
    Column("id", KEY, primary_key=True), Column("login", KEY, nullable=False), Column("name", TEXT, nullable=False),
    Column("role", KEY, nullable=False), Column("user_id", KEY, nullable=False),
    Column("password", TEXT, nullable=False), Column("active", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index(None, "login", unique=True),
)  # fmt: skip

sessions = Table(
    "sessions", metadata,
    Column("id", KEY, primary_key=True), Column("member_id", KEY, nullable=False),
    Column("created", BigInteger, nullable=False), Column("used", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False), Column("device", TEXT, nullable=False), Index(None, "member_id"),
)  # fmt: skip

sign_in_links = Table(
    "sign_in_links", metadata,
    Column("id", KEY, primary_key=True), Column("member_id", KEY, nullable=False),
    Column("ends", BigInteger, nullable=False), Index(None, "member_id"),
)  # fmt: skip

api_tokens = Table(
    "api_tokens", metadata,
    Column("id", KEY, primary_key=True), Column("digest", KEY, nullable=False),
    Column("member_id", KEY, nullable=False), Column("name", TEXT, nullable=False),
    Column("scopes", TEXT, nullable=False), Column("created", BigInteger, nullable=False),
    Column("ends", BigInteger), Column("used", BigInteger),
    Index(None, "digest", unique=True), Index(None, "member_id"),
)  # fmt: skip

# Of a person at the company's provider, `subject` is the SHA-256 of issuer and name there: no two members share one.
company_accounts = Table(
    "company_accounts", metadata,
    Column("subject", KEY, primary_key=True), Column("member_id", KEY, nullable=False),
    Column("linked", BigInteger, nullable=False), Index(None, "member_id", unique=True),
)  # fmt: skip

sign_in_flows = Table(  # sign-ins with a company account that have begun
    "sign_in_flows", metadata,
    Column("id", KEY, primary_key=True), Column("nonce", KEY, nullable=False), Column("verifier", KEY, nullable=False),
    Column("back", TEXT, nullable=False), Column("ends", BigInteger, nullable=False),
)  # fmt: skip

last_sign_ins = Table(
    "last_sign_ins", metadata,
    Column("member_id", KEY, primary_key=True), Column("time", BigInteger, nullable=False),
    Column("way", KEY, nullable=False),
)  # fmt: skip

sign_in_attempts = Table(
    "sign_in_attempts", metadata, Column("id", KEY, primary_key=True), Column("free", BigInteger, nullable=False)
)

access_events = Table(
    "access_events", metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True), Column("time", BigInteger, nullable=False),
    Column("act", KEY, nullable=False), Column("member_id", KEY, nullable=False), Column("by", KEY, nullable=False),
    Column("address", KEY, nullable=False), Column("detail", TEXT, nullable=False),
    Column("kind", KEY, nullable=False, server_default=""), Column("record", KEY, nullable=False, server_default=""),
    Index(None, "member_id", "id"), Index(None, "by", "id"), Index(None, "act", "id"),
    Index(None, "kind", "record", "id"), sqlite_autoincrement=True,
)  # fmt: skip

deal_teams = Table(
    "deal_teams", metadata,
    Column("deal_id", KEY, nullable=False), Column("user_id", KEY, nullable=False),
    PrimaryKeyConstraint("deal_id", "user_id"), Index(None, "user_id"),
)  # fmt: skip
