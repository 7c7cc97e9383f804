"""The databases that one test holds, and what becomes of them.

In: a test. Out: its leases, taken when the first fixture asks or, with `proofmark_every_test` or a
marker, before any; given back when every other fixture is torn down.

Invariant: while a test holds a database, every variable of the environment that pointed at that
database points at the test's own. Main type: `Holding`.
"""

import os
import re
from collections.abc import Mapping
from types import MappingProxyType

from pytest_proofmark.bench import Bench, Lease
from pytest_proofmark.request import Wanted


class Holding:
    """What one test holds."""

    def __init__(self, bench: Bench, test: str) -> None:
        """Holds nothing yet."""
        self.test = test
        self.has_failed = False
        self._bench = bench
        self._leases: dict[str, Lease] = {}
        self._before: dict[str, str] = {}

    @property
    def leases(self) -> Mapping[str, Lease]:
        """By the database's name in `proofmark.toml`, the test's own first."""
        return MappingProxyType(self._leases)

    @property
    def own(self) -> Lease:
        """The first of them."""
        return next(iter(self._leases.values()))

    def take(self, wanted: list[Wanted]) -> None:
        """Takes every database and fills it."""
        for one in wanted:
            lease = self._bench.take(self.test, one.database, direct=one.lane == "direct")
            self._leases[one.database] = lease
            for seed in one.seeds:
                lease.seed(seed)
            self._point_at(lease)

    def give_back(self) -> None:
        """Gives everything back; raises `BrokenInvariant` where one does not hold."""
        os.environ.update(self._before)
        self._before.clear()
        if self._leases:
            self._leases.clear()
            self._bench.give_back(self.test, failed=self.has_failed)

    def kept(self) -> str:
        """How to look at the databases after a failure."""
        lines = []
        for lease in self._leases.values():
            lines += [
                f"database {lease.template} is kept as {lease.database}; when the run has ended:",
                f"    proofmark psql {lease.database}",
                f"    proofmark url {lease.database}",
            ]
        return "\n".join(lines)

    def _point_at(self, lease: Lease) -> None:
        """Code under test may read its URL anew for each connection."""
        for variable, value in list(os.environ.items()):
            own = _pointed_at(variable, value, lease)
            if own is not None:
                self._before[variable] = value
                os.environ[variable] = own


# A URL through the proxy: everything before the database, its name, and what follows.
_PROXY_URL = re.compile(r"(postgres(?:ql)?://[^/?#]*@127\.0\.0\.1:\d+/)([^/?#]+)(.*)", re.DOTALL)


def _pointed_at(variable: str, value: str, lease: Lease) -> str | None:
    """What the variable should say, where it pointed at the lease's database."""
    through_proxy = _PROXY_URL.fullmatch(lease.through_proxy)
    if through_proxy is None:
        return None
    start, database, _ = through_proxy.groups()
    if variable == "PGDATABASE":
        return database if value == lease.template else None
    found = _PROXY_URL.fullmatch(value)
    if found is None or found[1].partition("://")[2] != start.partition("://")[2]:
        return None
    if found[2] != lease.template:
        return None
    return lease.url if not found[3] else f"{found[1]}{database}{found[3]}"
