"""What is refused on the direct lane, by every client that can see it."""

import json

import pytest
from conftest import Project

from pytest_proofmark.refusals import KEPT_MAX, Refusals

DIRECT = """
import asyncpg, psycopg, pytest, sqlalchemy
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

pytestmark = pytest.mark.proofmark(lane="direct")
WRONG = "INSERT INTO item (name, quantity) VALUES ('nut', 0)"
TWICE = "INSERT INTO item (name, quantity) VALUES ('bolt', 1)"

def test_psycopg(db_connection, proofmark_lease):
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        db_connection.execute(WRONG)
    assert proofmark_lease.saw(refused.value), "shown as well, it counts once"
    with db_connection.cursor() as cursor, pytest.raises(psycopg.errors.UniqueViolation):
        query = sql.SQL("INSERT INTO {} (name, quantity) VALUES (%s, %s)")
        cursor.executemany(query.format(sql.Identifier("item")), [("nut", 1), ("bolt", 1)])
    db_connection.execute("ALTER TABLE item ADD CONSTRAINT later UNIQUE (quantity)"
                          " DEFERRABLE INITIALLY DEFERRED")
    with pytest.raises(psycopg.errors.UniqueViolation), db_connection.transaction():
        db_connection.execute("INSERT INTO item (name, quantity) VALUES ('washer', 1)")
    with pytest.raises(psycopg.errors.NotNullViolation):
        with db_connection.cursor().copy("COPY item (name) FROM STDIN") as copy:
            copy.write_row(["screw"])

def test_sqlalchemy(db_session, proofmark_url):
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        db_session.execute(text(WRONG))
    db_session.rollback()
    # The application's own engine.
    engine = sqlalchemy.create_engine(proofmark_url.replace("postgresql", "postgresql+psycopg"))
    with engine.connect() as connection, pytest.raises(sqlalchemy.exc.IntegrityError) as refused:
        connection.execute(text(TWICE))
    engine.dispose()

@pytest.mark.asyncio
async def test_asynchronous(async_db_connection, asyncpg_connection, async_db_session):
    with pytest.raises(psycopg.errors.CheckViolation):
        await async_db_connection.execute(WRONG)
    with pytest.raises(asyncpg.UniqueViolationError):
        await asyncpg_connection.execute(TWICE)
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        await async_db_session.execute(text(WRONG))

def test_a_connection_of_its_own(proofmark_lease):
    with psycopg.connect(proofmark_lease.url) as connection:
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            connection.execute(WRONG)
        connection.rollback()
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(TWICE)
    assert proofmark_lease.saw(refused.value, WRONG)
    assert not proofmark_lease.saw(ValueError("no database"))

@pytest.mark.proofmark(lane="proxy")
def test_on_the_other_lane(db_connection, proofmark_lease):
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        db_connection.execute(WRONG)
    assert proofmark_lease.saw(refused.value), "it is one, and the proxy has seen it"
"""

WRONG = "INSERT INTO item (name, quantity) VALUES (?, ?)"
SEEN = {
    "test_psycopg": [
        ("item_quantity_positive", WRONG),
        ("item_name_once", 'INSERT INTO "item" (name, quantity) VALUES (%s, %s)'),
        ("later", ""),
        ("quantity", ""),
    ],
    "test_sqlalchemy": [("item_quantity_positive", WRONG), ("item_name_once", WRONG)],
    "test_asynchronous": [
        ("item_quantity_positive", WRONG),
        ("item_name_once", WRONG),
        ("item_quantity_positive", WRONG),
    ],
    "test_a_connection_of_its_own": [("item_quantity_positive", WRONG)],
}


def test_every_refusal_of_the_plugin_s_connections_is_in_the_report(project: Project) -> None:
    project.write("test_it.py", DIRECT)
    project.write("pytest.ini", "[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    ran = project.pytest()
    assert "5 passed" in ran.stdout, ran.stdout + ran.stderr
    records = [
        json.loads(line).get("record", {})
        for line in (project.directory / ".proofmark/latest/trace.jsonl").read_text().splitlines()
    ]
    events = [record["proxy"] for record in records if "proxy" in record]
    tests = {
        event["lease"]: event["test"].rpartition("::")[2]
        for event in events
        if event["event"] == "lease_given"
    }
    seen: dict[str, list[tuple[str, str]]] = {}
    for event in events:
        if event["event"] == "refused" and event["lane"] == "direct":
            refusal = event["refusal"]
            by = refusal["constraint"] or refusal["column"]
            seen.setdefault(tests[event["lease"]], []).append((by, event["statement"]))
    assert {test: sorted(all_) for test, all_ in seen.items()} == {
        test: sorted(all_) for test, all_ in SEEN.items()
    }
    assert "4 tests on the direct lane, where 10 refusals were told" in ran.stdout
    report = json.loads((project.directory / ".proofmark/latest/report.json").read_text())
    assert report["isolation"]["direct_refusals"] == 10


class Pg8000Error(Exception):
    """As pg8000 raises it: a mapping of the protocol's letters."""


def told(refusals: Refusals) -> list[dict[str, str]]:
    return [json.loads(text) for text in refusals.take()]


def test_the_letters_of_pg8000_are_read_also_as_a_cause() -> None:
    refusals = Refusals()
    error = ValueError("not saved")
    letters = {"V": "ERROR", "C": "23514", "t": "item", "n": "positive", "s": ""}
    error.__cause__ = Pg8000Error(letters)
    assert refusals.saw(error, "INSERT")
    assert refusals.saw(error)
    assert told(refusals) == [
        {
            "severity": "ERROR",
            "sqlstate": "23514",
            "table": "item",
            "constraint": "positive",
            "statement": "INSERT",
        }
    ]


def test_what_no_server_said_is_none() -> None:
    refusals = Refusals()
    assert not refusals.saw(Pg8000Error("the connection is closed"))
    assert not refusals.saw(KeyError("C"))
    assert refusals.take() == []


@pytest.mark.parametrize("detail", ["(" + "'\"\n\\" * 5000 + ")", "(half a \ud800 pair)"])
def test_the_console_can_take_whatever_is_kept(detail: str) -> None:
    refusals = Refusals()
    refusals.saw(Pg8000Error({"C": "23514", "n": "positive", "D": detail}), "'\"\n\\" * 5000)
    (text,) = refusals.take()
    assert len(text.replace("'", "''").encode()) < 64 * 1024
    assert json.loads(text)["constraint"] == "positive"


def test_there_is_an_end_to_what_is_kept() -> None:
    refusals = Refusals()
    for _ in range(KEPT_MAX + 5):
        assert refusals.saw(Pg8000Error({"C": "23514"}))
    assert len(refusals.take()) == KEPT_MAX
