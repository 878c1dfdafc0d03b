"""Keep who is restricted or erased, which fields are personal, and who read whose data."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, KEY, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _time() -> sa.Column[int]:
    return sa.Column("time", sa.BigInteger, nullable=False)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "restrictions", _key("kind"), _key("person"), _time(), _key("author"), _text("reason"),
        sa.PrimaryKeyConstraint("kind", "person", name="pk_restrictions"),
    )  # fmt: skip
    op.create_table(
        "suppressions", _key("hash"), _key("kind"), _time(), _key("erasure"),
        sa.PrimaryKeyConstraint("hash", name="pk_suppressions"),
    )  # fmt: skip
    op.create_table(
        "erasures", _key("id"), _time(), _key("state"), _text("person"), _text("body"),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )  # fmt: skip
    op.create_table(
        "personal_fields", _key("entity"), _key("name"),
        sa.PrimaryKeyConstraint("entity", "name", name="pk_personal_fields"),
    )  # fmt: skip
    op.create_table(
        "personal_access", sa.Column("id", SERIAL, autoincrement=True, nullable=False), _time(), _key("who"),
        _key("route"), _key("kind"), _key("record"),
        sa.PrimaryKeyConstraint("id", name="pk_personal_access"), sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_personal_access_kind_record", "personal_access", ["kind", "record"])
