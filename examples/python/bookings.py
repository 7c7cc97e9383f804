"""Rooms and their bookings.

The database keeps the rules; this module turns the two refusals that a guest can cause into
answers. Connections come from DATABASE_URL.
"""

import datetime
import os

import asyncpg
import psycopg


class RoomTaken(Exception):
    """Somebody has the room on that day."""


class NoSuchRoom(Exception):
    """There is no room with that id."""


def connect() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def add_room(connection: psycopg.Connection, name: str, seats: int) -> int:
    row = connection.execute(
        "INSERT INTO room (name, seats) VALUES (%s, %s) RETURNING room_id", (name, seats)
    ).fetchone()
    assert row is not None
    return row[0]


def book(
    connection: psycopg.Connection, room_id: int, day: datetime.date, guests: int
) -> int:
    """Books the room for the day and gives the booking's id."""
    try:
        row = connection.execute(
            "INSERT INTO booking (room_id, day, guests) VALUES (%s, %s, %s) RETURNING booking_id",
            (room_id, day, guests),
        ).fetchone()
    except psycopg.errors.UniqueViolation as error:
        if error.diag.constraint_name == "booking_one_per_room_and_day":
            raise RoomTaken from error
        raise
    except psycopg.errors.ForeignKeyViolation as error:
        if error.diag.constraint_name == "booking_room_fkey":
            raise NoSuchRoom from error
        raise
    assert row is not None
    return row[0]


async def free_rooms(pool: asyncpg.Pool, day: datetime.date) -> list[str]:
    """Names of the rooms that nobody has booked for the day, smallest first."""
    rows = await pool.fetch(
        """
        SELECT name FROM room
        WHERE NOT EXISTS (
            SELECT FROM booking WHERE booking.room_id = room.room_id AND booking.day = $1
        )
        ORDER BY seats, name
        """,
        day,
    )
    return [row["name"] for row in rows]
