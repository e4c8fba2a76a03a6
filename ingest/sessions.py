"""The ids of a worker's sessions at the broker, and what earlier ids left behind.

Until 0.1 the ids could be guessed, and a new password makes new ones. The sessions of the old ids are still subscribed,
and messages wait in them: at its start a worker takes those over and ends the sessions.
"""

import logging
import threading
import time

from core import identity
from core.settings import Settings
from ingest.mailbox import Mailbox
from ingest.mqtt import Connection, session
from ingest.topics import Subscription

log = logging.getLogger(__name__)
QUIET_SECONDS = 3.0  # a broker delivers what waits at once


def earlier_ids(settings: Settings, lane: str) -> list[str]:
    """Ids that this lane's session may have had; never the one it has."""
    of_0_1 = [f"shouwang-ingest-{worker}-{lane}" for worker in sorted({"1", settings.worker})]
    before = settings.mqtt_password_before.get_secret_value()
    if not before or before == settings.mqtt_password.get_secret_value():
        return of_0_1
    return [*of_0_1, identity.client_id(session(settings, lane), settings.mqtt_username, before)]


class Legacy:
    """An earlier session, and the lane that has taken its place."""

    def __init__(self, lane: Connection, earlier: Connection) -> None:
        self.lane, self.earlier = lane, earlier
        self._seen: tuple[int, int, bool] = (0, 0, False)
        self._since = time.monotonic()

    def over(self) -> bool:
        """Whether nothing waits there any more and all that did is stored."""
        earlier = self.earlier
        if not earlier.is_alive():
            if self.lane.connected:  # from now on everything comes by the new session
                self._since = time.monotonic()
                earlier.start()
            return False
        seen = (earlier.received, earlier.lost, earlier.connected)
        if seen != self._seen or earlier.outstanding:
            self._seen, self._since = seen, time.monotonic()
        if earlier.connected and not earlier.resumed:
            return True
        return earlier.connected and time.monotonic() - self._since > QUIET_SECONDS


class Inheritance(threading.Thread):
    """Takes over earlier sessions, all at once, and ends each when it is empty."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        super().__init__(name="inheritance")
        self._settings = settings
        self._stop_event = stop
        self._left: list[Legacy] = []  # three for each lane at most
        self._lock = threading.Lock()  # the steward's thread opens lanes and closes them
        self._added: set[str] = set()  # lanes: what is left to them is looked for once

    @property
    def done(self) -> bool:
        """Whether no earlier session is left."""
        return not self._left

    def add(self, connection: Connection, lane: Subscription, mailbox: Mailbox) -> None:
        """Look after what earlier sessions of the lane's connection hold."""
        if connection.name in self._added:
            return
        self._added.add(connection.name)
        for old in earlier_ids(self._settings, connection.name):
            name = f"{connection.name}-earlier"
            earlier = Connection(self._settings, name, lane, mailbox, retiring=True, client_id=old)
            self._left.append(Legacy(connection, earlier))

    def drop(self, connection: Connection) -> None:
        """The lane is closed: what its earlier sessions still hold is left for whoever opens it next."""
        with self._lock:
            for legacy in [legacy for legacy in self._left if legacy.lane is connection]:
                self._left.remove(legacy)
                legacy.earlier.stop()
                self._added.discard(connection.name)

    def run(self) -> None:
        """Until stopped: what waits then waits for the next start."""
        while not self._stop_event.wait(0.1 if self._left else 1):
            with self._lock:
                for legacy in [legacy for legacy in self._left if legacy.over()]:
                    legacy.earlier.stop(forget=True)
                    if legacy.earlier.received:
                        log.info("%s: took over %d messages", legacy.earlier.name, legacy.earlier.received)
                    self._left.remove(legacy)

    def finish(self) -> None:
        """Disconnect; the sessions that are not empty stay."""
        self.join()
        for legacy in self._left:
            legacy.earlier.stop()
