"""What vendors are to be told is counted once, whichever writer saw it."""

from collections import Counter

from core.model import Note
from ingest.notes import Notes


def test_counts_of_all_writers_are_added_and_taken_once():
    notes = Notes()
    notes.add(Counter({(1, Note.CLOCK_AHEAD): 2}))
    notes.add(Counter({(1, Note.CLOCK_AHEAD): 1, (2, Note.CLOCK_BEHIND): 5}))
    assert notes.take() == {(1, Note.CLOCK_AHEAD): 3, (2, Note.CLOCK_BEHIND): 5}
    assert notes.take() == {}
