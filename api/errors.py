"""The one error shape: `{"error": {"code", "message", "details"}}`, whatever went wrong."""

import logging
import secrets
import traceback
from http import HTTPStatus
from typing import Any

import orjson
import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.codes import ErrorCode

log = logging.getLogger(__name__)


class Error(BaseModel):
    """What went wrong."""

    code: str = Field(description="for programs: does not change")
    message: str = Field(description="for people: in Chinese, and in brackets in English")
    message_zh: str
    message_en: str
    details: dict[str, Any] = Field(default_factory=dict)


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: Error


class ApiError(Exception):
    """An answer other than success, raised where the reason is known. Its message is "中文 (English)"."""

    def __init__(
        self, status: int, code: ErrorCode, message: str, *, headers: dict[str, str] | None = None, **details: Any
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.details, self.headers = status, code, message, details, headers


def halves(message: str) -> tuple[str, str]:
    """The Chinese and the English of a message. What stands in one language only is both: better than nothing."""
    zh, bracket, en = message.rpartition(" (")
    return (zh, en[:-1]) if bracket and en.endswith(")") else (message, message)


def not_found(what: str) -> ApiError:
    """404: it does not exist, or the caller may not know that it does."""
    return ApiError(404, "not_found", f"没有这个{what}，或不在您的管辖范围内 (not found)")


def invalid(where: str, message: str, code: ErrorCode = "invalid", *, zh: str = "请求参数有误") -> ApiError:
    """422 for what only the endpoint can tell is wrong; `zh` where a person can be told in Chinese what it is."""
    return ApiError(422, code, f"{zh} ({message})", errors=[{"where": where, "message": message}])


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may fail with these statuses; 422, 500 and 503 always may."""
    return {
        status: {"model": ErrorBody, "description": HTTPStatus(status).phrase}
        for status in sorted({*statuses, 422, 500, 503})
    }


def answer(error: ApiError) -> Response:
    """The response for an error."""
    zh, en = halves(error.message)
    told = {"code": error.code, "message": error.message, "message_zh": zh, "message_en": en, "details": error.details}
    return Response(
        orjson.dumps({"error": told}, default=str, option=orjson.OPT_UTC_Z),
        error.status,
        error.headers,
        "application/json",
    )


CODES: dict[int, ErrorCode] = {
    401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "too_large",
}  # fmt: skip


WORDS = {401: "请先登录", 404: "没有这个地址", 405: "这个地址不接受这种请求", 413: "内容太长"}


async def _api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return answer(error)


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = 422 if error.status_code == 400 else error.status_code  # a body that is not text at all
    headers = dict(error.headers) if error.headers else None
    message = f"{WORDS.get(status, '请求有误')} ({error.detail})"
    return answer(ApiError(status, CODES.get(status, "invalid"), message, headers=headers))


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Only place and rule: what was sent may be a password, or text that is no Unicode.
    found = [{"where": ".".join(map(str, e["loc"])), "message": e["msg"]} for e in error.errors()]
    clean = [{key: value.encode("utf-8", "replace").decode() for key, value in e.items()} for e in found]
    return answer(ApiError(422, "invalid", "请求参数有误 (the request is not valid)", errors=clean))


async def _unavailable(_request: Request, error: Exception) -> Response:
    log.warning("database unavailable: %s %s", type(error).__name__, getattr(error, "sqlstate", None) or "")
    message = "数据库暂时无法访问，请稍候重试 (the database is unavailable)"
    return answer(ApiError(503, "unavailable", message, headers={"Retry-After": "2"}))


def unexpected(error: Exception) -> Response:
    """500 with an id. The log gets the id and the places in the code, no message: it may quote a person's data."""
    number = secrets.token_hex(6)
    places = " < ".join(
        f"{f.filename}:{f.lineno} {f.name}" for f in reversed(traceback.extract_tb(error.__traceback__))
    )
    log.error("error %s: %s %s at %s", number, type(error).__name__, getattr(error, "sqlstate", None) or "", places)
    return answer(ApiError(500, "internal", f"系统内部错误，编号 {number} (internal error)", id=number))


def install(app: FastAPI) -> None:
    """Let every failure of `app` leave in the one shape."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    for kind in (PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError):
        app.add_exception_handler(kind, _unavailable)
