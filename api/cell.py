"""Which cell this is: what several of them send to one place is told apart by (cell, id)."""

_code = "main"


def name(code: str) -> None:
    """Said once, when the program starts (`SHOUWANG_CELL`)."""
    global _code  # noqa: PLW0603 - of the process, as the database is
    _code = code


def here() -> str:
    """This cell's code."""
    return _code
