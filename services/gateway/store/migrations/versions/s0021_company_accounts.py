"""Company accounts of members, sign-ins with them that have begun, and when each member signed in last."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
LAST = (  # the log before knows when, not how
    "INSERT INTO last_sign_ins (member_id, time, way)"
    " SELECT member_id, MAX(time), '' FROM access_events WHERE act = 'SIGNED_IN' GROUP BY member_id"
)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "company_accounts",
        sa.Column("subject", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("linked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_company_accounts"),
    )
    op.create_index("ix_company_accounts_member_id", "company_accounts", ["member_id"], unique=True)
    op.create_table(
        "sign_in_flows",
        sa.Column("id", KEY, nullable=False),
        sa.Column("nonce", KEY, nullable=False),
        sa.Column("verifier", KEY, nullable=False),
        sa.Column("back", TEXT, nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_flows"),
    )
    op.create_table(
        "last_sign_ins",
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("way", KEY, nullable=False),
        sa.PrimaryKeyConstraint("member_id", name="pk_last_sign_ins"),
    )
    op.execute(LAST)
