"""What waits at the broker is told at half of what may wait for one session, and at once when anything was dropped."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.selfcheck.space import KEPT_UP, Space
from core.canary import DROPPED, WAITING
from core.settings import Settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_half_of_a_sessions_limit_is_too_much_and_less_is_not():
    space = Space(1000)
    for moment, (waiting, since) in enumerate([(0, None), (499, None), (500, 2), (900, 2), (10, None)]):
        now = NOW + timedelta(seconds=moment)
        space.hear({WAITING: waiting}, now)
        assert space.since == (None if since is None else NOW + timedelta(seconds=since))


def test_a_dropped_message_is_told_for_a_while_and_old_ones_are_not():
    space = Space(1000)
    space.hear({DROPPED: 7}, NOW)
    assert space.since is None, "they were dropped before we looked"
    space.hear({DROPPED: 8}, NOW + timedelta(seconds=10))
    assert space.since == NOW + timedelta(seconds=10)
    space.hear({DROPPED: 8}, NOW + timedelta(seconds=5) + KEPT_UP)
    assert space.since == NOW + timedelta(seconds=10)
    space.hear({DROPPED: 8}, NOW + timedelta(seconds=11) + KEPT_UP)
    assert space.since is None


def test_a_broker_that_was_restarted_counts_from_nothing():
    space = Space(1000)
    for dropped in (8, 0, 0):
        space.hear({DROPPED: dropped}, NOW)
    assert space.since is None
    space.hear({}, NOW)
    assert space.since is None


def test_the_setting_is_what_the_brokers_configuration_says():
    config = (Path(__file__).parents[4] / "deploy/mosquitto.conf").read_text()
    assert Settings.model_fields["broker_queue_bytes"].default == int(re.search(r"max_queued_bytes (\d+)", config)[1])
