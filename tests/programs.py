"""One of our programs in a thread of the test, on the test's own database and broker."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.settings import Settings


@contextmanager
def working(run: Callable[[Settings, threading.Event], None], settings: Settings) -> Iterator[threading.Event]:
    """The program runs until the end of the block; it must then stop within 20 s."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(settings, stop))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive(), "the program did not stop"
