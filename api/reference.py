"""The OpenAPI document as one plain page, without scripts from elsewhere."""

from html import escape
from typing import Any

import orjson

STYLE = """:root{color-scheme:light dark} body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.4 monospace} pre{overflow:auto;background:#8881;padding:.5rem} summary{cursor:pointer}"""


def page(document: dict[str, Any]) -> str:
    """Every operation with its parameters and answers."""
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    schemas = "".join(
        f"<details id='{escape(name)}'><summary><code>{escape(name)}</code></summary>{_json(schema)}</details>"
        for name, schema in document["components"]["schemas"].items()
    )
    info = document["info"]
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])} API</title>"
        f"<style>{STYLE}</style><h1>{escape(info['title'])} API</h1><p>{escape(info['description'])}</p>"
        f"<p><a href='/api/openapi.json'>openapi.json</a></p>{operations}<h2>Schemas</h2>{schemas}</html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    about = escape(operation.get("description", operation.get("summary", "")))
    parts = {key: operation[key] for key in ("parameters", "requestBody", "responses") if key in operation}
    head = f"<code><b>{method.upper()}</b> {escape(path)}</code>"
    return f"<details><summary>{head}</summary><p>{about}</p>{_json(parts)}</details>"


def _json(value: object) -> str:
    return f"<pre>{escape(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())}</pre>"
