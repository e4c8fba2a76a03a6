"""How programs log: one format, and no row of the database in it."""

import logging
import traceback
from collections.abc import Iterator
from types import TracebackType

import psycopg

from core.database import reason
from core.logs import Sparing


def begin() -> None:
    """Log to standard error from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(Sparing())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class Formatter(logging.Formatter):
    """Tells the database's errors without their DETAIL, which quotes the row: a person, a password's hash."""

    def formatException(  # noqa: N802 - logging's name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """As usual, unless a database's error is among its causes."""
        chain = list(_chain(ei[1]))
        if not any(isinstance(error, psycopg.Error) for error in chain):
            return super().formatException(ei)
        parts = ["".join([*traceback.format_tb(error.__traceback__), _told(error)]) for error in reversed(chain)]
        return "\n\n".join(parts)


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {reason(error) if isinstance(error, psycopg.Error) else error}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, then what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
