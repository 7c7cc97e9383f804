"""Leases: databases that belong to one test.

In: the console of a run (`PROOFMARK_URL`). Out: leases, taken and given back.

Main types: `Bench`, `Lease`. Invariant: a lease that was taken is given back once, and giving it
back says whether the test failed.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pytest_proofmark.errors import BrokenInvariant, ProofmarkError, SeedError
from pytest_proofmark.refusals import Refusals
from pytest_proofmark.watched import attend, leave
from pytest_proofmark.wire import Address, Connection, ServerError, literal, name

# RETURN's error when an invariant is broken (docs/explanation/proxy.md, "The console").
_ASSERT_FAILURE = "P0004"
# That of a test that holds no lease.
_NOT_HELD = "42704"


@dataclass(frozen=True, slots=True)
class Lease:
    """A database of one test."""

    test: str
    """The test, as the report names it."""
    template: str
    """The database's name in `proofmark.toml`."""
    url: str
    """Where the test connects: `postgresql://...`."""
    database: str
    """The database's real name, by which `proofmark psql` finds it when it was kept."""
    is_direct: bool
    """Whether the URL is that of the database itself, without the proxy between."""
    through_proxy: str
    """The URL through the proxy, whichever lane the test takes."""
    refusals: Refusals = field(default_factory=Refusals, compare=False, repr=False)
    """What was refused on the direct lane and seen."""

    def saw(self, error: BaseException, statement: str = "") -> bool:
        """Shows the lease an exception of any driver; answers whether a database refused.

        On the direct lane this is how a refusal comes to be counted that none of the plugin's
        connections saw; on the proxy's lane it was seen. An exception counts once.
        """
        refusals = self.refusals if self.is_direct else Refusals()
        return refusals.saw(error, statement)

    def seed(self, path: Path) -> None:
        """Runs a file of SQL in the database; everything in it is one transaction."""
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise SeedError(f"the seed {path} cannot be read: {error.strerror}") from error
        connection = Connection(self.through_proxy)
        try:
            connection.execute(text)
        except ServerError as error:
            line = "" if error.position is None else f":{_line_of(text, error.position)}"
            raise SeedError(f"{path}{line}: {error}") from error
        finally:
            connection.close()


class Bench:
    """The databases of a run. Connects when it is first asked for one."""

    def __init__(self, console_url: str, default: str | None, worker: str | None = None) -> None:
        """`default` is the database of tests that name none; `worker` one of several processes."""
        self._console_url = console_url
        self._default = default
        self._worker = worker
        self._connection: Connection | None = None
        self._pid = os.getpid()
        self._direct: dict[str, list[Lease]] = {}
        self._was_repeated = False

    @property
    def default(self) -> str:
        """The database of tests that name none."""
        if self._default is None:
            raise ProofmarkError(
                "neither DATABASE_URL nor PGDATABASE says which database is meant\n"
                'help: name it: @pytest.mark.proofmark(database="shop")'
            )
        return self._default

    def take(self, test: str, database: str | None = None, *, direct: bool = False) -> Lease:
        """Gives the test a database of its own; the same again while it holds one."""
        template = database or self.default
        asked = f"LEASE {name(template)} FOR {literal(test)}"
        through_proxy, real = self._lease(asked)
        url = self._lease(f"{asked} DIRECT")[0] if direct else through_proxy
        held = self._direct.setdefault(test, []) if direct else []
        for lease in held:
            if lease.template == template:
                return lease
        lease = Lease(test, template, url, real, direct, through_proxy)
        if direct:
            held.append(lease)
            attend(real, lease.refusals)
        return lease

    def give_back(self, test: str, *, failed: bool) -> None:
        """Gives back what the test holds; after a failure its databases are kept.

        Raises `BrokenInvariant` where one does not hold in what the test left.
        """
        try:
            self._tell(test)
        finally:
            self._return(test, failed=failed)

    def _tell(self, test: str) -> None:
        """Tells what was refused on the direct lane."""
        for lease in self._direct.pop(test, []):
            leave(lease.database)
            told = f"REFUSED {name(lease.template)} FOR {literal(test)} AS "
            for refusal in lease.refusals.take():
                try:
                    self._execute(told + literal(refusal), repeat=False)
                except ServerError as error:
                    raise ProofmarkError(f"a refusal could not be told: {error}") from error

    def _return(self, test: str, *, failed: bool) -> None:
        try:
            self._execute(f"RETURN {literal(test)}{' FAILED' if failed else ''}")
        except ServerError as error:
            if error.sqlstate == _NOT_HELD and self._was_repeated:
                # The answer was lost with the connection, not the command.
                return
            if error.sqlstate != _ASSERT_FAILURE:
                raise ProofmarkError(str(error)) from error
            help_ = f"\nhelp: {error.hint}" if error.hint else ""
            raise BrokenInvariant(f"{error.message}{help_}") from error

    @contextlib.contextmanager
    def leased(
        self, test: str, database: str | None = None, *, direct: bool = False
    ) -> Iterator[Lease]:
        """A lease for the time of a `with`: for fixtures that several tests share.

        A worker of pytest-xdist has one of its own: it sets up the fixture for itself, and the
        first to be done would give back what the others still use.
        """
        holder = test if self._worker is None else f"{test} @{self._worker}"
        lease = self.take(holder, database, direct=direct)
        try:
            yield lease
        except BaseException:
            self.give_back(holder, failed=True)
            raise
        self.give_back(holder, failed=False)

    def close(self) -> None:
        """Closes the connection to the console."""
        if self._connection is not None and self._pid == os.getpid():
            self._connection.close()
        self._connection = None

    def _lease(self, statement: str) -> tuple[str, str]:
        try:
            rows = self._execute(statement)
        except ServerError as error:
            raise ProofmarkError(str(error)) from error
        _test, url, real, *_lane = rows[0]
        if url is None or real is None:
            raise ProofmarkError("the console answered LEASE without a URL: a bug, report it")
        # SQLAlchemy knows no scheme `postgres`.
        scheme, _, rest = url.partition("://")
        return f"{'postgresql' if scheme == 'postgres' else scheme}://{rest}", real

    def _execute(self, statement: str, *, repeat: bool = True) -> list[tuple[str | None, ...]]:
        """Carries out a statement; once more where the connection turns out to be lost.

        What must not happen twice is not repeated.
        """
        self._was_repeated = False
        try:
            return self._connected().execute(statement)
        except OSError as error:
            if not repeat:
                raise ProofmarkError(f"Proofmark is gone: {error}") from error
        self._was_repeated = True
        try:
            return self._connected().execute(statement)
        except OSError as error:
            raise ProofmarkError(f"Proofmark is gone: {error}") from error

    def _connected(self) -> Connection:
        """The connection to the console, opened where there is none that can be used."""
        connection = self._connection
        # A process that was forked must not speak on its parent's connection.
        if connection is None or not connection.is_open or self._pid != os.getpid():
            try:
                connection = Connection(self._console_url)
            except OSError as error:
                address = Address.of(self._console_url)
                raise ProofmarkError(
                    f"nobody answers at {address.host}:{address.port}, where PROOFMARK_URL points:"
                    f" {error}\nhelp: unset PROOFMARK_URL, or run: proofmark run -- pytest"
                ) from error
            self._connection, self._pid = connection, os.getpid()
        return connection


def _line_of(text: str, position: int) -> int:
    """The line of a position that the server counts in characters, from 1."""
    return text.count("\n", 0, position - 1) + 1
