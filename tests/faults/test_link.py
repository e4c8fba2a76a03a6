"""A link dies without a word: no reset, nothing closed. Programs in a network namespace, reached by nothing else.

Both sides must notice by themselves: keepalives do not run while data is under way.
"""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import pytest

from core.links import CONNECTING, DEAD
from tests.faults.conftest import Running, a_site
from tests.faults.harness import settle
from tests.faults.namespace import Link, Namespace
from tests.faults.proxy import Proxy
from tests.waiting import eventually

NOTICED = DEAD + CONNECTING + 5  # seconds, on a busy machine; without the limits it is 15 minutes

pytestmark = pytest.mark.timeout(240)


@dataclass
class Far:
    """A site whose ingest, engine and API are out there; the broker, the database and the load are here."""

    running: Running
    space: Namespace

    def sessions(self) -> list[tuple]:
        """What the database believes to come from there."""
        return self.running.sql(
            f"SELECT application_name FROM pg_stat_activity WHERE client_addr = '{self.space.database.there}'"
        )

    def unnoticed(self) -> list[object]:
        """Connections to the database that either side still believes in."""
        return [*self.sessions(), *self.space.connections(self.space.database.here)]

    def start(self, name: str, broker: Proxy) -> None:
        """One program out there instead of the one here."""
        running, site = self.running, self.running.site
        running.programs[name].stop()
        program = running.program(name)
        where = f"@{self.space.database.here}:{site.postgres.port}/"
        url_file = site.home / "secrets" / "environment" / f"{name}_far_url"
        site.secrets.write(url_file, site.url(name).replace(f"@127.0.0.1:{site.postgres.port}/", where))
        program.environment |= {
            "SHOUWANG_DATABASE_URL_FILE": str(url_file),
            "SHOUWANG_DATABASE_CA": str(site.secrets.authority.file),
            "SHOUWANG_MQTT_HOST": broker.address,
            "SHOUWANG_MQTT_TLS": "false",
            "SHOUWANG_MQTT_PORT": str(broker.port),
        }
        self.space.take_in(program)
        program.start()


def open_to(running: Running, link: Link) -> None:
    """Let the database be reached by the link, encrypted, as on a site whose programs are elsewhere."""
    postgres, now = running.site.postgres, datetime.now(UTC)
    running.site.secrets.authority.ensure(now).server(postgres.home, [link.here], now)
    for path in (postgres.home / "server.pem", postgres.home / "server.key"):
        shutil.chown(path, postgres.home.stat().st_uid)
    for name, value in (("cert_file", "server.pem"), ("key_file", "server.key")):
        running.sql(f"ALTER SYSTEM SET ssl_{name} = '{postgres.inside}/{value}'")
    running.sql("ALTER SYSTEM SET ssl = on")
    with (postgres.data / "pg_hba.conf").open("a") as hba:
        hba.write(f"hostssl all all {link.there}/32 scram-sha-256\n")
    running.sql("SELECT pg_reload_conf()")


@pytest.fixture
def far(root, tmp_path) -> Iterator[Far]:
    with (
        Namespace() as space,
        a_site(root, tmp_path, listen_addresses=f"127.0.0.1,{space.database.here}") as running,
    ):
        open_to(running, space.database)
        broker = Proxy(running.site.broker.port, space.broker.here)
        here = Far(running, space)
        try:
            for name in ("ingest", "engine", "api"):
                here.start(name, broker)
            eventually(running.connected)
            eventually(lambda: {("api feed",), ("engine/0",)} <= set(here.sessions()))
            yield here
        finally:
            for link in (space.database, space.broker):
                link.up()
            for program in reversed(running.programs.values()):
                program.stop()
            broker.close()


def tells(program, words):
    """Whether they stand at the end of its log."""
    return words in program.tail(20_000)


def noticed(programs, since):
    """Each program's log says that it has lost the database; prints how long that took."""
    for name, program in programs.items():
        eventually(partial(tells, program, LOST[name]), NOTICED - (time.monotonic() - since))
        print(f"{name}: noticed after {time.monotonic() - since:.1f} s")


LOST = {"ingest": "not stored yet, trying again", "engine": "trying again", "api": "live feed lost the database"}


@pytest.mark.parametrize("end", ["here", "there"])
def test_with_data_under_way_a_dead_link_to_the_database_is_noticed_by_both_sides(far, end):
    time.sleep(2)
    far.space.database.down(end)
    begin = time.monotonic()
    noticed(far.running.programs, begin)
    eventually(lambda: not far.unnoticed(), NOTICED - (time.monotonic() - begin))
    print(f"both sides: after {time.monotonic() - begin:.1f} s")
    far.space.database.up()
    settle(far.running)


def test_an_idle_connection_over_a_dead_link_is_noticed_by_both_sides(far):
    far.running.load.paused = True
    time.sleep(3)
    assert ("ingest-1-telemetry",) in far.sessions()
    far.space.database.down("here")
    begin = time.monotonic()
    eventually(lambda: not far.unnoticed(), NOTICED)
    print(f"both sides: after {time.monotonic() - begin:.1f} s")
    far.space.database.up()
    far.running.load.paused = False
    settle(far.running)


def test_a_standby_leads_when_the_leaders_link_has_died(far):
    """The database gives up the dead leader's lock; come back, it stands by."""
    leader, standby = far.running.engine, far.running.program("engine", tick="1.0")
    standby.start()
    eventually(lambda: "standing by" in standby.tail())
    far.space.database.down("here")
    begin = time.monotonic()
    eventually(lambda: "ready: leading" in standby.tail(), NOTICED)
    print(f"the standby leads after {time.monotonic() - begin:.1f} s")
    eventually(lambda: "trying again" in leader.tail(), NOTICED)
    far.space.database.up()
    eventually(lambda: "standing by" in leader.tail(20_000), NOTICED)
    settle(far.running)


def test_a_dead_link_to_the_broker_is_noticed_and_nothing_is_lost(far):
    time.sleep(2)
    far.space.broker.down("here")
    begin = time.monotonic()
    eventually(lambda: not far.running.connected(), 30)
    print(f"noticed after {time.monotonic() - begin:.1f} s")
    far.space.broker.up()
    eventually(far.running.connected, 40)
    settle(far.running)
