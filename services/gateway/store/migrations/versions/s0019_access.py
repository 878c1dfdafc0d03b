"""Who may sign in, by what, and what was done; who else sees a deal."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "members",
        sa.Column("id", KEY, nullable=False),
        sa.Column("login", KEY, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("role", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("password", TEXT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
    )
    op.create_index("ix_members_login", "members", ["login"], unique=True)
    op.create_table(
        "sessions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("device", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_member_id", "sessions", ["member_id"])
    _links_and_tokens()
    op.create_table(
        "access_events",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("act", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("by", KEY, nullable=False),
        sa.Column("address", KEY, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_access_events_member_id_id", "access_events", ["member_id", "id"])
    op.create_table(
        "deal_teams",
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "user_id", name="pk_deal_teams"),
    )
    op.create_index("ix_deal_teams_user_id", "deal_teams", ["user_id"])


def _links_and_tokens() -> None:
    op.create_table(
        "sign_in_links",
        sa.Column("id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_links"),
    )
    op.create_index("ix_sign_in_links_member_id", "sign_in_links", ["member_id"])
    op.create_table(
        "api_tokens",
        sa.Column("id", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger()),
        sa.Column("used", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
    )
    op.create_index("ix_api_tokens_digest", "api_tokens", ["digest"], unique=True)
    op.create_index("ix_api_tokens_member_id", "api_tokens", ["member_id"])
    op.create_table(
        "sign_in_attempts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("free", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_attempts"),
    )
