"""Events and their tickets."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("event_id", sa.Integer, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("seats", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="event_key"),
        sa.CheckConstraint("seats > 0", name="event_seats_positive"),
    )
    op.create_table(
        "ticket",
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("seat", sa.Integer, nullable=False),
        sa.Column("buyer", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("event_id", "seat", name="ticket_one_per_seat"),
        sa.ForeignKeyConstraint(["event_id"], ["event.event_id"], name="ticket_event_fkey"),
        sa.CheckConstraint("seat > 0", name="ticket_seat_positive"),
    )
