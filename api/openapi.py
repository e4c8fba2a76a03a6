"""`python -m api.openapi` writes the API's document, as the generator of the console's types wants it."""

import sys
from typing import Any

import orjson

from api.app import routes


def schemas() -> bytes:
    """The document's schemas as JSON, without the paths (the console builds those) and the titles (names once more)."""
    document = routes().openapi()
    return orjson.dumps(
        {
            **document,
            "paths": {},
            "components": {"schemas": {name: _untitled(schema) for name, schema in _schemas(document)}},
        },
        option=orjson.OPT_INDENT_2,
    )


def _schemas(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return sorted(document["components"]["schemas"].items())


def _untitled(schema: dict[str, Any]) -> dict[str, Any]:
    fields = schema.get("properties", {})
    plain = {name: {key: value for key, value in field.items() if key != "title"} for name, field in fields.items()}
    return {key: value for key, value in schema.items() if key != "title"} | ({"properties": plain} if fields else {})


if __name__ == "__main__":
    sys.stdout.buffer.write(schemas())
