"""Ports for servers of tests that run side by side."""

import random

from deploy.local.services import free_port


def a_port() -> int:
    """A free port, taken at random: two tests that look at the same moment do not take the same one.

    Below those that the system gives to outgoing connections.
    """
    return free_port(random.randrange(20_000, 32_000))
