"""A room's night: what its program does once a day beside its work. What fails is told by room and job."""

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import time
from types import TracebackType
from typing import NamedTuple, Self

import psycopg
from apscheduler.schedulers.background import BackgroundScheduler

from core.database import connect, reason
from core.settings import Settings

log = logging.getLogger(__name__)
LATE = 6 * 3600  # seconds: a job that could not begin in time, because the machine slept, is made up for within these


class Job(NamedTuple):
    """What is done every night."""

    name: str
    at: time  # local
    work: Callable[[psycopg.Connection], str]  # says what it has done; the connection commits each statement


class Night:
    """Runs a room's jobs while it is entered, in a thread and on connections of its own.

    A job that fails stops neither the program nor another job, and is in `failed` until it has succeeded again.
    """

    def __init__(self, room: str, settings: Settings, jobs: Sequence[Job], *, role: str | None = None) -> None:
        """With `role`, the database role whose rights the jobs have instead of the program's."""
        self.room = room
        self._settings, self._role = settings, role
        self._jobs = {job.name: job for job in jobs}
        self._failed: dict[str, bool] = {}
        self._scheduler = BackgroundScheduler(timezone=settings.zone)

    @property
    def failed(self) -> list[str]:
        """Jobs that failed when they last ran, by name."""
        return sorted(name for name, failed in list(self._failed.items()) if failed)

    def __enter__(self) -> Self:
        for job in self._jobs.values():
            self._scheduler.add_job(
                self.run, "cron", args=[job.name], id=job.name, hour=job.at.hour, minute=job.at.minute,
                coalesce=True, misfire_grace_time=LATE,
            )  # fmt: skip
        self._scheduler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scheduler.shutdown(wait=False)

    def run(self, name: str) -> None:
        """Do one job now."""
        url = self._settings.database_url.get_secret_value()
        try:
            with closing(connect(url, f"{self.room} nightly", autocommit=True, role=self._role)) as conn:
                done = self._jobs[name].work(conn)
        except psycopg.Error as error:
            self._failed[name] = True
            log.error("nightly job %s of %s failed: %s", name, self.room, reason(error))  # noqa: TRY400 - rows are in it
        except Exception:
            self._failed[name] = True
            log.exception("nightly job %s of %s failed", name, self.room)
        else:
            self._failed[name] = False
            log.info("nightly job %s of %s: %s", name, self.room, done)
