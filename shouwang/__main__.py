"""`python -m shouwang`."""

from shouwang.cli import app

app()
