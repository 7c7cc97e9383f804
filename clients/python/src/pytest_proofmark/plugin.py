"""What pytest calls.

In: pytest's hooks. Out: a run of Proofmark around the tests, and a lease around each of them.

Invariant: no test sees the database of another, and the last word of a failed test says how to
look at its own.
"""

import contextlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from pytest_proofmark import server
from pytest_proofmark.asynchronous import (
    async_db_connection,
    async_db_engine,
    async_db_session,
    asyncpg_connection,
)
from pytest_proofmark.errors import ProofmarkError, said_plainly
from pytest_proofmark.fixtures import (
    db_connection,
    db_engine,
    db_session,
    proofmark_bench,
    proofmark_lease,
    proofmark_leases,
    proofmark_url,
    proofmark_urls,
)
from pytest_proofmark.request import LANES
from pytest_proofmark.state import (
    EVERY_WORKER,
    RUN,
    Run,
    held_by,
    holding_of,
    let_go,
    wants_before_fixtures,
)

# pytest finds fixtures by these names.
__all__ = [
    "async_db_connection",
    "async_db_engine",
    "async_db_session",
    "asyncpg_connection",
    "db_connection",
    "db_engine",
    "db_session",
    "proofmark_bench",
    "proofmark_lease",
    "proofmark_leases",
    "proofmark_url",
    "proofmark_urls",
]

_CONCLUSION = pytest.StashKey[server.Conclusion]()

# Exit codes of `proofmark` (docs/reference/configuration.md) that say something about the tests
# which pytest does not know: an internal error, a server that was lost, a gate that failed.
_FAILING = {1, 5, 10}
_NOTHING_OBSERVED = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options, and the same in the configuration."""
    group = parser.getgroup("proofmark", "real, isolated PostgreSQL databases")
    group.addoption(
        "--proofmark",
        choices=("auto", "off"),
        default="auto",
        help="auto: start Proofmark unless `proofmark run` did; off: do nothing",
    )
    group.addoption(
        "--proofmark-binary",
        metavar="PATH",
        default=None,
        help="the command `proofmark` [env: PROOFMARK_BINARY; default: found on PATH]",
    )
    group.addoption(
        "--proofmark-lane",
        choices=LANES,
        default=None,
        help="proxy: what is refused is seen; direct: the database itself, without a hop",
    )
    parser.addini("proofmark_binary", "the command `proofmark`", default="proofmark")
    parser.addini("proofmark_lane", "proxy or direct", default="proxy")
    for name, drivers in (
        ("proofmark_drivers", "psycopg psycopg2 pg8000"),
        ("proofmark_async_drivers", "asyncpg psycopg"),
    ):
        help_ = f"SQLAlchemy's drivers, the first that is installed is used [default: {drivers}]"
        parser.addini(name, help_, type="args", default=[])
    parser.addini(
        "proofmark_every_test",
        "give every test a database, in DATABASE_URL too, whether it asks for it or not",
        type="bool",
        default=False,
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Starts Proofmark before any conftest.py, because code under test may read its URL there."""
    run = early_config.stash[RUN] = Run()
    options = early_config.known_args_namespace
    runs_tests = not (options.collectonly or options.help or options.version)
    if runs_tests and options.proofmark == "auto" and "PROOFMARK_URL" not in os.environ:
        _start(early_config, run, color=options.color)
    yield


def _start(config: pytest.Config, run: Run, *, color: str) -> None:
    options = config.known_args_namespace
    named = options.proofmark_binary or os.environ.get("PROOFMARK_BINARY")
    project = server.project_of(config.invocation_params.dir) or server.project_of(config.rootpath)
    if project is None:
        return
    try:
        binary = server.program(named or _from_root(config))
    except ProofmarkError as error:
        # Only tests that ask for a database need it.
        run.missing = str(error)
        return
    is_colored = color == "yes" or (color == "auto" and os.isatty(1))
    try:
        run.server = server.Server(binary, project, color=is_colored)
    except ProofmarkError as error:
        raise pytest.UsageError(f"Proofmark could not start\n{error}") from error


def _from_root(config: pytest.Config) -> str:
    """The command that the configuration names; a path is relative to the root."""
    named = str(config.getini("proofmark_binary"))
    return str(config.rootpath / named) if Path(named).name != named else named


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.stash.setdefault(RUN, Run())
    config.addinivalue_line(
        "markers",
        "proofmark(database, seed, lane): the databases of a test, by their names in"
        " proofmark.toml, the files of SQL that fill them, and the lane to them",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 (a type of pytest-xdist)
    """Tells a worker of pytest-xdist what it cannot see itself."""
    node.workerinput[EVERY_WORKER] = node.config.getoption("dist") == "each"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Takes the databases that have to be there before any fixture."""
    if item.config.getoption("proofmark") == "auto" and wants_before_fixtures(item):
        with said_plainly():
            holding_of(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Gives the databases back when every fixture is torn down."""
    try:
        yield
    except BaseException:
        if (holding := held_by(item)) is not None:
            holding.has_failed = True
        # The first failure is the one to show; what is broken besides is in Proofmark's report.
        with contextlib.suppress(ProofmarkError):
            let_go(item)
        raise
    with said_plainly():
        let_go(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remembers failures, and says in their report how to look at the database."""
    report = yield
    holding = held_by(item)
    if holding is not None and report.failed:
        holding.has_failed = True
        if kept := holding.kept():
            report.sections.append(("proofmark", kept))
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Ends a Proofmark that was started here; its verdict counts."""
    run = session.config.stash[RUN]
    if run.bench is not None:
        run.bench.close()
    if run.server is None:
        return
    conclusion = session.config.stash[_CONCLUSION] = run.server.stop(int(exitstatus))
    run.server = None
    if conclusion.code in _FAILING and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows Proofmark's report."""
    conclusion = terminalreporter.config.stash.get(_CONCLUSION, None)
    if conclusion is None:
        return
    terminalreporter.section("proofmark")
    if conclusion.code == _NOTHING_OBSERVED:
        terminalreporter.write_line("nothing was observed: no test connected to its database")
        return
    terminalreporter.write(conclusion.report)
    terminalreporter.write(conclusion.complaint)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends what is still there when pytest never came to its tests."""
    run = config.stash.get(RUN, None)
    if run is not None and run.server is not None:
        run.server.stop(int(pytest.ExitCode.INTERNAL_ERROR))
        run.server = None
