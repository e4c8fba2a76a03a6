"""What every MQTT client of ours has: its login, TLS where settings say so, and a socket that notices a dead link."""

import ssl

import paho.mqtt.client as mqtt

from core import links, tls
from core.settings import Settings


def prepare(client: mqtt.Client, settings: Settings) -> None:
    """Give a client that is not connected yet what `settings` hold; raises OSError when the CA file is none."""
    client.username_pw_set(settings.mqtt_username, settings.mqtt_password.get_secret_value())
    if made := context(settings):
        client.tls_set_context(made)
    client.on_socket_open = lambda _client, _data, sock: links.guard(sock)


def context(settings: Settings) -> ssl.SSLContext | None:
    """How the broker's certificate is checked; None where settings say that there is no TLS."""
    return tls.context(settings.mqtt_ca) if settings.mqtt_tls else None
