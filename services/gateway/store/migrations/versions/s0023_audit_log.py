"""The log of who did what tells of every kind of change: on what, by kind and id."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
MEMBERS = "UPDATE access_events SET kind = 'member', record = member_id WHERE member_id <> ''"


def upgrade() -> None:
    """Add the columns; what there is was done to members."""
    for name in ("kind", "record"):
        op.add_column("access_events", sa.Column(name, KEY, nullable=False, server_default=""))
    op.execute(MEMBERS)
    op.create_index("ix_access_events_by_id", "access_events", ["by", "id"])
    op.create_index("ix_access_events_act_id", "access_events", ["act", "id"])
    op.create_index("ix_access_events_kind_record_id", "access_events", ["kind", "record", "id"])
