"""How soon a link that died without a word is noticed: the same for every TCP connection of every program.

Keepalives speak only while nothing is under way. Data that was sent and is not acknowledged is sent again for a quarter
of an hour by default, and a program that waits for its answer says nothing all that time: TCP_USER_TIMEOUT ends it.
It must pass over what networks do by themselves (a route that changes, a switch that starts its ports: a few seconds)
and leave time to connect again before the self-check calls the chain broken (15 s).
"""

import socket
from typing import Any

DEAD = 10  # seconds without a word from the other side, whether something is under way or not
CONNECTING = 5  # seconds
IDLE, EVERY, COUNT = 5, 2, 3  # seconds until the first keepalive and between them; unanswered ones

# What libpq sets on our end of a connection …
LIBPQ: dict[str, Any] = {
    "connect_timeout": CONNECTING,
    "tcp_user_timeout": DEAD * 1000,
    "keepalives_idle": IDLE,
    "keepalives_interval": EVERY,
    "keepalives_count": COUNT,
}
# … and PostgreSQL on its own: a session whose program is out of reach gives up its locks, so that a standby leads.
POSTGRES = (
    f"-c tcp_user_timeout={DEAD}s -c tcp_keepalives_idle={IDLE} -c tcp_keepalives_interval={EVERY}"
    f" -c tcp_keepalives_count={COUNT} -c client_connection_check_interval={IDLE}s"
)


def guard(sock: object) -> None:
    """Set the same on a TCP socket of our own, TLS or not; where the system has no such option, its own stays."""
    if not isinstance(sock, socket.socket) or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = {"TCP_USER_TIMEOUT": DEAD * 1000, "TCP_KEEPIDLE": IDLE, "TCP_KEEPINTVL": EVERY, "TCP_KEEPCNT": COUNT}
    for name, value in options.items():
        if number := getattr(socket, name, None):
            sock.setsockopt(socket.IPPROTO_TCP, number, value)
