"""A run for the inner tests, and projects that have a run of their own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Inner runs begin with the modules that are loaded here, and forget those that they load: an
# extension module that is loaded twice crashes.
import asyncpg  # noqa: F401
import greenlet  # noqa: F401
import psycopg  # noqa: F401
import pytest
import sqlalchemy.dialects.postgresql.asyncpg
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.ext.asyncio  # noqa: F401

from pytest_proofmark.wire import Connection

MIGRATIONS = Path(__file__).parent / "migrations"
OF_A_RUN = ("PROOFMARK_URL", "PROOFMARK_RUN", "DATABASE_URL", "BILLING_URL", "PYTEST_ADDOPTS")

CONFTEST = """
import os, pytest

@pytest.fixture
def items(db_connection):
    def items():
        rows = db_connection.execute("SELECT name FROM item ORDER BY item_id").fetchall()
        return [name for (name,) in rows]
    return items
"""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Nothing here means anything without a run around it."""
    if "PROOFMARK_URL" not in os.environ and not session.config.option.collectonly:
        pytest.exit("no `proofmark` on PATH: set PROOFMARK_BINARY", returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A project of its own means a process of its own."""
    for item in items:
        if "project" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")


@pytest.fixture
def inner(pytester: pytest.Pytester) -> pytest.Pytester:
    """Inner tests in the run of the outer ones."""
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return pytester


def held() -> list[str | None]:
    """The tests that hold a database by the console now."""
    connection = Connection(os.environ["PROOFMARK_URL"])
    try:
        rows = connection.execute("SHOW LEASES")
    finally:
        connection.close()
    return [test for _, test, _, _, identified_by, *_ in rows if identified_by == "console"]


@dataclass
class Project:
    """A directory with a `proofmark.toml`, and no run around it."""

    directory: Path
    environment: dict[str, str]

    def write(self, name: str, text: str) -> "Project":
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return self

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def pytest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(*self.command(*arguments))


@pytest.fixture
def project(binary: str) -> Iterator[Project]:
    """A project of its own; not below pytest's folder, which a server's user cannot enter."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    for name in OF_A_RUN:
        kept.pop(name, None)
    kept["PROOFMARK_BINARY"] = binary
    with tempfile.TemporaryDirectory(prefix="pytest-proofmark-") as directory:
        path = Path(directory)
        path.chmod(0o711)
        project = Project(path, kept)
        project.write("proofmark.toml", f'[database.shop]\nmigrations = "{MIGRATIONS}/shop"\n')
        project.write("conftest.py", CONFTEST)
        yield project


@pytest.fixture(scope="session")
def binary(pytestconfig: pytest.Config) -> str:
    """The command that this run was started with."""
    option = pytestconfig.getoption("proofmark_binary")
    return str(Path(option or os.environ.get("PROOFMARK_BINARY") or "proofmark").absolute())
