"""A vendor's client that stays connected, for tests of accounts at a real broker."""

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.waiting import eventually


class Terminal:
    """A vendor's client that stays connected, and remembers when it is not."""

    def __init__(self, broker, username, password):
        self.connected: list[bool] = []
        self.gone = False
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, reconnect_on_failure=False)
        self.client.username_pw_set(username, password)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self.connected.append(not reason.is_failure)
        self.client.on_disconnect = lambda *_: setattr(self, "gone", True)
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        eventually(lambda: self.connected)

    def say(self, serial, value, topic="telemetry", metric="door_open"):
        message = self.client.publish(f"sw/v1/acme/{serial}/{topic}", f'{{"values": {{"{metric}": {value}}}}}', qos=1)
        message.wait_for_publish(10)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()
