"""What a database refused on the direct lane, where no proxy sees it.

In: the exceptions of drivers. Out: for each error of the server its fields, once, as the console of
Proofmark takes them (`REFUSED`, docs/explanation/proxy.md).

Main type: `Refusals`. Invariant: an exception that carries no SQLSTATE of a server is none, nothing
is read out of a message, and what is longer than the console takes is left out whole.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping

# Refusals that are kept of one database.
KEPT_MAX = 1000
# Longest text of a statement; only its shape is of interest, and of that 2 KiB are kept.
_STATEMENT_MAX = 4096
# Longest detail; half a row is none.
_DETAIL_MAX = 4096
# Longest message that the console takes, less what stands around it, in bytes.
_TOLD_MAX = 60_000

# "Error and Notice Message Fields" in the PostgreSQL documentation: our name, and where it is found
# in psycopg's `diag` (also psycopg2's), on asyncpg's exceptions, and among pg8000's letters.
_FIELDS = (
    ("severity", "severity_nonlocalized", "severity_en", "V"),
    ("sqlstate", "sqlstate", "sqlstate", "C"),
    ("schema", "schema_name", "schema_name", "s"),
    ("table", "table_name", "table_name", "t"),
    ("column", "column_name", "column_name", "c"),
    ("datatype", "datatype_name", "data_type_name", "d"),
    ("constraint", "constraint_name", "constraint_name", "n"),
    ("routine", "source_function", "server_source_function", "R"),
    ("detail", "message_detail", "detail", "D"),
)
_COUNTED = "_proofmark_counted"


class Refusals:
    """The refusals of one database."""

    def __init__(self) -> None:
        """None yet."""
        self._kept: list[dict[str, str]] = []

    def saw(self, error: BaseException, statement: str = "") -> bool:
        """Keeps what a server refused; answers whether the exception, or one of its causes, is it.

        The same exception counts once, however often it is shown.
        """
        for one in _causes(error):
            fields = _fields(one)
            if fields is None:
                continue
            if not getattr(one, _COUNTED, False) and len(self._kept) < KEPT_MAX:
                statement = statement or str(getattr(error, "statement", None) or "")
                self._kept.append(_bounded(fields, statement))
                with contextlib.suppress(AttributeError):
                    setattr(one, _COUNTED, True)
            return True
        return False

    def take(self) -> list[str]:
        """All of them as JSON, in their order; none is left."""
        kept, self._kept = self._kept, []
        return [_json(one) for one in kept]


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception, what an ORM wrapped in it, and its causes: every exception once."""
    waiting, known = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in known:
            continue
        known.add(id(one))
        yield one
        inner = (getattr(one, "orig", None), one.__cause__)
        waiting += [each for each in inner if isinstance(each, BaseException)]


def _fields(error: BaseException) -> dict[str, str] | None:
    """The fields of a server's error, by our names; none where the server did not say it."""
    diag = getattr(error, "diag", None)
    told = error.args[0] if error.args else None
    if diag is not None:
        found = {ours: getattr(diag, psycopg, None) for ours, psycopg, _, _ in _FIELDS}
    elif hasattr(error, "constraint_name") and hasattr(error, "sqlstate"):
        found = {ours: getattr(error, asyncpg, None) for ours, _, asyncpg, _ in _FIELDS}
    elif isinstance(told, Mapping) and "C" in told:
        found = {ours: told.get(letter) for ours, _, _, letter in _FIELDS}
    else:
        return None
    texts = {name: value for name, value in found.items() if isinstance(value, str) and value}
    return texts if "sqlstate" in texts else None


def _bounded(fields: dict[str, str], statement: str) -> dict[str, str]:
    if len(fields.get("detail", "")) > _DETAIL_MAX:
        del fields["detail"]
    return {**fields, "statement": statement[:_STATEMENT_MAX]}


def _json(fields: dict[str, str]) -> str:
    # What is no text of UTF-8 (lone surrogates) is no name either.
    plain = {name: text.encode(errors="replace").decode() for name, text in fields.items()}
    text = json.dumps(plain, ensure_ascii=False)
    if len(text.replace("'", "''").encode()) > _TOLD_MAX:
        plain.pop("detail", None)
        plain.pop("statement")
        text = json.dumps(plain, ensure_ascii=False)
    return text
