"""A database on another address than loopback: it must show its certificate, and what is not encrypted is refused."""

import secrets
from datetime import UTC, datetime

import psycopg
import pytest
import trustme

from core.database import connect, migrate, pool
from core.settings import Settings
from deploy.doctor import Level, encryption
from deploy.local.services import Postgres
from tests.faults.namespace import Namespace
from tests.ports import a_port


@pytest.fixture(scope="module")
def address():
    """An address of this machine's that is not loopback, and that nobody else reaches."""
    with Namespace() as space:
        yield space.database.here


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def server(root, instance, address, authority):
    """PostgreSQL with a certificate for that address."""
    made = Postgres(
        root, f"{instance}/tls-{secrets.token_hex(3)}", a_port(), fsync="off", shared_buffers="64MB",
        listen_addresses=f"127.0.0.1,{address}",
    )  # fmt: skip
    made.start()
    files = authority.issue_cert(address)
    files.cert_chain_pems[0].write_to_path(made.home / "server.pem")
    files.private_key_pem.write_to_path(made.home / "server.key")
    (made.home / "server.key").chmod(0o600)
    made._give_to_user(made.home)
    with (made.data / "pg_hba.conf").open("a") as hba:
        hba.write(f"host all all {address}/32 scram-sha-256\n")
    yield made
    made.stop()


def encrypt(server, on):
    """Switch TLS on or off, as an administrator would."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
        for name, value in (
            ("ssl_cert_file", f"{server.inside}/server.pem"),
            ("ssl_key_file", f"{server.inside}/server.key"),
            ("ssl", "on" if on else "off"),
        ):
            conn.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        conn.execute("SELECT pg_reload_conf()")
        conn.execute("SELECT pg_sleep(0.5)")


@pytest.fixture
def encrypted(server):
    encrypt(server, True)
    yield server
    encrypt(server, False)


@pytest.fixture
def url(server, address, authority, tmp_path):
    """What the programs make of a plain URL and the right authority."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    plain = server.url("postgres").replace("@127.0.0.1:", f"@{address}:")

    def made(**settings):
        settings = {"database_ca": tmp_path / "ca.pem", "database_url": plain} | settings
        return Settings(**settings).database_url.get_secret_value()

    return made


def is_encrypted(conn):
    return conn.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()[0]


def test_connections_pools_and_migrations_are_encrypted(encrypted, url):
    with connect(url(), "test") as conn:
        assert is_encrypted(conn)
    with pool(url(), "test") as connections, connections.connection() as conn:
        assert is_encrypted(conn)
    assert migrate(url())
    with connect(url(), "test") as conn:
        assert conn.execute("SELECT count(*) FROM reading").fetchone() == (0,)


def test_a_strangers_certificate_is_refused(encrypted, url, tmp_path):
    trustme.CA().cert_pem.write_to_path(tmp_path / "stranger.pem")
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        connect(url(database_ca=tmp_path / "stranger.pem"), "test")
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        connect(url(database_ca=None), "test")  # the system's authorities do not know it either


def test_a_certificate_of_another_name_is_refused(server, url, authority):
    files = authority.issue_cert("db.example.org")
    before = (server.home / "server.pem").read_bytes(), (server.home / "server.key").read_bytes()
    (server.home / "server.pem").write_bytes(files.cert_chain_pems[0].bytes())
    (server.home / "server.key").write_bytes(files.private_key_pem.bytes())
    encrypt(server, True)
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        connect(url(), "test")
    (server.home / "server.pem").write_bytes(before[0])
    (server.home / "server.key").write_bytes(before[1])
    encrypt(server, False)


def test_a_server_without_tls_gets_no_password(server, url):
    with pytest.raises(psycopg.OperationalError, match="server does not support SSL"):
        connect(url(), "test")


def test_whoever_wants_it_plain_must_say_so(server, url, address):
    plain = server.url("postgres").replace("@127.0.0.1:", f"@{address}:")
    with connect(url(database_url=f"{plain}?sslmode=disable"), "test") as conn:
        assert not is_encrypted(conn)


def judged(url, now):
    with connect(url, "doctor", autocommit=True) as conn:
        return [(one.level, one.what) for one in encryption.database(conn, now)]


def test_the_doctor_judges_the_connection_and_the_certificate(encrypted, url, server, address):
    now = datetime.now(UTC)
    [(level, words)] = judged(url(), now)
    assert level is Level.GOOD
    assert "certificate is good for" in words
    plain = server.url("postgres").replace("@127.0.0.1:", f"@{address}:")
    [(level, words)] = judged(url(database_url=f"{plain}?sslmode=require"), now)
    assert (level, "not checked" in words) == (Level.ODD, True)
    [(level, words)] = judged(url(database_url=f"{plain}?sslmode=disable"), now)
    assert (level, "not encrypted" in words) == (Level.BAD, True)
