"""A client of the application on the database of the test."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tickets.app import create_app


@pytest.fixture
async def client(async_db_engine: AsyncEngine) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(async_db_engine))
    async with httpx.AsyncClient(transport=transport, base_url="http://tickets") as client:
        yield client
