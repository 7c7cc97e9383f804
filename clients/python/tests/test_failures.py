"""A failed test keeps its database, and says how to look at it."""

import re

import pytest
from conftest import Project, held


def test_only_a_failure_keeps_the_database_and_says_so(inner: pytest.Pytester) -> None:
    inner.makepyfile("""
        import pytest

        def test_passes(db_connection): pass

        def test_fails(proofmark_lease):
            print("it is", proofmark_lease.database)
            assert 1 == 2

        @pytest.mark.xfail
        def test_is_expected_to_fail(db_connection):
            assert 1 == 2

        @pytest.fixture
        def breaks(proofmark_lease):
            yield
            raise RuntimeError("while it is torn down")

        def test_teardown_fails(breaks): pass

        @pytest.fixture
        def never(proofmark_lease):
            raise RuntimeError("while it is set up")

        def test_setup_fails(never): pass

        def test_skips(db_connection):
            pytest.skip("not today")
    """)
    result = inner.runpytest_inprocess()
    result.assert_outcomes(passed=2, failed=1, xfailed=1, errors=2, skipped=1)
    text = result.stdout.str()
    named = re.search(r"it is (proofmark_\S+)", text)
    assert named is not None
    assert f"database shop is kept as {named[1]}; when the run has ended:" in text
    assert f"    proofmark psql {named[1]}" in text
    assert held() == []


def test_a_broken_invariant_fails_the_test_and_the_run(project: Project) -> None:
    project.write("invariants.sql", "SELECT item_id, name FROM item WHERE name = 'bad';\n")
    toml = (project.directory / "proofmark.toml").read_text()
    project.write("proofmark.toml", toml + 'invariants = "invariants.sql"\n')
    project.write(
        "test_it.py",
        """
def test_breaks(db_connection):
    db_connection.execute("INSERT INTO item (name, quantity) VALUES ('bad', 1)")

def test_holds(items):
    assert items() == ["bolt"]
""",
    )
    ran = project.pytest()
    assert ran.returncode == 1, ran.stdout
    assert "ERROR at teardown of test_breaks" in ran.stdout
    assert "proofmark: an invariant is broken" in ran.stdout
    assert "2 passed, 1 error" in ran.stdout
    kept = re.search(r"proofmark psql (\S+)", ran.stdout)
    assert kept is not None, ran.stdout
    binary = project.environment["PROOFMARK_BINARY"]
    looked = project.run(binary, "psql", kept[1], "--", "-Atc", "SELECT name FROM item")
    assert looked.stdout == "bolt\nbad\n", looked.stderr
