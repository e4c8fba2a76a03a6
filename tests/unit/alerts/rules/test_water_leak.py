"""A wet floor is found at each tick until every sensor of the home is dry."""

from tests.rule_rig import OneRule

SENSOR = "water_leak_sensor"


def told(rule, *said):
    """The rule, after its fleet has taken this up."""
    rule.say(*said)
    return rule


def test_the_newest_wet_sensor_stands_for_its_home_and_a_neighbours_for_its_own():
    rule = told(
        OneRule("water_leak", SENSOR, SENSOR, neighbour=(SENSOR,)),
        (0, 0, "water_leak", 1), (5, 1, "water_leak", 1), (6, 2, "water_leak", 1),
    )  # fmt: skip
    found = rule.tick(7)
    assert (found.home.tolist(), found.device.tolist()) == ([0, 1], [1, 2])
    assert found.evidence(0)["text_zh"].endswith("检测到漏水")


def test_it_is_over_when_every_sensor_is_dry():
    rule = told(OneRule("water_leak", SENSOR, SENSOR), (0, 0, "water_leak", 1), (1, 1, "water_leak", 1))
    told(rule, (2, 0, "water_leak", 0))
    assert not rule.clear(3)
    told(rule, (4, 1, "water_leak", 0))
    assert rule.clear(5)
    assert len(rule.tick(5)) == 0
