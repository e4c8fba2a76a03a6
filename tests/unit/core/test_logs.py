"""What one place in the code may write to the log is bounded, and what was left out is told."""

import logging

from core.logs import MINUTE, Sparing


def lines(handler):
    return [record.getMessage() for record in handler.records]


class Kept(logging.Handler):
    """Keeps what passes its filters."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record)


def test_beyond_so_many_a_minute_lines_are_left_out_and_counted():
    moment, kept = [0.0], Kept()
    kept.addFilter(Sparing(3, lambda: moment[0]))
    log = logging.Logger("a stranger's")
    log.addHandler(kept)

    def provoked():
        log.warning("refused %d", 1)

    for _ in range(1000):
        provoked()
    log.warning("another place")
    assert lines(kept) == [
        "refused 1", "refused 1", "refused 1 (more of these within the minute are left out)", "another place",
    ]  # fmt: skip
    moment[0] = MINUTE
    provoked()
    assert lines(kept)[-1] == "refused 1 (997 lines like this were left out)"


def test_memory_is_bounded_by_places_in_the_code_not_by_what_is_said():
    sparing, kept = Sparing(), Kept()
    kept.addFilter(sparing)
    log = logging.Logger("a stranger's")
    log.addHandler(kept)
    for number in range(1000):
        log.warning(f"refused {number}")
    assert len(sparing._places) == 1
