"""A client for the little of PostgreSQL's protocol that the plugin itself needs.

In: a URL and statements. Out: rows of text, or the server's error by its fields.

It speaks the simple protocol to a proxy that asks for no password, so that the plugin needs no
driver. What a test connects with is the test's own affair.

Invariant: after an error of the socket the connection is closed and never used again, because
nobody knows what is still on its way.
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

# Version 3.0 (PostgreSQL documentation, "Message Formats", StartupMessage).
_PROTOCOL = 3 << 16
# Long enough for any database to be made or taken back on a busy machine.
_PATIENCE_S = 300.0

Row = tuple[str | None, ...]


@dataclass(eq=False)
class ServerError(Exception):
    """An error that the server told: the fields that matter to a person."""

    sqlstate: str
    message: str
    detail: str = ""
    hint: str = ""
    position: int | None = None
    constraint: str = ""

    def __str__(self) -> str:
        """The message, with its detail and hint below."""
        lines = [f"{self.message} (SQLSTATE {self.sqlstate})"]
        if self.detail:
            lines.append(f"detail: {self.detail}")
        if self.hint:
            lines.append(f"help: {self.hint}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a URL of the proxy leads."""

    host: str
    port: int
    user: str
    database: str

    @classmethod
    def of(cls, url: str) -> "Address":
        """Reads `postgresql://user@host:port/database`."""
        parts = urlsplit(url)
        return cls(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 5432,
            user=unquote(parts.username or "postgres"),
            database=unquote(parts.path.removeprefix("/")),
        )


class Connection:
    """One connection to the proxy."""

    def __init__(self, url: str) -> None:
        """Connects; raises `ServerError` where the proxy refuses, `OSError` where it is gone."""
        address = Address.of(url)
        self._socket = socket.create_connection((address.host, address.port), _PATIENCE_S)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            words = {
                "user": address.user,
                "database": address.database,
                "application_name": "pytest-proofmark",
                "client_encoding": "UTF8",
            }
            fields = b"".join(f"{key}\0{value}\0".encode() for key, value in words.items())
            message = struct.pack("!I", _PROTOCOL) + fields + b"\0"
            self._socket.sendall(struct.pack("!I", len(message) + 4) + message)
            self._until_ready()
        except BaseException:
            self._socket.close()
            raise

    def execute(self, sql: str) -> list[Row]:
        """Carries out one or more statements and gives the rows of all of them."""
        query = sql.encode() + b"\0"
        try:
            self._socket.sendall(b"Q" + struct.pack("!I", len(query) + 4) + query)
            return self._until_ready()
        except ServerError:
            raise
        except BaseException:
            self._socket.close()
            raise

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return self._socket.fileno() != -1

    def close(self) -> None:
        """Says goodbye; a proxy that is gone already is no error."""
        if self.is_open:
            try:
                self._socket.sendall(b"X\0\0\0\4")
            except OSError:
                pass
            finally:
                self._socket.close()

    def _until_ready(self) -> list[Row]:
        rows: list[Row] = []
        error: ServerError | None = None
        for kind, body in self._messages():
            match kind:
                case b"Z":
                    if error is not None:
                        raise error
                    return rows
                case b"D":
                    rows.append(_row(body))
                case b"E":
                    error = error or _error(body)
                case b"R" if struct.unpack_from("!I", body)[0] != 0:
                    raise ServerError("28000", "the server asks for a password")
                case b"G":
                    # `COPY ... FROM stdin` has no data here: the server then says so as an error.
                    self._socket.sendall(b"f\0\0\0\5\0")
                case _:
                    pass
        # A fatal error is followed by the end of the stream.
        self._socket.close()
        raise error or ConnectionResetError("Proofmark has closed the connection")

    def _messages(self) -> Iterator[tuple[bytes, bytes]]:
        while head := self._exactly(5):
            kind, length = struct.unpack("!cI", head)
            yield kind, self._exactly(length - 4)

    def _exactly(self, count: int) -> bytes:
        """`count` bytes, or none where the stream ends before."""
        read = bytearray()
        while len(read) < count:
            part = self._socket.recv(count - len(read))
            if not part:
                return b""
            read += part
        return bytes(read)


def literal(text: str) -> str:
    """A text as a string constant of SQL."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """A text as a quoted name of SQL."""
    return '"' + text.replace('"', '""') + '"'


def _row(body: bytes) -> Row:
    (count,) = struct.unpack_from("!H", body)
    place = 2
    values: list[str | None] = []
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, place)
        place += 4
        if length < 0:
            values.append(None)
        else:
            values.append(body[place : place + length].decode())
            place += length
    return tuple(values)


def _error(body: bytes) -> ServerError:
    parts = [part.decode(errors="replace") for part in body.split(b"\0") if part]
    fields = {part[0]: part[1:] for part in parts}
    position = fields.get("P", "")
    return ServerError(
        sqlstate=fields.get("C", "XX000"),
        # The proxy's own messages begin so; whoever shows them says whose they are.
        message=fields.get("M", "an error without a message").removeprefix("proofmark: "),
        detail=fields.get("D", ""),
        hint=fields.get("H", ""),
        position=int(position) if position.isdigit() else None,
        constraint=fields.get("n", ""),
    )
