"""Selling tickets over HTTP.

The database keeps the rules; this module turns its refusals into answers.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from tickets.models import Event, Ticket

# What a guest may cause, by the name of the constraint.
REFUSALS = {
    "ticket_one_per_seat": (409, "somebody has that seat"),
    "ticket_event_fkey": (404, "no such event"),
    "event_seats_positive": (422, "an event has at least one seat"),
}


class NewEvent(BaseModel):
    """What an event is made of."""

    name: str
    seats: int


class Purchase(BaseModel):
    """Who wants which seat."""

    seat: int
    buyer: str


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """One session, and so one transaction, for each request."""
    async with AsyncSession(request.app.state.engine) as session:
        yield session


Session = Annotated[AsyncSession, Depends(session)]


def create_app(engine: AsyncEngine) -> FastAPI:
    """The application, on a database."""
    app = FastAPI()
    app.state.engine = engine

    @app.post("/events", status_code=201)
    async def add_event(new: NewEvent, session: Session) -> dict[str, int]:
        event = Event(name=new.name, seats=new.seats)
        session.add(event)
        await commit(session)
        return {"event_id": event.event_id}

    @app.post("/events/{event_id}/tickets", status_code=201)
    async def buy(event_id: int, purchase: Purchase, session: Session) -> Purchase:
        session.add(Ticket(event_id=event_id, seat=purchase.seat, buyer=purchase.buyer))
        await commit(session)
        return purchase

    @app.get("/events/{event_id}/tickets")
    async def sold(event_id: int, session: Session) -> dict[int, str]:
        tickets = await session.scalars(select(Ticket).where(Ticket.event_id == event_id))
        return {ticket.seat: ticket.buyer for ticket in tickets}

    return app


async def commit(session: AsyncSession) -> None:
    """Commits, or answers what the database refused."""
    session.sync_session.expire_on_commit = False
    try:
        await session.commit()
    except IntegrityError as error:
        name = error.orig.diag.constraint_name
        if name not in REFUSALS:
            raise
        raise HTTPException(*REFUSALS[name]) from error
