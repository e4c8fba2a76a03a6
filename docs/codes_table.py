"""The tables of codes: the API's failures, refused messages, notes to vendors. `make check` runs it, by cog."""

from collections.abc import Iterator

from api.codes import FAILURES
from core.refusals import NOTES, REFUSALS


def failures() -> Iterator[str]:
    """The table of the API's failures."""
    yield "| code | status | what it means, what to do | 含义与处理 |"
    yield "|---|---|---|---|"
    for code, one in FAILURES.items():
        yield f"| `{code}` | {', '.join(map(str, one.statuses))} | {one.en} | {one.zh} |"


def refusals() -> Iterator[str]:
    """The table of the codes of refused messages."""
    yield "| code | meaning, and what to change | 含义 |"
    yield "|---|---|---|"
    for code, one in REFUSALS.items():
        yield f"| `{code}` | {one.en} | {one.zh} |"


def notes() -> Iterator[str]:
    """The table of what is taken and should still be mended."""
    yield "| note | what to change |"
    yield "|---|---|"
    for code, change in NOTES.items():
        yield f"| `{code}` | {change} |"
