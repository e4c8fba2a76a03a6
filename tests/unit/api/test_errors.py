"""Every failure leaves in one shape, in two languages, and tells nobody's data."""

import logging

import orjson
import psycopg
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from api import errors
from api.errors import ApiError, halves
from tests.asgi import asked


class Secret(BaseModel):
    password: int


@pytest.fixture(scope="module")
def app():
    app = FastAPI()
    errors.install(app)

    @app.post("/raise/{kind}")
    def fail(kind: str) -> None:
        raise {
            "api": ApiError(409, "taken", "已被接警 (somebody has it)", headers={"X-Who": "1"}, by=7),
            "teapot": HTTPException(418, "short and stout"),
            "not text": HTTPException(400, "not text"),
            "away": psycopg.OperationalError("connection to 10.0.0.1 failed for user ingest"),
        }[kind]

    @app.post("/take")
    def take(body: Secret) -> None:
        """Takes a secret."""

    return app


@pytest.mark.parametrize(
    ("kind", "status", "code", "zh", "en"),
    [
        ("api", 409, "taken", "已被接警", "somebody has it"),
        ("teapot", 418, "invalid", "请求有误", "short and stout"),
        ("not text", 422, "invalid", "请求有误", "not text"),
        ("away", 503, "unavailable", "数据库暂时无法访问，请稍候重试", "the database is unavailable"),
    ],
)
def test_each_failure_has_its_code_and_both_languages(app, kind, status, code, zh, en):
    answered, headers, body = asked(app, f"/raise/{kind}", "POST")
    told = orjson.loads(body)["error"]
    assert (answered, told["code"], told["message_zh"], told["message_en"]) == (status, code, zh, en)
    assert b"10.0.0.1" not in body
    if kind == "api":
        assert (told["details"], headers["x-who"]) == ({"by": 7}, "1")


@pytest.mark.parametrize(
    ("method", "path", "status", "zh"),
    [("GET", "/no", 404, "没有这个地址"), ("GET", "/take", 405, "这个地址不接受这种请求")],
)
def test_what_is_not_there_says_so_in_words(app, method, path, status, zh):
    answered, _, body = asked(app, path, method)
    assert (answered, orjson.loads(body)["error"]["message_zh"]) == (status, zh)


def test_what_was_sent_wrongly_is_told_by_place_and_never_repeated(app):
    sent = [b'{"password": "mist-heron-47"}']
    answered, _, body = asked(app, "/take", "POST", body=sent, headers=[(b"content-type", b"application/json")])
    assert answered == 422
    assert orjson.loads(body)["error"]["details"]["errors"][0]["where"] == "body.password"
    assert b"heron" not in body


def quote():
    raise RuntimeError("王秀英, 13800138000")


def test_an_error_that_nobody_foresaw_is_told_by_a_number_and_the_log_has_its_places_and_no_words(caplog):
    with pytest.raises(RuntimeError) as failed:
        quote()
    response = errors.unexpected(failed.value)
    told = orjson.loads(response.body)["error"]
    assert (response.status_code, told["code"]) == (500, "internal")
    assert told["details"]["id"] in caplog.text
    assert "RuntimeError" in caplog.text
    assert "test_errors.py" in caplog.text
    assert "138" not in caplog.text
    assert caplog.records[-1].levelno == logging.ERROR


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("没有 (none)", ("没有", "none")), ("一 (二) 三 (three (3))", ("一 (二) 三 (three", "3)")),
        ("no brackets", ("no brackets", "no brackets")), ("", ("", "")), ("(only)", ("(only)", "(only)")),
    ],
)  # fmt: skip
def test_a_message_falls_into_its_languages_and_one_of_a_single_language_is_both(message, parts):
    assert halves(message) == parts
