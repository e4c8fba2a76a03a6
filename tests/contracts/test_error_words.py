"""Whatever is refused is told in Chinese and in English: each message in the sources falls into two halves."""

import ast
import re
from pathlib import Path

from api.errors import halves

API = Path(__file__).parents[2] / "api"
CHINESE = re.compile("[\u4e00-\u9fff]")


def literal(node):
    """The text of a string, with x for what is put into it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
    return None


def messages():
    """Every literal message of an ApiError, written in place or put into `message` before."""
    for path in API.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found = None
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ApiError" and len(node.args) > 2:
                found = literal(node.args[2])
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "message":
                found = literal(node.value)
            if found:
                yield path, found


def test_every_message_has_a_chinese_and_an_english_half():
    found = list(messages())
    assert len(found) > 15
    for path, message in found:
        if message == "x (x)":
            continue  # api/errors.py puts it together from its own table
        zh, en = halves(message)
        assert CHINESE.search(zh), (path, message)
        assert not CHINESE.search(en), (path, message)


def test_a_name_with_brackets_stays_whole():
    assert halves("该报警由张三 (组长)处理中 (somebody else has it)") == (
        "该报警由张三 (组长)处理中",
        "somebody else has it",
    )
    assert halves("Bad Gateway") == ("Bad Gateway", "Bad Gateway")
