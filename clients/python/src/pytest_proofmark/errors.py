"""What can go wrong between pytest and Proofmark, as a person reads it."""

import contextlib
from collections.abc import Iterator

import pytest


class ProofmarkError(Exception):
    """Proofmark could not do what was asked; the message says what to do about it."""


class SeedError(ProofmarkError):
    """The database refused a statement of a seed file."""


class BrokenInvariant(ProofmarkError):  # noqa: N818 (the product calls it so)
    """An invariant does not hold in the database that a test left."""

    def __str__(self) -> str:
        """What is broken, below a line that says so."""
        return f"an invariant is broken\n{super().__str__()}"


@contextlib.contextmanager
def said_plainly() -> Iterator[None]:
    """Fails the test with the message alone: how the plugin came there helps nobody."""
    try:
        yield
    except ProofmarkError as error:
        raise pytest.fail.Exception(f"proofmark: {error}", pytrace=False) from None
