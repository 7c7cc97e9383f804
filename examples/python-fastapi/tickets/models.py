"""The tables, as the migrations make them."""

from sqlalchemy import ForeignKey, Identity
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All tables."""


class Event(Base):
    """Something that has seats."""

    __tablename__ = "event"

    event_id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    seats: Mapped[int]


class Ticket(Base):
    """A seat that is sold."""

    __tablename__ = "ticket"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.event_id"), primary_key=True)
    seat: Mapped[int] = mapped_column(primary_key=True)
    buyer: Mapped[str]
