"""What a test can ask for with the marker."""

import pytest


def test_several_databases_and_their_seeds(inner: pytest.Pytester) -> None:
    inner.makepyfile("""
        import os, psycopg, pytest

        pytestmark = pytest.mark.proofmark(database="shop", seed="outer.sql")

        @pytest.mark.proofmark(database="billing", seed=["one.sql", "seeds/two.sql"])
        def test_both(proofmark_urls, proofmark_url):
            assert list(proofmark_urls) == ["billing", "shop"]
            assert proofmark_url == proofmark_urls["billing"] == os.environ["BILLING_URL"]
            assert proofmark_urls["shop"] == os.environ["DATABASE_URL"]
            with psycopg.connect(proofmark_url) as billing:
                assert billing.execute("SELECT amount FROM invoice").fetchall() == [(1,), (2,)]
            with psycopg.connect(proofmark_urls["shop"]) as shop:
                assert shop.execute("SELECT count(*) FROM item").fetchone() == (2,)

        @pytest.mark.proofmark(seed="inner.sql")
        def test_outer_runs_first(items):
            assert items() == ["bolt", "screw"]
    """)
    inner.makefile(".sql", one="INSERT INTO invoice (amount) VALUES (1);")
    inner.makefile(".sql", outer="INSERT INTO item (name, quantity) VALUES ('nut', 1);")
    inner.makefile(".sql", inner="UPDATE item SET name = 'screw' WHERE name = 'nut';")
    inner.mkdir("seeds").joinpath("two.sql").write_text("INSERT INTO invoice (amount) VALUES (2);")
    inner.runpytest_inprocess().assert_outcomes(passed=2)


def test_a_seed_that_is_refused_is_named_by_file_line_and_constraint(
    inner: pytest.Pytester,
) -> None:
    inner.makepyfile("""
        import pytest

        @pytest.mark.proofmark(seed="wrong.sql")
        def test_constraint(db_connection):
            pass

        @pytest.mark.proofmark(seed="typo.sql")
        def test_typo(db_connection):
            pass

        @pytest.mark.proofmark(seed="copy.sql")
        def test_copy(db_connection):
            pass

        @pytest.mark.proofmark(seed="absent.sql")
        def test_absent(db_connection):
            pass

        def test_the_next(items):
            assert items() == ["bolt"]
    """)
    inner.makefile(".sql", wrong="DELETE FROM item;\nINSERT INTO item VALUES (DEFAULT, 'x', 0);")
    inner.makefile(".sql", typo="SELECT 1;\n\nSELECT nothing_like_it;")
    inner.makefile(".sql", copy="COPY item FROM stdin;")
    result = inner.runpytest_inprocess()
    result.assert_outcomes(errors=4, passed=1)
    result.stdout.fnmatch_lines(
        [
            '*wrong.sql: new row * violates check constraint "item_quantity_positive" *',
            '*typo.sql:3: column "nothing_like_it" does not exist (SQLSTATE 42703)',
            "*copy.sql: COPY from stdin failed*",
            "*absent.sql cannot be read: No such file or directory",
        ]
    )


def test_a_marker_that_cannot_be_understood_is_an_error(inner: pytest.Pytester) -> None:
    inner.makepyfile("""
        import pytest

        @pytest.mark.proofmark("shop")
        def test_positional(): pass

        @pytest.mark.proofmark(sead="x.sql")
        def test_misspelled(): pass

        @pytest.mark.proofmark(lane="fast")
        def test_lane(): pass

        @pytest.mark.proofmark(database="nope")
        def test_unknown(): pass

        @pytest.mark.proofmark(database=["shop", "billing"], seed="x.sql")
        def test_whose_seed(): pass
    """)
    result = inner.runpytest_inprocess()
    result.assert_outcomes(errors=5)
    result.stdout.fnmatch_lines(
        [
            "*does not take: 'shop'",
            "*does not take: sead",
            "*`lane` of @pytest.mark.proofmark is one of proxy, direct",
            '*there is no database "nope"*',
            "*belongs to one database",
        ]
    )
