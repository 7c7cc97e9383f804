"""SQLAlchemy's own recipe for suites, "joining a session into an external transaction": it works
here as anywhere, and one database serves all tests that keep to it."""

from collections.abc import Iterator

import pytest
import sqlalchemy
from sqlalchemy.orm import Session

from pytest_proofmark import Bench
from tickets.models import Event


@pytest.fixture(scope="module")
def shared(proofmark_bench: Bench) -> Iterator[sqlalchemy.Engine]:
    """One database for the module, on purpose."""
    with proofmark_bench.leased("tests/test_rollback.py") as lease:
        url = lease.url.replace("postgresql://", "postgresql+psycopg://", 1)
        engine = sqlalchemy.create_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def session(shared: sqlalchemy.Engine) -> Iterator[Session]:
    """A session whose commits are savepoints; everything is rolled back in the end."""
    with shared.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


@pytest.mark.parametrize("turn", range(2))
def test_rows_are_gone_and_numbers_are_not(session: Session, turn: int) -> None:
    session.add(event := Event(name="Concert", seats=2))
    session.commit()
    assert session.query(Event).count() == 1
    # What a rollback does not take back: the sequence goes on.
    assert event.event_id == 1 + turn
