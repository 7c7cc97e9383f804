"""Starts Proofmark itself, where pytest was not started by `proofmark run`.

In: the command `proofmark` and a directory with a `proofmark.toml`. Out: the variables of a run,
and its report when the tests are done.

Invariant: `proofmark serve` ends when its standard input does, so that nothing is left when pytest
is killed. Main type: `Server`.
"""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pytest_proofmark.errors import ProofmarkError

CONFIGURATION = "proofmark.toml"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How a run ended."""

    code: int
    """The exit code of `proofmark`."""
    report: str
    """What it printed."""
    complaint: str
    """What it said on standard error."""


def project_of(directory: Path) -> Path | None:
    """The nearest directory, from this one up, that has a `proofmark.toml`."""
    places = (directory, *directory.parents)
    return next((place for place in places if (place / CONFIGURATION).is_file()), None)


def program(named: str) -> str:
    """Where the command is; raises where it is not."""
    found = shutil.which(named)
    if found is None:
        raise ProofmarkError(
            f"there is no command `{named}`\n"
            "help: install it (cargo install --path crates/cli), or name it with"
            " --proofmark-binary, PROOFMARK_BINARY or `proofmark_binary` in the configuration"
        )
    return found


class Server:
    """A `proofmark serve` of our own, and the environment that it asks for."""

    def __init__(self, binary: str, directory: Path, *, color: bool) -> None:
        """Starts it and waits until there are databases."""
        self._complaint: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed in `stop`)
        self._process = subprocess.Popen(  # noqa: S603 (the command is the user's choice)
            [binary, "serve", "--quiet", "--color", "always" if color else "never"],
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaint,
        )
        self._before: dict[str, str | None] = {}
        self._owner = os.getpid()
        try:
            line = self._out.readline()
        except BaseException:
            self._abandon()
            raise
        if not line:
            conclusion = self._conclude()
            raise ProofmarkError(conclusion.complaint.strip() or "proofmark serve said nothing")
        told = json.loads(line)
        self.databases: list[str] = told["databases"]
        self._enter(told["set"], told["unset"])

    @property
    def _out(self) -> IO[bytes]:
        assert self._process.stdout is not None, "it was asked for"  # noqa: S101
        return self._process.stdout

    def stop(self, exit_code: int) -> Conclusion:
        """Says how the tests went, and waits for the report."""
        self._leave()
        assert self._process.stdin is not None, "it was asked for"  # noqa: S101
        try:
            self._process.stdin.write(f"{exit_code}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            # It has ended already; its exit code says why.
            pass
        return self._conclude()

    def _conclude(self) -> Conclusion:
        out, _ = self._process.communicate()
        self._complaint.seek(0)
        complaint = self._complaint.read().decode(errors="replace")
        self._complaint.close()
        return Conclusion(self._process.returncode, out.decode(errors="replace"), complaint)

    def _abandon(self) -> None:
        self._process.communicate()
        self._complaint.close()

    def _enter(self, set_: dict[str, str], unset: list[str]) -> None:
        """Makes this process, and those that it starts, clients of the run."""
        for variable in (*set_, *unset):
            self._before[variable] = os.environ.get(variable)
        os.environ.update(set_)
        for variable in unset:
            os.environ.pop(variable, None)

    def _leave(self) -> None:
        for variable, value in self._before.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value
