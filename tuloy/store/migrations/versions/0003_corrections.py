"""Plans that the user edited, by repository and text."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "correction",
        sa.Column("repo_id", sa.String(), nullable=False, primary_key=True),
        sa.Column("text_hash", sa.String(), nullable=False, primary_key=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("corrected_at", sa.String(), nullable=False),
    )
