"""Whatever is refused is told in Chinese and in English, and by a code that the documents explain."""

import ast
import re
from pathlib import Path
from typing import get_args

from api.codes import FAILURES, ErrorCode
from api.errors import halves
from core.model import Note
from core.refusals import NOTES, REFUSALS, RefusalCode

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


def raised():
    """The status and code of every ApiError that is written with both."""
    for path in API.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ApiError":
                status, code = (getattr(part, "value", None) for part in node.args[:2])
                if isinstance(status, int) and isinstance(code, str):
                    yield status, code


def test_every_code_is_explained_and_comes_with_its_statuses_alone():
    """That a code is one of these, the type checker holds."""
    assert set(FAILURES) == set(get_args(ErrorCode))
    assert set(REFUSALS) == set(get_args(RefusalCode))
    assert set(NOTES) == set(Note)
    found = set(raised())
    assert len(found) > 10
    assert {(status, code) for status, code in found if status not in FAILURES[code].statuses} == set()


def test_every_code_is_used_and_told_in_both_languages():
    rooms = ("api", "ingest", "alerts/selfcheck")
    sources = [path for room in rooms for path in (API.parent / room).rglob("*.py") if path.name != "codes.py"]
    used = "".join(path.read_text(encoding="utf-8") for path in sources)
    for code, one in {**FAILURES, **REFUSALS}.items():
        assert f'"{code}"' in used, code
        assert CHINESE.search(one.zh), code
        assert one.en, code
        assert not CHINESE.search(one.en), code
