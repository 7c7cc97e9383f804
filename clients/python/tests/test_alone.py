"""pytest starts Proofmark itself, and nothing is left of it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from conftest import Project

ONE = """
import os

def test_writes(db_connection, items):
    db_connection.execute("INSERT INTO item (name, quantity) VALUES ('nut', 2)")
    assert items() == ["bolt", "nut"]

def test_does_not_see_it(items):
    assert items() == ["bolt"]
"""


def test_the_report_follows_the_tests(project: Project) -> None:
    project.write("test_it.py", ONE)
    ran = project.pytest()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 passed" in ran.stdout
    assert "item_quantity_positive" in ran.stdout
    assert "Leased 2 databases, one per test" in ran.stdout
    assert (project.directory / ".proofmark/latest/report.json").is_file()


def test_a_url_is_there_before_any_conftest(project: Project) -> None:
    project.write("sub/conftest.py", 'import os\nURL = os.environ["DATABASE_URL"]\n')
    project.write("sub/test_it.py", "def test_it(proofmark_url): pass\n")
    ran = project.pytest("sub")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_without_a_connection_nothing_was_observed(project: Project) -> None:
    project.write("test_it.py", "def test_it(): pass\n")
    ran = project.pytest()
    assert ran.returncode == 0, ran.stdout
    assert "nothing was observed: no test connected to its database" in ran.stdout


def test_proofmark_run_needs_no_second_one(project: Project) -> None:
    project.write("test_it.py", ONE)
    ran = project.run(project.environment["PROOFMARK_BINARY"], "run", "--", *project.command())
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("Leased 2 databases, one per test") == 1


def test_off_is_off(project: Project) -> None:
    project.write("test_it.py", ONE + "def test_other():\n    assert 'PGPORT' not in os.environ\n")
    ran = project.pytest("--proofmark=off")
    assert "1 passed, 2 errors" in ran.stdout
    assert "proofmark: --proofmark=off" in ran.stdout


def test_what_is_missing_is_said(project: Project) -> None:
    project.write("test_it.py", ONE + "def test_other(): pass\n")
    ran = project.pytest("--proofmark-binary=no-such-command")
    assert "1 passed, 2 errors" in ran.stdout
    assert "proofmark: there is no command `no-such-command`" in ran.stdout
    (project.directory / "proofmark.toml").unlink()
    ran = project.pytest()
    assert "proofmark: there is no proofmark.toml here" in ran.stdout


def test_a_migration_that_is_refused_stops_pytest(project: Project) -> None:
    project.write("broken/1.sql", "CREATE TABEL item ();\n")
    project.write("proofmark.toml", '[database.shop]\nmigrations = "broken"\n')
    project.write("test_it.py", ONE)
    ran = project.pytest()
    assert ran.returncode == 4, ran.stdout
    assert "Proofmark could not start" in ran.stderr
    assert "CREATE TABEL" in ran.stderr


def test_nothing_is_left_of_a_pytest_that_was_killed(project: Project) -> None:
    project.write(
        "test_it.py",
        """
import os, pathlib, threading

def test_stays(db_connection):
    place = pathlib.Path(__file__).parent
    (place / "run.new").write_text(os.environ["PROOFMARK_RUN"])
    (place / "run.new").rename(place / "run")
    threading.Event().wait()
""",
    )
    command = project.command()
    process = subprocess.Popen(
        command,
        cwd=project.directory,
        env=project.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        run = project.directory / "run"
        until(run.is_file)
        name = run.read_text()
        assert processes_of(name), "there is a server"
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    until(lambda: not processes_of(name))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def processes_of(run: str) -> list[int]:
    """Processes whose command or environment names the run, less those that ended."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if run.encode() in words:
            found.append(int(entry.name))
    return found
