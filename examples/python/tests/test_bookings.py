"""Booking a room, with psycopg."""

import datetime
import uuid
from collections.abc import Iterator

import psycopg
import pytest

import bookings

MONDAY = datetime.date(2026, 11, 23)


@pytest.fixture
def connection() -> Iterator[psycopg.Connection]:
    with bookings.connect() as connection:
        yield connection


@pytest.fixture
def room(connection: psycopg.Connection) -> int:
    return bookings.add_room(connection, f"room {uuid.uuid4()}", seats=6)


def test_a_free_room_can_be_booked(connection: psycopg.Connection, room: int) -> None:
    assert bookings.book(connection, room, MONDAY, guests=2) > 0


def test_a_taken_room_is_refused(connection: psycopg.Connection, room: int) -> None:
    bookings.book(connection, room, MONDAY, guests=2)
    with pytest.raises(bookings.RoomTaken):
        bookings.book(connection, room, MONDAY, guests=4)


def test_a_room_that_is_not_there_is_refused(connection: psycopg.Connection) -> None:
    with pytest.raises(bookings.NoSuchRoom):
        bookings.book(connection, -1, MONDAY, guests=2)


def test_a_room_without_seats_is_refused(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        bookings.add_room(connection, f"room {uuid.uuid4()}", seats=0)
    assert refused.value.diag.constraint_name == "room_seats_positive"


def test_two_connections_see_each_other(connection: psycopg.Connection, room: int) -> None:
    with bookings.connect() as other:
        bookings.book(other, room, MONDAY, guests=2)
    with pytest.raises(bookings.RoomTaken):
        bookings.book(connection, room, MONDAY, guests=2)
