"""A vendor publishes below its own prefix, nowhere else; a new one gets its account while the broker runs."""

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from deploy.broker import BrokerAdmin
from tests.waiting import eventually


class Terminal:
    """A vendor's client that remembers what the broker answered."""

    def __init__(self, broker, code, password):
        self.answers = []
        self.refused = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.username_pw_set(code, password)
        self.client.on_publish = lambda _c, _d, _mid, reason, _p: self.answers.append(reason)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self.refused.append(reason.is_failure)
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        eventually(lambda: self.refused)

    def say(self, topic):
        self.client.publish(topic, '{"values": {"sos": 1}}', qos=1)
        eventually(lambda: self.answers)
        return self.answers.pop()

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def test_a_vendor_may_publish_below_its_own_prefix_and_nowhere_else(broker):
    terminal = Terminal(broker, "beta", broker.accounts.vendors["beta"])
    assert not terminal.say("sw/v1/beta/x/event").is_failure
    for topic in ("sw/v1/acme/x/event", "sw/v1/beta-2/x/event", "other", "$CONTROL/dynamic-security/v1"):
        assert terminal.say(topic).is_failure
    terminal.close()


@pytest.mark.parametrize(
    "topic",
    ["#", "$SYS/#", "$SYS/broker/log/E", "sw/v1/#", "sw/v1/acme/+/event", "$share/ingest/sw/v1/#", "sw/v1/beta/#"],
)
def test_a_vendor_may_subscribe_to_nothing(broker, topic):
    terminal = Terminal(broker, "beta", broker.accounts.vendors["beta"])
    terminal.client.on_subscribe = lambda _c, _d, _mid, reasons, _p: terminal.answers.extend(reasons)
    terminal.client.subscribe(topic, 1)
    eventually(lambda: terminal.answers)
    assert terminal.answers[0].is_failure
    terminal.close()


@pytest.mark.parametrize(("user", "password"), [("beta", "wrong"), ("nobody", "x"), ("", "")])
def test_nobody_connects_without_a_vendors_credentials(broker, user, password):
    terminal = Terminal(broker, user, password)
    assert terminal.refused[0]
    terminal.close()


def test_a_vendor_added_while_the_broker_runs_can_publish_at_once_and_gets_new_passwords(broker):
    for password in ("first-password", "second-password"):
        with BrokerAdmin("127.0.0.1", broker.port, broker.accounts.admin) as admin:
            admin.ensure_vendor("gamma", password)
        terminal = Terminal(broker, "gamma", password)
        assert not terminal.say("sw/v1/gamma/x/event").is_failure
        assert terminal.say("sw/v1/acme/x/event").is_failure
        terminal.close()
