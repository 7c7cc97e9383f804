"""The fixtures that need an event loop; they follow pytest-asyncio, or anyio's plugin.

Invariant: a fixture closes what it opened before the database goes back, on the loop that opened
it.
"""

import importlib.util
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from pytest_proofmark.bench import Lease
from pytest_proofmark.fixtures import needs, with_driver
from pytest_proofmark.watched import listen, psycopg_async_connection, watch_asyncpg

if TYPE_CHECKING:
    import asyncpg
    import psycopg
    import sqlalchemy.ext.asyncio

# pytest-asyncio's strict mode takes only fixtures that say they are its own.
if not TYPE_CHECKING and importlib.util.find_spec("pytest_asyncio") is not None:
    from pytest_asyncio import fixture
else:
    fixture = pytest.fixture


@fixture
async def async_db_connection(
    proofmark_lease: Lease,
) -> "AsyncIterator[psycopg.AsyncConnection]":
    """An asynchronous connection of psycopg to the test's database, in autocommit mode."""
    needs("async_db_connection", "psycopg", "psycopg[binary]")
    import psycopg

    url = proofmark_lease.url
    if proofmark_lease.is_direct:
        connection = await psycopg_async_connection(url, proofmark_lease.refusals)
    else:
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    async with connection:
        yield connection


@fixture
async def asyncpg_connection(proofmark_lease: Lease) -> "AsyncIterator[asyncpg.Connection]":
    """A connection of asyncpg to the test's database."""
    needs("asyncpg_connection", "asyncpg", "asyncpg")
    import asyncpg

    connection = await asyncpg.connect(proofmark_lease.url)
    if proofmark_lease.is_direct:
        watch_asyncpg(connection, proofmark_lease.refusals)
    yield connection
    await connection.close()


@fixture
async def async_db_engine(
    proofmark_url: str, pytestconfig: pytest.Config
) -> "AsyncIterator[sqlalchemy.ext.asyncio.AsyncEngine]":
    """An asynchronous engine of SQLAlchemy for the test's database."""
    needs("async_db_engine", "sqlalchemy", "sqlalchemy[asyncio]")
    from sqlalchemy.ext.asyncio import create_async_engine

    listen()
    drivers = pytestconfig.getini("proofmark_async_drivers") or ["asyncpg", "psycopg"]
    engine = create_async_engine(with_driver(proofmark_url, drivers))
    yield engine
    await engine.dispose()


@fixture
async def async_db_session(
    async_db_engine: "sqlalchemy.ext.asyncio.AsyncEngine",
) -> "AsyncIterator[sqlalchemy.ext.asyncio.AsyncSession]":
    """An asynchronous session of SQLAlchemy's ORM; what it commits is really committed."""
    from sqlalchemy.ext.asyncio import AsyncSession

    async with AsyncSession(async_db_engine, expire_on_commit=False) as session:
        yield session
