"""pytest-xdist and pytest-cov."""

import pytest
from conftest import Project, held

WORKERS = """
    import pytest

    @pytest.mark.parametrize("turn", range(8))
    def test_turn(turn, items, db_connection, worker_id):
        assert worker_id.startswith("gw")
        assert items() == ["bolt"]
        db_connection.execute("INSERT INTO item (name, quantity) VALUES ('nut', 2)")
"""


@pytest.mark.slow
def test_workers_never_meet(inner: pytest.Pytester) -> None:
    inner.makepyfile(WORKERS)
    result = inner.runpytest_subprocess("-n", "2", "--cov=conftest", "--cov-report=term")
    result.assert_outcomes(passed=8)
    result.stdout.fnmatch_lines(["conftest.py * 100%"])
    assert held() == []


@pytest.mark.slow
def test_each_worker_can_run_every_test(inner: pytest.Pytester) -> None:
    inner.makepyfile(WORKERS.replace("range(8)", "range(2)"))
    inner.runpytest_subprocess("-n", "2", "--dist", "each").assert_outcomes(passed=4)


@pytest.mark.slow
def test_what_tests_share_is_shared_within_a_worker(inner: pytest.Pytester) -> None:
    inner.makepyfile("""
        import psycopg, pytest

        @pytest.fixture(scope="module")
        def shared(proofmark_bench, worker_id):
            with proofmark_bench.leased("the shared one") as lease:
                assert lease.test == f"the shared one @{worker_id}"
                yield lease.url

        @pytest.mark.parametrize("turn", range(2))
        def test_turn(turn, shared):
            with psycopg.connect(shared) as connection:
                count = "SELECT count(*) FROM item"
                assert connection.execute(count).fetchone() == (1 + turn,)
                insert = "INSERT INTO item (name, quantity) VALUES (%s, 1)"
                connection.execute(insert, [f"nut {turn}"])
    """)
    inner.runpytest_subprocess("-n", "2", "--dist", "each").assert_outcomes(passed=4)
    assert held() == []


def test_workers_share_a_proofmark_that_pytest_started(project: Project) -> None:
    project.write("test_it.py", WORKERS.replace("\n    ", "\n"))
    ran = project.pytest("-n", "2")
    assert ran.returncode == 0, ran.stdout
    assert "8 passed" in ran.stdout
    assert "Leased 8 databases, one per test" in ran.stdout
