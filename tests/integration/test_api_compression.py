"""Answers come packed as the client takes them, and the live stream never."""

import gzip
import json
import os
import socket
import threading

import httpx
import pytest
import uvicorn

from api import console
from api.app import routes
from api.connections import limited
from tests.api_service import Stream, serving

FORMS = {None: b"let app" * 500, "br": b"packed by brotli, say", "gzip": gzip.compress(b"let app" * 500)}
OFFERED = ["br", "gzip"]


@pytest.fixture
def service(database):
    with serving(database, homes=1) as running:
        yield running


@pytest.fixture(scope="module")
def alone():
    """The routes over nothing: files need no database."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(routes(), http=limited(10), lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            yield client
        server.should_exit = True
        thread.join()


@pytest.fixture
def assets(alone, tmp_path, monkeypatch):
    """A client, and a console with one file in three forms."""
    folder = tmp_path / "static" / "assets"
    folder.mkdir(parents=True)
    for name, coding in (("app.js", None), ("app.js.br", "br"), ("app.js.gz", "gzip")):
        (folder / name).write_bytes(FORMS[coding])
        os.utime(folder / name, (1_700_000_000, 1_700_000_000))
    (folder / "logo.svg").write_text("<svg/>")
    monkeypatch.setattr(console, "STATIC", tmp_path / "static")
    return alone


def asked(client, accept, path="/assets/app.js", method="GET", **headers):
    """The answer, and its body as it came."""
    with client.stream(method, path, headers={"Accept-Encoding": accept, **headers}) as answer:
        return answer, b"".join(answer.iter_raw())


TAKEN = {
    "gzip, deflate, br": "br", "gzip, deflate, br, zstd": "br", "gzip": "gzip", "GZIP": "gzip", "br;q=1.0": "br",
    "br;q=0, gzip": "gzip", "br;q=0.2, gzip;q=0.8": "gzip", "*": "br", "br;q=0, *": "gzip", "*;q=0": None,
    "identity;q=0": None, "identity;q=0, gzip": "gzip", "gzip;q=0": None, "gzip;q=0, br;q=0.0": None,
    "identity, br;q=0.5": None, "": None, "deflate": None, "br;q=two": None, "br;q=9": None, "br;": "br", ";;,,=": None,
    "gzip;q=0.5;x=1": None,
}  # fmt: skip


def test_the_form_is_the_one_the_client_takes(assets):
    for accept, coding in TAKEN.items():
        answer, body = asked(assets, accept)
        assert (accept, answer.headers.get("content-encoding")) == (accept, coding)
        assert (answer.status_code, body) == (200, FORMS[coding])
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"].startswith("text/javascript")


def test_each_form_has_a_tag_and_only_its_own_is_not_sent_again(assets):
    tags = {coding: asked(assets, coding or "identity")[0].headers["etag"] for coding in FORMS}
    assert len(set(tags.values())) == 3
    for coding, tag in tags.items():
        for told in (tag, f"W/{tag}", f'"other", {tag}'):
            answer, body = asked(assets, coding or "identity", **{"If-None-Match": told})
            assert (answer.status_code, body, answer.headers["etag"]) == (304, b"", tag)
            assert answer.headers["vary"] == "Accept-Encoding"
        another = tags["gzip" if coding != "gzip" else "br"]
        assert asked(assets, coding or "identity", **{"If-None-Match": another})[0].status_code == 200


def test_a_part_is_of_the_form_that_was_chosen(assets):
    tag = asked(assets, "br")[0].headers["etag"]
    for more in ({}, {"If-Range": tag}):
        answer, body = asked(assets, "br", Range="bytes=7-8", **more)
        assert (answer.status_code, body, answer.headers["content-encoding"]) == (206, b"by", "br")
        assert answer.headers["content-range"] == f"bytes 7-8/{len(FORMS['br'])}"
    answer, body = asked(assets, "gzip", Range="bytes=7-8", **{"If-Range": tag})  # it has a part of another form
    assert (answer.status_code, body) == (200, FORMS["gzip"])
    assert asked(assets, "br", Range="bytes=9999-")[0].status_code == 416


def test_a_head_tells_of_the_form_and_brings_nothing(assets):
    answer, body = asked(assets, "br", method="HEAD")
    assert (answer.headers["content-length"], answer.headers["content-encoding"]) == (str(len(FORMS["br"])), "br")
    assert body == b""


def test_a_form_has_no_address_of_its_own(assets):
    for path in ("/assets/app.js.br", "/assets/app.js.gz", "/assets/app.js%2ebr", "/assets/./app.js.br"):
        assert asked(assets, "br", path)[0].status_code == 404
    answer, body = asked(assets, "br", "/assets/logo.svg")  # has no other form
    assert ("content-encoding" in answer.headers, body) == (False, b"<svg/>")


def test_lists_are_packed_where_the_client_takes_it(service):
    for number in range(20):
        service.raise_alert(rule=f"rule {number}")
    client = service.login("op1")
    plain, whole = asked(client, "identity", "/api/v1/alerts?limit=200")
    packed, small = asked(client, "gzip, br", "/api/v1/alerts?limit=200")
    assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
    assert json.loads(gzip.decompress(small)) == json.loads(whole)
    assert len(small) < len(whole) / 5
    assert int(packed.headers["content-length"]) == len(small)
    for accept in ("gzip;q=0", "br", ""):
        assert asked(client, accept, "/api/v1/alerts")[1] == whole
    assert "content-encoding" not in asked(client, "gzip", "/api/v1/me")[0].headers  # not worth it


def test_the_live_stream_is_never_packed_and_its_first_word_comes_at_once(service):
    client = service.login("op1")
    client.headers["Accept-Encoding"] = "gzip, br"
    with Stream(client) as stream:
        assert "content-encoding" not in stream.headers
        alert = service.raise_alert()
        (event,) = stream.alerts(1, seconds=1)
    assert event.data["alert"]["id"] == alert
