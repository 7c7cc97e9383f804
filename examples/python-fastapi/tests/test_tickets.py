import asyncio

import httpx
import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets.models import Ticket

# Every test of this module begins with an event of two seats, the first of which is Ann's.
pytestmark = pytest.mark.proofmark(seed="concert.sql")


async def test_a_seat_is_sold(client: httpx.AsyncClient) -> None:
    bought = await client.post("/events/1/tickets", json={"seat": 2, "buyer": "Bob"})
    assert bought.status_code == 201
    sold = await client.get("/events/1/tickets")
    assert sold.json() == {"1": "Ann", "2": "Bob"}


async def test_a_seat_is_sold_once_even_to_two_at_once(
    client: httpx.AsyncClient, db_connection: psycopg.Connection
) -> None:
    """Two connections, two transactions, two commits: a rollback of one could not show this."""
    buyers = [{"seat": 2, "buyer": name} for name in ("Bob", "Cid")]
    answers = await asyncio.gather(
        *(client.post("/events/1/tickets", json=buyer) for buyer in buyers)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    count = db_connection.execute("SELECT count(*) FROM ticket WHERE seat = 2").fetchone()
    assert count == (1,)


async def test_an_unknown_event_sells_nothing(client: httpx.AsyncClient) -> None:
    refused = await client.post("/events/7/tickets", json={"seat": 1, "buyer": "Bob"})
    assert refused.status_code == 404


def test_the_models_fit_the_schema(db_session: Session) -> None:
    db_session.add(Ticket(event_id=1, seat=2, buyer="Bob"))
    db_session.commit()
    assert db_session.scalar(select(func.count()).select_from(Ticket)) == 2
