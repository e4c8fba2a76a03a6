"""What an answer of the API is of: a cell with a name of its own."""

from collections.abc import Iterator

import pytest

from api.values import CELL


@pytest.fixture(autouse=True)
def cell() -> Iterator[None]:
    """Answers are of the cell `xicheng`."""
    token = CELL.set("xicheng")
    yield
    CELL.reset(token)
