"""Workers that deal the vendors among themselves: each vendor has one of them, and another when that one is gone."""

import time

from tests.faults.harness import settle
from tests.waiting import eventually

VENDORS = ["acme", "beta"]


def dealt(running):
    """The vendors of each worker that lives, by its name."""
    found = running.sql(
        "SELECT substr(process, 8), detail->'vendors' FROM heartbeat WHERE process LIKE 'ingest/%'"
        " AND at > now() - interval '3 s' AND (detail->>'connected')::bool"
    )
    return dict(found)


def each_has_one(running):
    """Whether two workers live, and each has a vendor of its own."""
    return sorted(vendor for vendors in dealt(running).values() for vendor in vendors) == VENDORS and all(
        dealt(running).values()
    )


def of_the_load(running):
    """The program that takes what the load publishes."""
    (name,) = [worker for worker, vendors in dealt(running).items() if "acme" in vendors]
    return running.ingest if name == "1" else running.programs["ingest-2"]


def test_a_second_worker_has_its_share_and_what_a_killed_one_had_is_taken_over(running):
    eventually(lambda: dealt(running) == {"1": VENDORS})
    second = running.program("ingest", worker="2")
    second.start()
    eventually(lambda: len(dealt(running)) == 2 and each_has_one(running))
    time.sleep(1)
    of_the_load(running).kill()
    eventually(lambda: VENDORS in dealt(running).values(), 20)
    time.sleep(1)
    for program in (running.ingest, second):
        if not program.alive:
            program.start()
    eventually(lambda: len(dealt(running)) == 2 and each_has_one(running))
    settle(running)


def test_vendors_move_at_every_coming_and_going_and_nothing_is_lost(running):
    second = running.program("ingest", worker="0")  # before the other in the dealing, so that both vendors move
    for _ in range(3):
        second.start()
        eventually(lambda: len(dealt(running)) == 2 and each_has_one(running))
        time.sleep(0.5)
        second.stop()
        eventually(lambda: dealt(running) == {"1": VENDORS}, 20)
    settle(running)


def test_after_an_outage_of_the_database_each_vendor_has_one_worker_again(running):
    running.program("ingest", worker="2").start()
    eventually(lambda: len(dealt(running)) == 2 and each_has_one(running))
    running.database.stalled = True
    time.sleep(25)
    running.database.stalled = False
    eventually(lambda: len(dealt(running)) == 2 and each_has_one(running), 60)
    settle(running)
