"""Waiting for what other threads and programs do."""

import time
from collections.abc import Callable
from typing import Any


def eventually(what: Callable[[], Any], seconds: float = 30) -> Any:
    """The first true answer of `what`; fails with its last answer when there is none in time."""
    end = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < end, f"not in {seconds:.0f} s: {answer!r}"
        time.sleep(0.02)
    return answer
