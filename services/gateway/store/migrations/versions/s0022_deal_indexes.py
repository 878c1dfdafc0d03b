"""Indexes for pages of large companies: an owner's deals, what changed lately, and names to look through."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

OWNER = ["owner_id", "outcome", "currency", "kind", "deleted", "amount", "closed_date"]


def upgrade() -> None:
    """Create the indexes, one of them in the place of a narrower one."""
    op.create_index("ix_deals_owner", "deals", OWNER)
    op.drop_index("ix_deals_owner_id_id", "deals")
    op.create_index("ix_deals_last_effective", "deals", ["last_effective"])
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_deals_search", "deals", ["outcome", "id", "search"])
