"""Every answer has its headers, is measured by its route, and an error that nobody caught is no page of code."""

import pytest
from starlette.responses import PlainTextResponse, StreamingResponse

from api.errors import ApiError
from api.health.metrics import Meter
from api.middleware import LIVE, MAX_BODY, MAX_PHOTO, AbortedError, Compressed, Wrap
from tests.asgi import asked

PHOTO = "/api/v1/homes/7/photo"


def answering(response):
    async def app(scope, receive, send):
        await response(scope, receive, send)

    return app


async def reading(scope, receive, send):
    """Reads the whole body and tells its length."""
    length = 0
    more = True
    while more:
        message = await receive()
        length, more = length + len(message["body"]), message["more_body"]
    await PlainTextResponse(str(length))(scope, receive, send)


def test_data_stays_out_of_caches_and_may_do_nothing_when_it_is_opened_as_a_page():
    _, headers, _ = asked(Wrap(answering(PlainTextResponse("{}")), Meter()))
    assert (headers["cache-control"], headers["x-frame-options"]) == ("no-store", "DENY")
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "strict-transport-security" not in headers


def test_a_page_runs_what_this_server_served_and_nothing_else():
    _, headers, _ = asked(Wrap(answering(PlainTextResponse("", media_type="text/html")), Meter(), https=True), "/board")
    assert "script-src 'self';" in headers["content-security-policy"]
    assert headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(
    ("path", "method", "most"),
    [("/api/v1/alerts", "POST", MAX_BODY), (PHOTO, "PUT", MAX_PHOTO), (PHOTO, "POST", MAX_BODY)],
)
def test_a_body_is_bounded_however_many_pieces_it_comes_in(path, method, most):
    status, _, told = asked(Wrap(reading, Meter()), path, method, body=[b"x" * (most // 4)] * 4)
    assert (status, told) == (200, str(most // 4 * 4).encode())
    status, _, _ = asked(Wrap(reading, Meter()), path, method, body=[b"x" * (most // 4)] * 4 + [b"xxxx"])
    assert status != 200


async def failing(scope, receive, send):
    raise RuntimeError("王秀英")


def test_an_error_that_nobody_caught_is_a_500_with_a_number_and_is_counted():
    meter = Meter()
    status, headers, body = asked(Wrap(failing, meter))
    assert (status, headers["cache-control"]) == (500, "no-store")
    assert b'"id"' in body
    assert "王秀英".encode() not in body
    assert b'status="500"' in meter.text(lambda: None)


def test_an_answer_that_breaks_off_is_cut_and_not_continued_with_another():
    async def half(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ApiError(404, "not_found", "没有 (none)")

    with pytest.raises(AbortedError):
        asked(Wrap(half, Meter()))


def test_a_client_makes_no_series_by_inventing_methods_or_paths():
    meter = Meter()
    for number in range(5):
        asked(Wrap(answering(PlainTextResponse("")), meter), f"/api/v1/{number}", f"METHOD{number}")
    assert b'shouwang_http_requests_total{method="other",route="other",status="200"} 5.0' in meter.text(lambda: None)


GZIP = [(b"accept-encoding", b"gzip")]


def test_answers_are_packed_for_who_takes_them_and_the_live_stream_never():
    async def frames():
        yield b"event: alert\n" * 500

    async def plain(scope, receive, send):
        await PlainTextResponse("x" * 5000)(scope, receive, send)

    live = answering(StreamingResponse(frames(), media_type="text/event-stream"))
    assert asked(Compressed(plain), headers=GZIP)[1]["content-encoding"] == "gzip"
    assert "content-encoding" not in asked(Compressed(plain))[1]
    assert "content-encoding" not in asked(Compressed(live), LIVE, headers=GZIP)[1]
    assert "content-encoding" not in asked(Compressed(plain), "/assets/app.js", headers=GZIP)[1]
