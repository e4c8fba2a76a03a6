"""Connections to TimescaleDB, and the migrations that shape it."""

from importlib.resources import as_file, files
from urllib.parse import urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool
from yoyo import get_backend, read_migrations
from yoyo.connections import BadConnectionURI

from core import catalogue, links, search

LIMITS = f"-c statement_timeout=60s -c lock_timeout=30s -c idle_in_transaction_session_timeout=60s {links.POSTGRES}"
OPTIONS = f"{LIMITS} -c jit=off"  # compiling a query takes longer than a page's answer


def connect(url: str, name: str, *, autocommit: bool = False, role: str | None = None) -> psycopg.Connection:
    """One connection that the database knows by `name`; raises psycopg.OperationalError when it can't be had.

    With `role` it has that role's rights instead of its login's.
    """
    return psycopg.connect(url, application_name=name, autocommit=autocommit, options=_options(role), **links.LIBPQ)


def pool(url: str, name: str, *, size: int = 8, role: str | None = None) -> ConnectionPool:
    """A pool of up to `size` connections, with `role`'s rights if given, checked before each use; not opened yet.

    It soon gives up reconnecting by itself, whose pauses grow, so that the next request tries at once.
    """
    return ConnectionPool(
        url, min_size=1, max_size=size, timeout=5, reconnect_timeout=2, open=False,
        check=ConnectionPool.check_connection,
        kwargs={"application_name": name, "options": _options(role), **links.LIBPQ},
    )  # fmt: skip


def _options(role: str | None) -> str:
    return f"{OPTIONS} -c role={role}" if role else OPTIONS


def migrate(url: str) -> list[str]:
    """Bring the schema up to date as its owner; returns the names of the migrations applied now."""
    guarded = f"{url}{'&' if '?' in url else '?'}{urlencode(links.LIBPQ)}"
    try:
        backend = get_backend(guarded.replace("postgresql://", "postgresql+psycopg://", 1))
    except (BadConnectionURI, ValueError):  # yoyo's words quote it, password and all
        raise psycopg.ProgrammingError("the database's URL is none") from None
    try:
        with as_file(files("core").joinpath("migrations")) as folder, backend.lock():
            pending = backend.to_apply(read_migrations(str(folder)))
            names = [migration.id for migration in pending]
            backend.apply_migrations(pending)
    finally:
        backend.connection.close()
    with connect(url, "migrate") as conn:
        mirror_catalogue(conn)
        search.prepare(conn)
    return names


def mirror_catalogue(conn: psycopg.Connection) -> None:
    """Write the metrics and device types of the TOML catalogue into their tables."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO metric (id, name, kind, unit) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, unit = excluded.unit",
            [(m.id, m.name, m.kind, m.unit) for m in catalogue.metrics().values()],
        )
        cursor.executemany(
            "INSERT INTO device_type (code, zh, en) VALUES (%s, %s, %s)"
            " ON CONFLICT (code) DO UPDATE SET zh = excluded.zh, en = excluded.en",
            [(t.code, t.zh, t.en) for t in catalogue.device_types().values()],
        )


def grant_login(conn: psycopg.Connection, login: str, password: str, group: str) -> None:
    """Create or refresh a login that is a member of one program's group role."""
    exists = conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (login,)).fetchone()
    verb = psycopg.sql.SQL("ALTER" if exists else "CREATE")
    conn.execute(
        psycopg.sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
            verb, psycopg.sql.Identifier(login), psycopg.sql.Literal(password)
        )
    )
    conn.execute(psycopg.sql.SQL("GRANT {} TO {}").format(*map(psycopg.sql.Identifier, (group, login))))


def describe(url: str) -> str:
    """Where `url` leads, without its password: for messages and logs."""
    parts = conninfo_to_dict(url)
    return f"{parts.get('host', '?')}:{parts.get('port', 5432)}/{parts.get('dbname', '?')}"


def reason(error: psycopg.Error) -> str:
    """Why, in one line and without PostgreSQL's DETAIL, which quotes the whole row that it refuses."""
    lines = str(error).strip().splitlines()
    # What could not connect has no fields; its last line names host, port and user.
    return error.diag.message_primary or (lines[-1] if lines else type(error).__name__)
