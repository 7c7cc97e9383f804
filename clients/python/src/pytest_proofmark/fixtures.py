"""The fixtures that need no event loop.

In: the databases that a test holds. Out: URLs, and connections of the drivers that are installed.

Invariant: a fixture closes what it opened before the database goes back.
"""

import importlib.util
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from pytest_proofmark.bench import Bench, Lease
from pytest_proofmark.errors import said_plainly
from pytest_proofmark.state import bench_of, holding_of
from pytest_proofmark.watched import listen, psycopg_connection

if TYPE_CHECKING:
    import psycopg
    import sqlalchemy
    import sqlalchemy.orm


@pytest.fixture
def proofmark_leases(request: pytest.FixtureRequest) -> Mapping[str, Lease]:
    """Every database of this test, by its name in `proofmark.toml`, the test's own first."""
    item = request.node
    assert isinstance(item, pytest.Item), "the fixture has the scope of a function"  # noqa: S101
    with said_plainly():
        return holding_of(item).leases


@pytest.fixture
def proofmark_lease(proofmark_leases: Mapping[str, Lease]) -> Lease:
    """The database of this test."""
    return next(iter(proofmark_leases.values()))


@pytest.fixture
def proofmark_url(proofmark_lease: Lease) -> str:
    """The URL of a database that belongs to this test alone: `postgresql://...`."""
    return proofmark_lease.url


@pytest.fixture
def proofmark_urls(proofmark_leases: Mapping[str, Lease]) -> Mapping[str, str]:
    """The URLs of all databases that the test's markers name."""
    return {database: lease.url for database, lease in proofmark_leases.items()}


@pytest.fixture(scope="session")
def proofmark_bench(pytestconfig: pytest.Config) -> Bench:
    """For databases that several tests share: `with proofmark_bench.leased("module orders")`."""
    with said_plainly():
        return bench_of(pytestconfig)


@pytest.fixture
def db_connection(proofmark_lease: Lease) -> "Iterator[psycopg.Connection]":
    """A connection of psycopg to the test's database, in autocommit mode.

    What it writes is there for the code under test at once. For a transaction:
    `with db_connection.transaction():`.
    """
    needs("db_connection", "psycopg", "psycopg[binary]")
    import psycopg

    url = proofmark_lease.url
    if proofmark_lease.is_direct:
        opened = psycopg_connection(url, proofmark_lease.refusals)
    else:
        opened = psycopg.connect(url, autocommit=True)
    with opened as connection:
        yield connection


@pytest.fixture
def db_engine(proofmark_url: str, pytestconfig: pytest.Config) -> "Iterator[sqlalchemy.Engine]":
    """An engine of SQLAlchemy for the test's database."""
    needs("db_engine", "sqlalchemy", "sqlalchemy")
    import sqlalchemy

    listen()
    drivers = pytestconfig.getini("proofmark_drivers") or ["psycopg", "psycopg2", "pg8000"]
    engine = sqlalchemy.create_engine(with_driver(proofmark_url, drivers))
    yield engine
    engine.dispose()


@pytest.fixture
def db_session(db_engine: "sqlalchemy.Engine") -> "Iterator[sqlalchemy.orm.Session]":
    """A session of SQLAlchemy's ORM; what it commits is really committed."""
    from sqlalchemy.orm import Session

    with Session(db_engine) as session:
        yield session


def needs(fixture: str, module: str, package: str) -> None:
    """Says which package is missing, in the words of whoever installs it."""
    if importlib.util.find_spec(module) is None:
        pytest.fail(f"{fixture} needs {module}\nhelp: pip install '{package}'", pytrace=False)


def with_driver(url: str, drivers: list[str]) -> str:
    """The URL for SQLAlchemy with the first driver that is installed."""
    for driver in drivers:
        if importlib.util.find_spec(driver) is not None:
            return url.replace("postgresql://", f"postgresql+{driver}://", 1)
    names = ", ".join(drivers)
    pytest.fail(f"SQLAlchemy needs a driver\nhelp: install one of {names}", pytrace=False)
