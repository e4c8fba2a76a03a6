"""The console's types are what the API's document says today."""

import subprocess
from pathlib import Path

from api.openapi import schemas

CONSOLE = Path(__file__).parents[2] / "console"


def test_the_consoles_types_are_those_of_the_document():
    """`npm --prefix console run types` mends it."""
    generator = CONSOLE / "node_modules/.bin/openapi-typescript"
    written = subprocess.run([generator], input=schemas(), cwd=CONSOLE, check=True, capture_output=True).stdout
    assert written.decode().split() == (CONSOLE / "src/schema.d.ts").read_text(encoding="utf-8").split()
