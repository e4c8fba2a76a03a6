"""What a gatherer takes together, and what a writer acknowledges: nothing that was not settled.

Storing itself is tested on a real database (`tests/integration/test_ingest_flow.py`); here `_persist` refuses as told.
"""

import threading
from types import SimpleNamespace

import psycopg
import pytest

from core.settings import Settings
from ingest.draft import Message
from ingest.mailbox import Mailbox
from ingest.notes import Notes
from ingest.store.readings import Stored
from ingest.writer import Gatherer, Writer
from tests.pipeline_rig import NOW, pipeline

SETTINGS = Settings(database_url="postgresql://", batch_readings=100, batch_age=0.05)
TELEMETRY, EVENT = "sw/v1/acme/room/telemetry", "sw/v1/acme/btn/event"


class Link:
    """A network connection that notes what it is told to acknowledge."""

    def __init__(self, current=True):
        self.current = current
        self.acknowledged = []

    def acknowledge(self, messages):
        self.acknowledged += [message.payload for message in messages]


def reading(value, link=None, topic=TELEMETRY, **more):
    return Message(topic, b'{"values": {"humidity": %d}}' % value, NOW, link, **more)


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def gatherer(stop):
    mailbox = Mailbox("test", stop, lull=0.001)
    return SimpleNamespace(lane=mailbox.add(), of=Gatherer(mailbox, pipeline(), SETTINGS, stop))


def test_a_draft_ends_when_it_is_big_and_the_rest_is_in_the_next(gatherer):
    gatherer.lane.put([reading(number % 90) for number in range(150)])
    drafts = [gatherer.of._gather() for _ in range(2)]
    assert sum(len(draft.messages) for draft in drafts) == 150
    assert 100 <= len(drafts[0].messages) < 100 + 16


def test_an_emergency_ends_its_draft_at_once_whatever_waits_behind_it(gatherer):
    gatherer.lane.put([reading(1), Message(EVENT, b'{"values": {"sos": 1}}', NOW)])
    gatherer.lane.put([reading(number % 90) for number in range(80)])
    draft = gatherer.of._gather()
    assert (draft.urgent, len(draft.messages)) == (True, 2)


def test_a_cry_that_nobody_can_read_ends_its_draft_too(gatherer):
    gatherer.lane.put([Message(EVENT, b"garbage", NOW)])
    gatherer.lane.put([reading(1)])
    assert [draft.urgent for draft in (gatherer.of._gather(), gatherer.of._gather())] == [True, False]


def test_messages_that_are_all_refused_end_a_draft_as_well(gatherer):
    gatherer.lane.put([Message(TELEMETRY, b"garbage", NOW) for _ in range(150)])
    assert len(gatherer.of._gather().messages) < 100 + 16


def test_what_came_by_a_link_that_is_gone_is_left_to_come_again(gatherer):
    gone = Link(current=False)
    gatherer.lane.put([reading(1, gone), reading(2, Link()), reading(3, gone, qos=0)])
    draft = gatherer.of._gather()
    assert [message.payload[-3:-2] for message in draft.messages] == [b"2", b"3"], "QoS 0 never comes again"


def test_at_the_stop_the_draft_in_hand_is_handed_over_and_then_the_end(gatherer, stop):
    gatherer.lane.put([reading(1)])
    gatherer.of.start()
    assert len(gatherer.of.drafts.get(timeout=10).messages) == 1
    stop.set()
    assert gatherer.of.drafts.get(timeout=10) is None
    gatherer.of.join(10)


class Refusing(Writer):
    """A writer whose database refuses drafts of certain values, as a whole: what is written is noted."""

    def __init__(self, stop, bad=(), away=0):
        drafts = SimpleNamespace(drafts=[])
        super().__init__(drafts, pipeline(), Notes(), SETTINGS, stop, "test")
        self.bad, self.away, self.written, self.letters = set(bad), away, [], []

    def _persist(self, draft):
        if self._stop_event.is_set() or self.away:
            self.away -= 1
            return None
        if self.bad & set(draft.value):
            raise psycopg.DataError("a value that no column takes")
        self.written += draft.value
        self.letters += draft.refused
        return Stored(len(draft.value), 0)


def drafted(*values, link=None):
    return pipeline().draft([reading(value, link) for value in values])


@pytest.mark.parametrize("bad", [0, 3, 7])
def test_one_row_that_the_database_refuses_costs_itself_and_no_other(stop, bad):
    writer = Refusing(stop, bad=[bad])
    assert writer._settle(drafted(*range(8)))
    assert writer.written == [value for value in range(8) if value != bad]
    [letter] = writer.letters
    assert (letter.code, letter.message.payload) == ("refused_by_database", reading(bad).payload)
    assert writer.counts == {"stored": 7, "refused_refused_by_database": 1}


def test_of_one_message_with_a_bad_row_the_others_are_kept(stop):
    writer = Refusing(stop, bad=[5])
    message = Message(TELEMETRY, b'{"values": {"humidity": 5, "temperature": 20}}', NOW)
    assert writer._settle(pipeline().draft([message]))
    assert writer.written == [20]
    assert [letter.code for letter in writer.letters] == ["refused_by_database"]


def test_an_emergency_that_the_database_refuses_is_put_before_people(stop):
    writer = Refusing(stop, bad=[1])
    assert writer._settle(pipeline().draft([Message(EVENT, b'{"values": {"sos": 1}}', NOW)]))
    assert [letter.urgent for letter in writer.letters] == [True]


def test_all_that_is_refused_is_told_and_nothing_is_tried_for_ever(stop):
    writer = Refusing(stop, bad=range(8))
    assert writer._settle(drafted(*range(8)))
    assert (writer.written, len(writer.letters)) == ([], 8)


def ran(writer, *drafts):
    """The writer after it has had these drafts and the end."""
    left = iter([*drafts, None])
    writer._drafts = SimpleNamespace(get=lambda: next(left))
    writer.run()
    return writer


def test_what_was_settled_is_acknowledged_by_the_link_that_it_came_by(stop):
    one, other = Link(), Link()
    drafts = [drafted(1, link=one), pipeline().draft([reading(2, one), reading(3, other), reading(4)])]
    writer = ran(Refusing(stop, bad=[2]), *drafts)
    assert one.acknowledged == [reading(1).payload, reading(2).payload], "what was refused is kept, so it is settled"
    assert other.acknowledged == [reading(3).payload]
    assert writer.counts["received"] == 4


def test_what_could_not_be_written_is_not_acknowledged_and_what_comes_after_it_is(stop):
    link = Link()
    writer = ran(Refusing(stop, away=1), drafted(1, link=link), drafted(2, link=link))
    assert link.acknowledged == [reading(2).payload]
    assert writer.counts["received"] == 1


def test_of_a_draft_that_was_half_written_when_the_stop_came_nothing_is_acknowledged(stop):
    class Stopping(Refusing):
        def _persist(self, draft):
            stored = super()._persist(draft)
            if stored:
                self._stop_event.set()
            return stored

    link = Link()
    writer = ran(Stopping(stop, bad=[7]), drafted(*range(8), link=link))
    assert writer.written == [0, 1, 2, 3]
    assert link.acknowledged == [], "all eight come again, and what is stored is known by its key"


def test_while_the_database_is_away_a_draft_is_tried_again_and_given_back_at_the_stop(stop):
    link, nowhere = Link(), Settings(database_url="postgresql://nobody@127.0.0.1:1/none")
    stop.set()
    writer = Writer(SimpleNamespace(drafts=None), pipeline(), Notes(), nowhere, stop, "test")
    assert ran(writer, drafted(1, link=link)).counts == {"retried": 1}
    assert link.acknowledged == []
