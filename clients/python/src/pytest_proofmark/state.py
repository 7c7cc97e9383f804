"""What the plugin knows of a pytest run, and of each test in it.

In: pytest's own objects. Out: the bench of the run, the databases of a test.

Invariant: a run without Proofmark is none of the plugin's business until a test asks for a
database; then it is an error that says what is missing.
"""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from pytest_proofmark.bench import Bench
from pytest_proofmark.errors import ProofmarkError
from pytest_proofmark.holding import Holding
from pytest_proofmark.request import MARKER, wanted
from pytest_proofmark.server import Server


@dataclass(slots=True)
class Run:
    """A pytest run."""

    server: Server | None = None
    """Where this process started Proofmark itself."""
    missing: str = "there is no proofmark.toml here\nhelp: proofmark init"
    """Why there is no bench, where there is none."""
    bench: Bench | None = None


RUN = pytest.StashKey[Run]()
EVERY_WORKER = "proofmark_every_worker"
"""What workers of pytest-xdist are told: whether each of them runs every test."""
_HOLDING = pytest.StashKey[Holding]()


def bench_of(config: pytest.Config) -> Bench:
    """The bench of this run."""
    run = config.stash[RUN]
    if config.getoption("proofmark") == "off":
        raise ProofmarkError("--proofmark=off, and this test asks for a database")
    if run.bench is None:
        console = os.environ.get("PROOFMARK_URL")
        if console is None:
            raise ProofmarkError(run.missing)
        run.bench = Bench(console, _default_database(), _worker_of(config))
    return run.bench


def _default_database() -> str | None:
    """The database that the environment of a run points at."""
    of_url = urlsplit(os.environ.get("DATABASE_URL", "")).path.removeprefix("/")
    named = of_url or os.environ.get("PGDATABASE", "")
    return named.partition("~")[0] or None


def holding_of(item: pytest.Item) -> Holding:
    """What the test holds; taken now, where it holds nothing yet."""
    holding = item.stash.get(_HOLDING, None)
    if holding is None:
        bench = bench_of(item.config)
        lane = str(item.config.getoption("proofmark_lane") or item.config.getini("proofmark_lane"))
        holding = item.stash[_HOLDING] = Holding(bench, _name_of(item))
        holding.take(wanted(item, bench.default, lane))
    return holding


def held_by(item: pytest.Item) -> Holding | None:
    """What the test holds, if anything."""
    return item.stash.get(_HOLDING, None)


def let_go(item: pytest.Item) -> None:
    """Gives back what the test holds; raises `BrokenInvariant` where one does not hold."""
    holding = item.stash.get(_HOLDING, None)
    if holding is not None:
        del item.stash[_HOLDING]
        holding.give_back()


def wants_before_fixtures(item: pytest.Item) -> bool:
    """Whether the test is to have its databases before any fixture is set up."""
    every = item.config.getini("proofmark_every_test")
    return bool(every) or item.get_closest_marker(MARKER) is not None


def _name_of(item: pytest.Item) -> str:
    """The test in the report: its node id; where every worker runs it, that and the worker."""
    worker = _worker_of(item.config)
    every = _told(item.config).get(EVERY_WORKER)
    return f"{item.nodeid} @{worker}" if every else item.nodeid


def _worker_of(config: pytest.Config) -> str | None:
    """The worker of pytest-xdist that this process is."""
    worker = _told(config).get("workerid")
    return None if worker is None else str(worker)


def _told(config: pytest.Config) -> dict[str, object]:
    """What a worker of pytest-xdist was told; elsewhere nothing."""
    told: dict[str, object] = getattr(config, "workerinput", {})
    return told
