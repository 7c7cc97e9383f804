"""What a test asks for: its databases, their seeds, and the lane.

In: the markers of a test. Out: `Wanted`, one for each database.

    @pytest.mark.proofmark(database="shop", seed="orders.sql", lane="direct")

Invariant: a marker that cannot be understood is an error of the test and never passed over.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_proofmark.errors import ProofmarkError

MARKER = "proofmark"
LANES = ("proxy", "direct")
_ARGUMENTS = {"database", "seed", "lane"}


@dataclass(slots=True)
class Wanted:
    """One database of a test."""

    database: str
    seeds: list[Path] = field(default_factory=list)
    lane: str = "proxy"


def wanted(item: pytest.Item, default: str, lane: str) -> list[Wanted]:
    """The databases of a test, its own first; the seeds of outer markers run before inner ones.

    `default` is called where a marker names no database, and only then.
    """
    found: dict[str, Wanted] = {}
    # Outermost first: module, class, function.
    for marker in reversed(list(item.iter_markers(MARKER))):
        arguments = _arguments(marker)
        databases = _texts(arguments.get("database"), "database") or [default]
        seeds = [_seed(item, seed) for seed in _texts(arguments.get("seed"), "seed")]
        if seeds and len(databases) > 1:
            raise ProofmarkError(
                "a seed of @pytest.mark.proofmark(...) belongs to one database\n"
                "help: one marker for each database"
            )
        for database in databases:
            one = found.setdefault(database, Wanted(database, lane=lane))
            one.seeds += seeds
            one.lane = _lane(arguments.get("lane", one.lane))
    if not found:
        return [Wanted(default, lane=lane)]
    closest = item.get_closest_marker(MARKER)
    own = (_texts(closest.kwargs.get("database"), "database") if closest else []) or [default]
    return sorted(found.values(), key=lambda one: one.database != own[0])


def _arguments(marker: pytest.Mark) -> dict[str, Any]:
    unknown = sorted(set(marker.kwargs) - _ARGUMENTS)
    if marker.args or unknown:
        given = ", ".join([*map(repr, marker.args), *unknown])
        raise ProofmarkError(
            f"@pytest.mark.proofmark does not take: {given}\n"
            'help: @pytest.mark.proofmark(database="shop", seed="orders.sql", lane="direct")'
        )
    return dict(marker.kwargs)


def _texts(value: object, what: str) -> list[str]:
    match value:
        case None:
            return []
        case str() | Path():
            return [str(value)]
        case list() | tuple():
            return [text for one in value for text in _texts(one, what)]
        case _:
            raise ProofmarkError(f"`{what}` of @pytest.mark.proofmark is a text, not {value!r}")


def _lane(value: object) -> str:
    if value not in LANES:
        raise ProofmarkError(f"`lane` of @pytest.mark.proofmark is one of {', '.join(LANES)}")
    return str(value)


def _seed(item: pytest.Item, seed: str) -> Path:
    """Beside the test first, as a reader expects; then from the root."""
    places = (item.path.parent, item.config.rootpath)
    paths = [place / seed for place in places]
    return next((path for path in paths if path.is_file()), paths[0])
