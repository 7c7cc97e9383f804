"""pytest-postgresql as its documentation has it for a server that runs already.

A template is filled once per session (`load`), and every test gets a copy of it. Prints the time of
every test with its fixtures as a line of JSON.
"""

import json
import os
import pathlib
import time

import pytest
from pytest_postgresql import factories

HOST, PORT = os.environ["PEER_HOST"], os.environ["PEER_PORT"]
SCHEMA = sorted(pathlib.Path(os.environ["PEER_SCHEMA"]).glob("*.sql"))
TIMES: list[float] = []
BEGUN: list[float] = []

postgresql_noproc = factories.postgresql_noproc(
    host=HOST, port=int(PORT), user="postgres", dbname="peer_pytest", load=SCHEMA
)
postgresql = factories.postgresql("postgresql_noproc", dbname="peer_pytest")


@pytest.mark.parametrize("number", range(int(os.environ["PEER_TESTS"]) + 1))
def test_trivial(request: pytest.FixtureRequest, number: int) -> None:
    begun = time.perf_counter()
    if number == 0:  # makes the template
        request.getfixturevalue("postgresql")
        return
    if not BEGUN:
        BEGUN.append(begun)

    def ended() -> None:
        TIMES.append((time.perf_counter() - begun) * 1e3)

    # Registered before the fixture is made: runs after it has been torn down.
    request.addfinalizer(ended)
    connection = request.getfixturevalue("postgresql")
    with connection.cursor() as cursor:
        cursor.execute("insert into tag (name) values ('new')")
        cursor.execute("select count(*) from tag")
    connection.commit()


@pytest.fixture(scope="session", autouse=True)
def report():
    yield
    wall = (time.perf_counter() - BEGUN[0]) * 1e3
    print("\n" + json.dumps({"tests_ms": TIMES, "wall_ms": wall}))
