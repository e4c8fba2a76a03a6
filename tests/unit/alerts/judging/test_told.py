"""A device that was answered for is known until its answer is taken back or its home's episode is over."""

import numpy as np

from alerts.judging.told import Told

DEVICES = np.array([-1, 5, 6], np.int32)


def told():
    known = Told()
    known.add(home=1, device=5, alert=70)
    return known


def test_only_devices_that_were_answered_for_are_known_and_none_is_always():
    assert told().knows(DEVICES).tolist() == [True, True, False]
    assert Told().knows(DEVICES).tolist() == [True, False, False]


def test_an_answer_is_remembered_once_and_not_for_no_device():
    known = told()
    known.add(home=1, device=5, alert=70)
    known.add(home=1, device=-1, alert=71)
    assert len(known.device) == 1


def test_an_answer_that_is_taken_back_is_forgotten_unless_another_stands():
    known = told()
    known.add(home=1, device=5, alert=71)
    known.drop(70)
    assert known.knows(DEVICES).tolist() == [True, True, False]
    known.drop(71)
    known.drop(99)
    assert known.knows(DEVICES).tolist() == [True, False, False]


def test_a_homes_episode_takes_its_own_devices_with_it():
    known = told()
    known.add(home=2, device=6, alert=80)
    known.forget(1)
    assert known.knows(DEVICES).tolist() == [True, False, True]
