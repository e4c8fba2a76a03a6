"""Every connection of the programs gives up soon on a side that is silent; tests/faults/test_link.py shows it."""

import socket
from contextlib import ExitStack

import pytest

from alerts.selfcheck.ends import Mouth
from core import links
from core.database import connect, pool
from core.settings import Settings
from tests.waiting import eventually


def limits(sock):
    """What the kernel was told about one socket."""
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    names = (socket.TCP_USER_TIMEOUT, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    return tuple(sock.getsockopt(socket.IPPROTO_TCP, name) for name in names)


WANTED = (links.DEAD * 1000, links.IDLE, links.EVERY, links.COUNT)


@pytest.mark.parametrize("pooled", [False, True])
def test_a_connection_to_the_database_is_guarded_at_both_ends(database, pooled):
    with ExitStack() as stack:
        source = stack.enter_context(pool(database.url("api"), "test")) if pooled else None
        conn = stack.enter_context(source.connection() if source else connect(database.url("api"), "test"))
        with socket.socket(fileno=conn.fileno()) as sock:
            assert limits(sock) == WANTED
            sock.detach()
        assert conn.execute("SHOW tcp_user_timeout").fetchone() == (str(WANTED[0]),)
        names = ("idle", "interval", "count")
        told = [conn.execute(f"SELECT current_setting('tcp_keepalives_{name}')").fetchone()[0] for name in names]
        assert told == [str(value) for value in WANTED[1:]]


def test_the_self_checks_connection_to_the_broker_is_guarded(broker, monkeypatch):
    opened = []
    guard = links.guard
    monkeypatch.setattr(links, "guard", lambda sock: (guard(sock), opened.append(limits(sock))))
    settings = Settings(
        database_url="postgresql://nobody@nowhere/none", mqtt_port=broker.port, mqtt_username="acme",
        mqtt_password=broker.accounts.vendors["acme"],
    )  # fmt: skip
    mouth = Mouth(settings)
    mouth.open()
    eventually(lambda: mouth.connected)
    mouth.close()
    assert opened == [WANTED]


def test_a_socket_that_is_not_tcp_is_left_alone():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        links.guard(ours)
        assert not ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
