"""The ready-made files for nginx and Caddy, with the real servers and a real certificate: who asks is known, and alerts
come through at once."""

import json
import secrets
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import trustme

from api.connections import HEAD
from deploy.local.services import Service
from tests.api_service import CSRF, Stream, serving
from tests.ports import a_port
from tests.registry import PASSWORD

DEPLOY = Path(__file__).parents[2] / "deploy"
MAIN = """daemon off; pid {inside}/pid-of-nginx; error_log stderr; events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {inside}/body; proxy_temp_path {inside}/proxy; fastcgi_temp_path {inside}/fastcgi;
    uwsgi_temp_path {inside}/uwsgi; scgi_temp_path {inside}/scgi;
    include {inside}/shouwang.conf;
}}"""


class Proxy(Service):
    """A proxy from the shipped file, in which only the site's own is filled in."""

    def __init__(self, root, instance, port, upstream, authority):
        super().__init__(root, instance, port)
        self.upstream, self.authority, self.plain_port = upstream, authority, a_port()

    def prepare(self):
        """Certificate and configuration."""
        certificate = self.authority.issue_cert("127.0.0.1")
        certificate.private_key_pem.write_to_path(self.home / "key.pem")
        for part in certificate.cert_chain_pems:
            part.write_to_path(self.home / "chain.pem", append=True)
        text = (DEPLOY / self.file).read_text()
        for ours, theirs in self.own().items():
            assert text.count(ours) == 1, ours
            text = text.replace(ours, theirs)
        (self.home / self.goal).write_text(text)
        self.write_more()
        self._give_to_user(self.home)

    def write_more(self):
        """What the server needs besides."""

    def ready(self):
        """Whether it listens."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Nginx(Proxy):
    """nginx, as www-data."""

    name, user, file, goal = "nginx", "www-data", "nginx.conf", "shouwang.conf"

    def command(self):
        """The server on its configuration."""
        return ["/usr/sbin/nginx", "-p", self.inside, "-c", f"{self.inside}/nginx.conf", "-e", "stderr"]

    def own(self):
        """What a site fills in."""
        return {
            "server 127.0.0.1:8080;": f"server 127.0.0.1:{self.upstream};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.port} ssl http2;",
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "/etc/shouwang/tls/fullchain.pem": f"{self.inside}/chain.pem",
            "/etc/shouwang/tls/privkey.pem": f"{self.inside}/key.pem",
            "/var/log/nginx/access.log": f"{self.inside}/access.log",
            "/var/log/nginx/error.log": f"{self.inside}/error.log",
        }

    def write_more(self):
        """The file that Debian's own would be."""
        (self.home / "nginx.conf").write_text(MAIN.format(inside=self.inside))


class Caddy(Proxy):
    """Caddy, with a certificate from files where a site's would be its own business."""

    name, user, file, goal = "caddy", "caddy", "Caddyfile", "Caddyfile"

    def command(self):
        """The server on its configuration."""
        here = f"XDG_DATA_HOME={self.inside}", f"XDG_CONFIG_HOME={self.inside}", f"HOME={self.inside}"
        return ["/usr/bin/env", *here, "caddy", "run", "--config", f"{self.inside}/Caddyfile"]

    def own(self):
        """What a site fills in, and no ports of this machine."""
        return {
            "{\n\tservers {": "{\n\tadmin off\n\tauto_https off\n\tservers {",
            "shouwang.example.org {": f"https://127.0.0.1:{self.port} {{\n"
            f"\tbind 127.0.0.1\n\ttls {self.inside}/chain.pem {self.inside}/key.pem",
            "reverse_proxy 127.0.0.1:8080 {": f"reverse_proxy 127.0.0.1:{self.upstream} {{",
        }


class Site:
    """The API behind a proxy, and clients that trust the proxy's certificate."""

    def __init__(self, service, proxy, trust):
        self.service, self.proxy, self.trust, self.clients = service, proxy, trust, []

    def client(self, address="127.0.0.1", **kwargs):
        """A client at an address of its own."""
        transport = httpx.HTTPTransport(verify=self.trust, local_address=address)
        url = f"https://127.0.0.1:{self.proxy.port}"
        self.clients.append(httpx.Client(base_url=url, transport=transport, timeout=20, **kwargs))
        return self.clients[-1]


@pytest.fixture(params=[Nginx, Caddy], ids=["nginx", "caddy"])
def kind(request):
    return request.param


@pytest.fixture
def site(database, root, instance, kind):
    authority = trustme.CA()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with serving(database, homes=1, cookie_secure=True, trusted_proxies="127.0.0.1") as service:
        proxy = kind(root, f"{instance}/{secrets.token_hex(4)}", a_port(), httpx.URL(service.url).port, authority)
        proxy.start()
        found = Site(service, proxy, trust)
        yield found
        for client in found.clients:
            client.close()
        proxy.stop()


def login(client, password=PASSWORD, username="op1"):
    return client.post("/api/v1/login", json={"username": username, "password": password}, headers=CSRF)


def test_the_api_learns_who_asks_from_the_proxy_and_not_from_the_client(site):
    client = site.client("127.0.0.7", headers={"X-Forwarded-For": "203.0.113.9"})
    answer = login(client)
    assert answer.status_code == 200
    assert "max-age" in answer.headers["strict-transport-security"]
    assert all("secure" in cookie.lower() for cookie in answer.headers.get_list("set-cookie"))
    assert site.service.sql("SELECT address FROM session") == [("127.0.0.7",)]
    assert [login(client, "wrong").status_code for _ in range(6)][-1] == 429  # its own guesses …
    assert login(site.client("127.0.0.8")).status_code == 200  # … do not count against its neighbour


def test_an_alert_is_on_a_console_behind_the_proxy_within_a_second(site):
    client = site.client()
    login(client)
    client.headers["Accept-Encoding"] = "gzip, br"
    with Stream(client) as stream:
        assert "content-encoding" not in stream.headers
        begun = time.time()
        alert = site.service.raise_alert()
        (event,) = stream.alerts(1)
    assert event.data["alert"]["id"] == alert
    assert event.at - begun < 1
    assert client.get("/api/v1/catalogue").headers["content-encoding"] == "gzip"


def test_a_slow_client_and_a_large_body_stop_at_the_proxy(site):
    assert site.client().post("/api/v1/login", content=b"x" * 70_000).status_code == 413
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", site.proxy.port)) as plain:
        slow = site.trust.wrap_socket(plain, server_hostname="127.0.0.1")
        slow.sendall(b"GET / HTTP/1.1\r\nHost: t\r\n")
        slow.settimeout(HEAD + 10)
        assert b"200" not in slow.recv(1000)  # nothing, or 408
        slow.close()
    assert HEAD - 1 < time.monotonic() - begun < HEAD + 5


@pytest.mark.parametrize("kind", [Nginx], indirect=False, ids=["nginx"])
def test_nginx_slows_down_who_guesses_and_not_a_browser_that_is_known(site):
    known = site.client()
    assert login(known).status_code == 200
    guesser, statuses = site.client(), []
    body = json.dumps({"username": "op1"}).encode()  # refused at once: it is nginx that counts
    for _ in range(40):
        answer = guesser.post("/api/v1/login", content=body, headers={"Content-Type": "application/json"})
        statuses.append(answer.status_code)
    assert statuses[0] == 422
    assert statuses[-1] == 429
    assert answer.json()["error"]["code"] == "busy"
    assert int(answer.headers["retry-after"]) > 0
    assert login(known).status_code == 200
    assert known.get("/api/v1/homes", params={"q": "13800138000"}).status_code == 200
    log = (site.proxy.home / "access.log").read_text()
    assert "GET /api/v1/homes 200" in log
    assert "13800138000" not in log  # whom somebody looked for stands in no log


@pytest.mark.parametrize("kind", [Nginx], indirect=False, ids=["nginx"])
def test_a_new_cookie_with_each_guess_does_not_get_round_nginx(site):
    body = json.dumps({"username": "op1"}).encode()  # refused at once: it is nginx that counts

    def guess(_):
        told = {"Content-Type": "application/json", "Cookie": f"shouwang_browser={secrets.token_hex(8)}"}
        return guesser.post("/api/v1/login", content=body, headers=told).status_code

    guesser = site.client("127.0.0.9")
    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(guess, range(600)))
    assert statuses[:20] == [422] * 20
    assert statuses.count(422) >= 100  # an office's logins of a morning pass
    assert 429 in statuses
    assert login(site.client("127.0.0.10")).status_code == 200


@pytest.mark.parametrize("kind", [Nginx], indirect=False, ids=["nginx"])
def test_nginx_leads_from_http_to_https(site):
    answer = httpx.get(f"http://127.0.0.1:{site.proxy.plain_port}/homes")
    assert (answer.status_code, answer.headers["location"]) == (301, "https://127.0.0.1/homes")
