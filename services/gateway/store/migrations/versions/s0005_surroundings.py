"""Keep the history of accounts' fields, and of deals' products and contacts.

What stands in the tables is taken as having been so from the start, as models have taken it so far: of a deal since
it was created, of an account since ever. It is recorded now.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from babel.numbers import get_currency_precision

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
EVER = -2_208_988_800_000_000  # 1900-01-01 in microseconds since 1970
ACCOUNTS = sa.text("SELECT id, fields FROM accounts WHERE id > :last ORDER BY id LIMIT 500")
DEALS = sa.text("SELECT id, created_time, change_count, revision FROM deals WHERE id > :last ORDER BY id LIMIT 500")
PRODUCTS = sa.text(
    "SELECT deal_id, product_id, quantity, price, currency FROM deal_products "
    "WHERE deal_id >= :first AND deal_id <= :last ORDER BY deal_id, position"
)
CONTACTS = sa.text(
    "SELECT deal_id, contact_id, role FROM deal_contacts "
    "WHERE deal_id >= :first AND deal_id <= :last ORDER BY deal_id, position"
)
NEW_CHANGE = sa.text(
    "INSERT INTO changes (deal_id, seq, field, value, effective_time, recorded_time, revision) "
    "VALUES (:deal_id, :seq, :field, :value, :effective_time, :recorded_time, :revision)"
)
COUNTED = sa.text("UPDATE deals SET change_count = :seq WHERE id = :deal_id")
NEW_ACCOUNT_CHANGE = sa.text(
    "INSERT INTO account_changes (account_id, seq, field, value, effective_time, recorded_time) "
    "VALUES (:account_id, :seq, :field, :value, :effective_time, :recorded_time)"
)


def upgrade() -> None:
    """Create the table and fill in what is known."""
    op.create_table(
        "account_changes",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("field", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("effective_time", sa.BigInteger(), nullable=False),
        sa.Column("recorded_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "seq", name="pk_account_changes"),
        sqlite_with_rowid=False,
    )
    now = time.time_ns() // 1_000
    for accounts in _pages(ACCOUNTS):
        rows = [row for account in accounts for row in _account_rows(account, now)]
        if rows:
            op.get_bind().execute(NEW_ACCOUNT_CHANGE, rows)
    for deals in _pages(DEALS):
        _deals(deals, now)


def _pages(page: sa.TextClause) -> Iterator[list[Any]]:
    last = ""
    while rows := op.get_bind().execute(page, {"last": last}).all():
        yield list(rows)
        last = rows[-1].id


def _account_rows(account: Any, now: int) -> Iterator[dict[str, Any]]:
    for place, (name, value) in enumerate(sorted(json.loads(account.fields).items()), 1):
        yield {
            "account_id": account.id, "seq": place, "field": f"fields.{name}", "value": _text(value),
            "effective_time": EVER, "recorded_time": now,
        }  # fmt: skip


def _deals(deals: list[Any], now: int) -> None:
    span = {"first": deals[0].id, "last": deals[-1].id}
    lists: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in op.get_bind().execute(PRODUCTS, span):
        line = {"product_id": row.product_id, "quantity": row.quantity, "price": _price(row.price, row.currency)}
        lists.setdefault((row.deal_id, "products"), []).append(line)
    for row in op.get_bind().execute(CONTACTS, span):
        lists.setdefault((row.deal_id, "contacts"), []).append({"contact_id": row.contact_id, "role": row.role})
    changes, counts = [], {}
    for deal in deals:
        counts[deal.id] = deal.change_count
        for name in ("products", "contacts"):
            if (deal.id, name) in lists:
                counts[deal.id] += 1
                changes.append({
                    "deal_id": deal.id, "seq": counts[deal.id], "field": name, "value": _text(lists[deal.id, name]),
                    "effective_time": deal.created_time, "recorded_time": now, "revision": deal.revision,
                })  # fmt: skip
    if changes:
        op.get_bind().execute(NEW_CHANGE, changes)
        grown = {row["deal_id"] for row in changes}
        op.get_bind().execute(COUNTED, [{"deal_id": one, "seq": counts[one]} for one in sorted(grown)])


def _price(minor: int | None, currency: str | None) -> dict[str, str] | None:
    if minor is None or not currency:
        return None
    decimals = get_currency_precision(currency)
    digits = str(minor).rjust(decimals + 1, "0")
    return {"currency": currency, "value": f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
