"""Connections on the direct lane whose refusals are seen.

In: a lease on the direct lane. Out: connections of psycopg and asyncpg that show it every error of
the server, and the same for every engine of SQLAlchemy in this process that leads there.

Invariant: what a test sees of a connection is what it would see of any other; nothing is caught.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pytest_proofmark.refusals import Refusals

if TYPE_CHECKING:
    import asyncpg
    import psycopg
    import sqlalchemy.engine

# The databases of tests on the direct lane, by their real names, for engines nobody told us of.
_attended: dict[str, Refusals] = {}
_listens = False


def attend(database: str, refusals: Refusals) -> None:
    """From now on engines of SQLAlchemy that lead to the database show their errors."""
    _attended[database] = refusals
    listen()


def leave(database: str) -> None:
    """No longer."""
    _attended.pop(database, None)


def listen() -> None:
    """Listens to SQLAlchemy, once it is there."""
    global _listens
    if _listens or "sqlalchemy" not in sys.modules:
        return
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    # For all engines: also those that the code under test makes.
    event.listen(Engine, "handle_error", _handle_error)
    _listens = True


def _handle_error(context: "sqlalchemy.engine.ExceptionContext") -> None:
    engine = context.engine
    refusals = _attended.get(engine.url.database or "") if engine is not None else None
    if refusals is not None:
        refusals.saw(context.original_exception, context.statement or "")


def watch_asyncpg(connection: "asyncpg.Connection", refusals: Refusals) -> None:
    """Sees every statement of the connection that is refused, but for `COPY` by its own methods."""

    def logged(record: Any) -> None:  # noqa: ANN401 (a type of asyncpg that has no stubs)
        if record.exception is not None:
            refusals.saw(record.exception, record.query)

    connection.add_query_logger(logged)


def psycopg_connection(url: str, refusals: Refusals) -> "psycopg.Connection":
    """A connection of psycopg in autocommit mode whose every error is seen."""
    import psycopg
    import psycopg.rows

    class Cursor(psycopg.Cursor[psycopg.rows.TupleRow]):
        def execute(self, query: Any, *args: Any, **kwargs: Any) -> "Cursor":  # noqa: ANN401
            with _sending(self.connection, query):
                return super().execute(query, *args, **kwargs)

        def executemany(self, query: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
            with _sending(self.connection, query):
                super().executemany(query, *args, **kwargs)

    class Connection(psycopg.Connection[psycopg.rows.TupleRow]):
        statement = ""

        # Everything that psycopg sends waits here: statements, commits, COPY, pipelines.
        def wait(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            try:
                return super().wait(*args, **kwargs)
            except psycopg.Error as error:
                refusals.saw(error, self.statement)
                raise

    connection = Connection.connect(url, autocommit=True)
    connection.cursor_factory = Cursor
    return connection


async def psycopg_async_connection(url: str, refusals: Refusals) -> "psycopg.AsyncConnection":
    """The same, asynchronous."""
    import psycopg
    import psycopg.rows

    class Cursor(psycopg.AsyncCursor[psycopg.rows.TupleRow]):
        async def execute(self, query: Any, *args: Any, **kwargs: Any) -> "Cursor":  # noqa: ANN401
            with _sending(self.connection, query):
                return await super().execute(query, *args, **kwargs)

        async def executemany(self, query: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
            with _sending(self.connection, query):
                await super().executemany(query, *args, **kwargs)

    class Connection(psycopg.AsyncConnection[psycopg.rows.TupleRow]):
        statement = ""

        async def wait(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            try:
                return await super().wait(*args, **kwargs)
            except psycopg.Error as error:
                refusals.saw(error, self.statement)
                raise

    connection = await Connection.connect(url, autocommit=True)
    connection.cursor_factory = Cursor
    return connection


@contextlib.contextmanager
def _sending(connection: Any, query: object) -> Iterator[None]:  # noqa: ANN401 (either kind)
    """Says what is being sent, for as long as it is."""
    match query:
        case str():
            connection.statement = query
        case bytes():
            connection.statement = query.decode(errors="replace")
        case _:
            # A `sql.Composable`; a template of a later Python has no text of its own.
            written = getattr(query, "as_string", None)
            connection.statement = written(connection) if written else ""
    try:
        yield
    finally:
        connection.statement = ""
