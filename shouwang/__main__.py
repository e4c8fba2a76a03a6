"""Runs the `shouwang` command. What goes wrong for a known reason is said in lines that quote no secret."""

import sys

import psycopg

from core.database import reason
from core.settings import SettingsError
from shouwang.cli import app


def main() -> None:
    """The command; exit status 2 for settings, 1 for a database that refuses."""
    try:
        app()
    except SettingsError as error:
        _end(str(error), 2)
    except psycopg.Error as error:
        _end(f"database: {reason(error)}", 1)


def _end(message: str, status: int) -> None:
    print(message, file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
