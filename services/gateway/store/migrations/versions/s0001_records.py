"""Records and their history."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
DAY = sa.String(10).with_variant(sa.String(10, collation="C"), "postgresql")


def upgrade() -> None:
    """Create them."""
    _accounts()
    _activities()
    _changes()
    _contacts()
    _deal_contacts()
    _deal_products()
    _deals()
    _field_definitions()
    _products()
    _quotas()
    _reporting_lines()
    _users()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("fields", TEXT, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )


def _activities() -> None:
    op.create_table(
        "activities",
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.Column("direction", KEY, nullable=False),
        sa.Column("contact_id", KEY, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "time", "id", name="pk_activities"),
        sa.UniqueConstraint("id", name="uq_activities_id"),
        sqlite_with_rowid=False,
    )


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("field", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("effective_time", sa.BigInteger(), nullable=False),
        sa.Column("recorded_time", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "seq", name="pk_changes"),
        sqlite_with_rowid=False,
    )


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("phone", TEXT, nullable=False),
        sa.Column("consents", TEXT, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
    )
    op.create_index("ix_contacts_account_id", "contacts", ["account_id"])


def _deal_contacts() -> None:
    op.create_table(
        "deal_contacts",
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("contact_id", KEY, nullable=False),
        sa.Column("role", KEY, nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "position", name="pk_deal_contacts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_deal_contacts_contact_id", "deal_contacts", ["contact_id"])


def _deal_products() -> None:
    op.create_table(
        "deal_products",
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", KEY, nullable=False),
        sa.Column("quantity", sa.Double(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("currency", KEY, nullable=True),
        sa.PrimaryKeyConstraint("deal_id", "position", name="pk_deal_products"),
        sqlite_with_rowid=False,
    )


def _deals() -> None:
    op.create_table(
        "deals",
        sa.Column("id", KEY, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("motion", KEY, nullable=False),
        sa.Column("pipeline", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("outcome", KEY, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", KEY, nullable=True),
        sa.Column("amount_major", sa.Double(), nullable=True),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.Column("close_date", DAY, nullable=True),
        sa.Column("closed_date", DAY, nullable=True),
        sa.Column("category", KEY, nullable=False),
        sa.Column("fields", TEXT, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("search", TEXT, nullable=False),
        sa.Column("updated_time", sa.BigInteger(), nullable=False),
        sa.Column("last_effective", sa.BigInteger(), nullable=False),
        sa.Column("change_count", sa.BigInteger(), nullable=False),
        sa.Column("activity_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deals"),
    )
    op.create_index("ix_deals_account_id", "deals", ["account_id"])
    op.create_index("ix_deals_amount_major_id", "deals", ["amount_major", "id"])
    op.create_index("ix_deals_close_date_id", "deals", ["close_date", "id"])
    op.create_index("ix_deals_created_time_id", "deals", ["created_time", "id"])
    op.create_index("ix_deals_outcome_closed_date", "deals", ["outcome", "closed_date"])
    op.create_index("ix_deals_owner_id_id", "deals", ["owner_id", "id"])
    op.create_index("ix_deals_updated_time_id", "deals", ["updated_time", "id"])


def _field_definitions() -> None:
    op.create_table(
        "field_definitions",
        sa.Column("entity", KEY, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.PrimaryKeyConstraint("entity", "name", name="pk_field_definitions"),
    )


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("series", TEXT, nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("currency", KEY, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_products"),
    )


def _quotas() -> None:
    op.create_table(
        "quotas",
        sa.Column("period", KEY, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("currency", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("period", "owner_id", "currency", name="pk_quotas"),
    )


def _reporting_lines() -> None:
    op.create_table(
        "reporting_lines",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("valid_from", DAY, nullable=False),
        sa.Column("manager_id", KEY, nullable=False),
        sa.Column("region", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "valid_from", name="pk_reporting_lines"),
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
