"""Keep what imports changed as it was before."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "import_before",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("import_id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("record", KEY, nullable=False),
        sa.Column("rows", TEXT, nullable=False),
        sa.Column("after", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_import_before"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_import_before_record", "import_before", ["import_id", "kind", "record"], unique=True)
    op.create_index("ix_import_before_kind_record", "import_before", ["kind", "record"])
