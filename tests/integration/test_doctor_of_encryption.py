"""`shouwang doctor` looks at what is encrypted, whose certificates are shown, and who else would be let in plainly."""

from datetime import UTC, datetime, timedelta

import pytest
import trustme

from core.database import connect
from core.settings import Settings
from deploy.certificates import SERVER, Authority
from deploy.doctor import Level, encryption
from tests.faults.namespace import Namespace
from tests.faults.proxy import Proxy
from tests.tls_broker import serving_tls
from tests.waiting import eventually

NOW = datetime.now(UTC)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority").ensure(NOW)


@pytest.fixture
def tls_broker(root, instance, authority):
    with serving_tls(root, instance, authority) as running:
        yield running


@pytest.fixture
def outside():
    """An address of this machine's that is not loopback."""
    with Namespace() as space:
        yield space.database.here


def findings(now=NOW, **settings):
    """(level, words) of what the doctor finds at the broker."""
    given = Settings(database_url="postgresql:///none", **settings)
    return [(one.level, one.what) for one in encryption.broker(given, now)]


def test_a_certificate_is_good_until_three_weeks_before_its_end(tls_broker, authority):
    settings = {"mqtt_ca": authority.file, "mqtt_port": tls_broker.port}
    [(level, words), *_] = findings(**settings)
    assert level is Level.GOOD
    assert f"good for {SERVER.days - 1} days" in words or f"good for {SERVER.days} days" in words
    [(level, words), *_] = findings(NOW + SERVER - timedelta(days=20), **settings)
    assert level is Level.ODD
    assert "ends in" in words


@pytest.mark.parametrize(
    ("name", "not_after", "words"),
    [("127.0.0.1", -1, "expired"), ("192.0.2.9", 100, "mismatch"), ("127.0.0.1", 100, "self-signed")],
)
def test_a_certificate_that_terminals_would_not_believe_is_bad(tls_broker, tmp_path, authority, name, not_after, words):
    made = trustme.CA()
    issued = made.issue_cert(name, not_after=NOW + timedelta(days=not_after))
    issued.private_key_and_cert_chain_pem.write_to_path(tls_broker.server.home / "server.pem")
    issued.private_key_pem.write_to_path(tls_broker.server.home / "server.key")
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls_broker.server.reload()
    ca = authority.file if words == "self-signed" else tmp_path / "ca.pem"
    settings = {"mqtt_ca": ca, "mqtt_port": tls_broker.port}
    eventually(lambda: findings(**settings)[0][0] is Level.BAD)
    [(_, said), *_] = findings(**settings)
    assert words in said.lower() or words == "self-signed"
    assert "not believed" in said


def test_a_connection_in_the_clear_is_bad_and_so_is_a_port_that_takes_terminals_so(broker, outside):
    proxy = Proxy(broker.port, outside)
    try:
        found = findings(mqtt_host=outside, mqtt_port=proxy.port, mqtt_tls=False)
        assert [level for level, _ in found] == [Level.BAD, Level.BAD]
        assert "without TLS" in found[0][1]
        assert f"{outside}:{proxy.port} takes terminals" in found[1][1]
    finally:
        proxy.close()


def test_a_port_without_tls_where_there_is_said_to_be_tls_is_bad(broker, outside):
    proxy = Proxy(broker.port, outside)
    try:
        found = findings(mqtt_host=outside, mqtt_port=proxy.port)
        assert found[0][0] is Level.BAD
        assert "does not speak TLS" in found[0][1]
    finally:
        proxy.close()


def test_the_demo_on_loopback_is_good(broker):
    found = findings(mqtt_port=broker.port)
    assert {level for level, _ in found} == {Level.GOOD}


def test_a_port_by_tls_is_not_taken_for_one_without(tls_broker):
    assert not encryption.speaks_plainly("127.0.0.1", tls_broker.port)
    assert not encryption.speaks_plainly("127.0.0.1", tls_broker.server.certified)


def test_a_port_without_tls_is_seen(broker):
    assert encryption.speaks_plainly("127.0.0.1", broker.port)


def test_a_database_on_this_machine_is_good(database):
    with connect(database.url("api"), "doctor", autocommit=True) as conn:
        assert [one.level for one in encryption.database(conn, NOW)] == [Level.GOOD]
