"""The asynchronous fixtures, with either plugin that gives tests an event loop."""

import pytest

TESTS = """
    import pytest
    from sqlalchemy import text

    pytestmark = MARK

    @pytest.mark.parametrize("turn", range(2))
    async def test_all_meet(turn, asyncpg_connection, async_db_connection, async_db_session):
        insert = "INSERT INTO item (name, quantity) VALUES ($1, 1)"
        assert await asyncpg_connection.execute(insert, "nut") == "INSERT 0 1"
        cursor = await async_db_connection.execute("SELECT count(*) FROM item")
        assert await cursor.fetchone() == (2,)
        assert await async_db_session.scalar(text("SELECT count(*) FROM item")) == 2
"""


def test_pytest_asyncio_in_strict_mode(inner: pytest.Pytester) -> None:
    inner.makepyfile(TESTS.replace("MARK", "pytest.mark.asyncio"))
    inner.runpytest_inprocess("--asyncio-mode=strict").assert_outcomes(passed=2)


def test_pytest_asyncio_in_auto_mode(inner: pytest.Pytester) -> None:
    inner.makepyfile(TESTS.replace("MARK", "[]"))
    inner.runpytest_inprocess("--asyncio-mode=auto").assert_outcomes(passed=2)


def test_anyio_without_pytest_asyncio(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        TESTS.replace("MARK", "pytest.mark.anyio"),
        **{
            "anyio_backend": """
                import pytest

                @pytest.fixture
                def anyio_backend():
                    return "asyncio"
            """
        },
    )
    arguments = ("-p", "anyio_backend", "-p", "no:asyncio")
    inner.syspathinsert()
    result = inner.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=2)
