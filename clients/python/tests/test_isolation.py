"""What one test writes, no other sees."""

import pytest
from conftest import held


def test_every_test_has_a_database_of_its_own(inner: pytest.Pytester) -> None:
    inner.makepyfile("""
        import pytest

        @pytest.mark.parametrize("turn", range(5))
        def test_turn(turn, items, db_connection):
            assert items() == ["bolt"]
            db_connection.execute("INSERT INTO item (name, quantity) VALUES ('nut', 2)")
            assert items() == ["bolt", "nut"]
            key = db_connection.execute("SELECT max(item_id) FROM item").fetchone()[0]
            assert key == 2, "sequences begin anew"
    """)
    inner.runpytest_inprocess().assert_outcomes(passed=5)
    assert held() == []


def test_several_connections_of_a_test_meet(inner: pytest.Pytester) -> None:
    inner.makepyfile("""
        import psycopg
        from sqlalchemy import text

        def test_meet(proofmark_url, db_connection, db_session, db_engine):
            db_connection.execute("INSERT INTO item (name, quantity) VALUES ('nut', 2)")
            with psycopg.connect(proofmark_url) as other:
                assert other.execute("SELECT count(*) FROM item").fetchone() == (2,)
            assert db_session.scalar(text("SELECT count(*) FROM item")) == 2
            with db_engine.begin() as third:
                third.execute(text("DELETE FROM item"))
            db_session.rollback()
            assert db_session.scalar(text("SELECT count(*) FROM item")) == 0

        def test_the_next(items):
            assert items() == ["bolt"]
    """)
    inner.runpytest_inprocess().assert_outcomes(passed=2)


def test_variables_point_at_the_test_s_own_database(inner: pytest.Pytester) -> None:
    inner.makepyfile("""
        import os, psycopg, pytest

        BEFORE = {name: os.environ[name] for name in ("DATABASE_URL", "PGDATABASE", "BILLING_URL")}

        def test_one(proofmark_url):
            assert os.environ["DATABASE_URL"] == proofmark_url != BEFORE["DATABASE_URL"]
            assert os.environ["BILLING_URL"] == BEFORE["BILLING_URL"]
            assert os.environ["PGDATABASE"] == BEFORE["PGDATABASE"] == "billing"
            with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
                connection.execute("DELETE FROM item")

        @pytest.mark.proofmark(database="billing")
        def test_libpq_s_own():
            assert os.environ["PGDATABASE"] != "billing"
            with psycopg.connect("") as connection:
                connection.execute("SELECT FROM invoice")

        def test_two(items):
            assert items() == ["bolt"]

        def test_none():
            assert {name: os.environ[name] for name in BEFORE} == BEFORE
    """)
    inner.runpytest_inprocess().assert_outcomes(passed=4)


def test_every_test_can_have_one_without_asking(inner: pytest.Pytester) -> None:
    inner.makeini(
        "[pytest]\nproofmark_every_test = true\nasyncio_default_fixture_loop_scope = function\n"
    )
    inner.makepyfile("""
        import os, unittest, psycopg

        def names():
            with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
                return connection.execute("SELECT name FROM item").fetchall()

        class OldStyle(unittest.TestCase):
            def test_one(self):
                with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
                    connection.execute("DELETE FROM item")
                self.assertEqual(names(), [])

            def test_two(self):
                self.assertEqual(names(), [("bolt",)])
    """)
    inner.runpytest_inprocess().assert_outcomes(passed=2)
    assert held() == []


def test_the_direct_lane_is_the_same_database(inner: pytest.Pytester) -> None:
    inner.makepyfile("""
        import os, psycopg, pytest

        @pytest.mark.proofmark(lane="direct", seed="nut.sql")
        def test_direct(proofmark_lease, items):
            assert "127.0.0.1" not in proofmark_lease.url
            assert items() == ["bolt", "nut"]
            with psycopg.connect(proofmark_lease.through_proxy) as connection:
                assert connection.execute("SELECT current_database()").fetchone() == (
                    proofmark_lease.database,
                )
    """)
    (inner.path / "nut.sql").write_text("INSERT INTO item (name, quantity) VALUES ('nut', 2);")
    inner.runpytest_inprocess().assert_outcomes(passed=1)
    inner.runpytest_inprocess("--proofmark-lane=direct").assert_outcomes(passed=1)


def test_tests_can_share_one_on_purpose(inner: pytest.Pytester) -> None:
    inner.makepyfile("""
        import psycopg, pytest

        @pytest.fixture(scope="module")
        def shared(proofmark_bench):
            with proofmark_bench.leased("the shared one") as lease:
                yield lease.url

        @pytest.mark.parametrize("turn", range(3))
        def test_turn(turn, shared):
            with psycopg.connect(shared) as connection:
                count = "SELECT count(*) FROM item"
                assert connection.execute(count).fetchone() == (1 + turn,)
                insert = "INSERT INTO item (name, quantity) VALUES (%s, 1)"
                connection.execute(insert, [f"nut {turn}"])
    """)
    inner.runpytest_inprocess().assert_outcomes(passed=3)
    assert held() == []


def test_a_control_connection_that_is_lost_is_opened_again(inner: pytest.Pytester) -> None:
    inner.makepyfile("""
        import socket

        def test_one(db_connection, items, proofmark_bench):
            db_connection.execute("DELETE FROM item")
            proofmark_bench._connection._socket.shutdown(socket.SHUT_RDWR)

        def test_two(items, proofmark_bench):
            assert items() == ["bolt"]
            proofmark_bench._connection._socket.shutdown(socket.SHUT_RDWR)

        def test_three(items):
            assert items() == ["bolt"]
    """)
    inner.runpytest_inprocess().assert_outcomes(passed=3)
    assert held() == []
