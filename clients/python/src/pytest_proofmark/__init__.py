"""A real, isolated PostgreSQL database for every test.

The fixtures are in `pytest_proofmark.fixtures`; what is exported here is for annotations and for
leases that last longer than one test.
"""

from pytest_proofmark.bench import Bench, Lease
from pytest_proofmark.errors import BrokenInvariant, ProofmarkError, SeedError

__all__ = ["Bench", "BrokenInvariant", "Lease", "ProofmarkError", "SeedError"]
