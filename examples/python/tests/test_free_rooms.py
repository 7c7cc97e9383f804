"""Looking for a free room, with a pool of asyncpg."""

import asyncio
import datetime
import os
import uuid

import asyncpg

import bookings

TUESDAY = datetime.date(2026, 11, 24)


def test_a_booked_room_is_not_free() -> None:
    async def scenario() -> None:
        async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=2) as pool:
            names = [f"room {uuid.uuid4()}" for _ in range(2)]
            booked, free = [
                await pool.fetchval(
                    "INSERT INTO room (name, seats) VALUES ($1, 4) RETURNING room_id", name
                )
                for name in names
            ]
            await pool.execute(
                "INSERT INTO booking (room_id, day, guests) VALUES ($1, $2, 1)", booked, TUESDAY
            )
            found = await bookings.free_rooms(pool, TUESDAY)
            assert booked != free
            assert names[0] not in found
            assert names[1] in found

    asyncio.run(scenario())


def test_of_ten_guests_at_once_one_gets_the_room() -> None:
    async def scenario() -> None:
        async with asyncpg.create_pool(os.environ["DATABASE_URL"], max_size=10) as pool:
            room = await pool.fetchval(
                "INSERT INTO room (name, seats) VALUES ($1, 4) RETURNING room_id",
                f"room {uuid.uuid4()}",
            )
            attempts = await asyncio.gather(
                *(
                    pool.execute(
                        "INSERT INTO booking (room_id, day, guests) VALUES ($1, $2, 1)",
                        room,
                        TUESDAY,
                    )
                    for _ in range(10)
                ),
                return_exceptions=True,
            )
            refused = [attempt for attempt in attempts if not isinstance(attempt, str)]
            assert len(refused) == 9
            for refusal in refused:
                assert isinstance(refusal, asyncpg.UniqueViolationError)
                assert refusal.constraint_name == "booking_one_per_room_and_day"

    asyncio.run(scenario())
