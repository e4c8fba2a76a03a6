"""Certificates of a site's own authority, and others' that it takes over."""

import ssl
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from typer.testing import CliRunner

from deploy.certificates import RENEW, SERVER, Authority, CertificateError, names_of, take_over
from deploy.listeners import Listener
from deploy.provision import BrokerFiles, provision, write_broker
from shouwang.cli import app

NOW = datetime.now(UTC)
NAMES = ["mqtt.example.org", "192.0.2.7"]


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority").ensure(NOW)


def request(*words, subject="/CN=whatever"):
    """A signing request made as the vendor guide says."""
    command = ["openssl", "req", "-new", "-nodes", "-keyout", "/dev/null", "-subj", subject, *words]
    return subprocess.run(command, check=True, capture_output=True).stdout


EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def test_the_authority_and_its_certificates_stay_as_they_are(authority, tmp_path):
    assert authority.server(tmp_path, NAMES, NOW)
    before = [path.read_bytes() for path in sorted(tmp_path.rglob("*.*"))]
    later = NOW + SERVER - RENEW - timedelta(days=1)
    assert not authority.ensure(later).server(tmp_path, NAMES, later)
    assert [path.read_bytes() for path in sorted(tmp_path.rglob("*.*"))] == before
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.rglob("*.*"))


@pytest.mark.parametrize(("names", "later"), [(NAMES, SERVER - RENEW + timedelta(days=2)), (NAMES[:1], timedelta())])
def test_with_a_year_left_or_for_other_names_it_is_made_anew(authority, tmp_path, names, later):
    authority.server(tmp_path, NAMES, NOW)
    assert authority.server(tmp_path, names, NOW + later)


def test_openssl_finds_the_chain_and_the_names_right(authority, tmp_path):
    authority.server(tmp_path, NAMES, NOW)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    for words in (["-verify_hostname", NAMES[0]], ["-verify_ip", NAMES[1]]):
        command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", *words]
        subprocess.run([*command, "-CAfile", authority.file, tmp_path / "server.pem"], check=True, capture_output=True)
    wrong = subprocess.run(
        ["openssl", "verify", "-purpose", "sslclient", "-CAfile", authority.file, tmp_path / "server.pem"],
        check=False, capture_output=True,
    )  # fmt: skip
    assert wrong.returncode != 0, "a server's certificate logs nobody in"


def test_a_request_is_signed_for_the_account_and_not_for_what_it_asks(authority):
    text = authority.client(request(*EC, subject="/CN=ingest"), "acme", NOW)
    made = x509.load_pem_x509_certificate(text.encode())
    assert made.subject.rfc4514_string() == "CN=acme"


@pytest.mark.parametrize("given", [b"", b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n", request("-newkey", "rsa:1024")])
def test_what_is_no_request_or_has_a_weak_key_is_refused(authority, given):
    with pytest.raises(CertificateError):
        authority.client(given, "acme", NOW)


@pytest.mark.parametrize(
    ("account", "status"), [("acme", 0), ("admin", 1), ("ingest", 1), ("self-check", 1), ("a b", 1)]
)
def test_the_command_signs_for_vendors_and_never_for_our_own_accounts(tmp_path, authority, account, status):
    (tmp_path / "request").write_bytes(request(*EC))
    done = CliRunner().invoke(app, ["certificate", account, str(tmp_path / "request"), "--dir", str(tmp_path)])
    assert done.exit_code == status
    assert ("BEGIN CERTIFICATE" in done.output) == (status == 0)


@pytest.fixture
def others(tmp_path):
    """Another authority, and what it issued, as certbot lays it down."""
    made = trustme.CA()

    def issue(folder, certificate=None, key=None):
        folder.mkdir(exist_ok=True)
        certificate = certificate or made.issue_cert(NAMES[0])
        (folder / "fullchain.pem").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
        (key or certificate).private_key_pem.write_to_path(folder / "privkey.pem")
        return folder / "fullchain.pem", folder / "privkey.pem"

    return made, issue


def test_another_authoritys_certificate_is_taken_over_once(tmp_path, others):
    _, issue = others
    given = issue(tmp_path / "live")
    (tmp_path / "broker").mkdir()
    assert take_over(*given, tmp_path / "broker", NOW)
    assert not take_over(*given, tmp_path / "broker", NOW)
    assert take_over(*issue(tmp_path / "live"), tmp_path / "broker", NOW)


def test_one_that_cannot_serve_is_refused_and_the_old_one_stays(tmp_path, others):
    made, issue = others
    (tmp_path / "broker").mkdir()
    take_over(*issue(tmp_path / "live"), tmp_path / "broker", NOW)
    before = (tmp_path / "broker/server.pem").read_bytes()
    run_out = made.issue_cert(NAMES[0], not_after=NOW - timedelta(days=1))
    for given, words in (
        (issue(tmp_path / "a", key=made.issue_cert(NAMES[0])), "not the key"),
        (issue(tmp_path / "b", run_out), "ran out"),
        ((tmp_path / "nothing", tmp_path / "nothing"), "no certificate"),
    ):
        with pytest.raises(CertificateError, match=words):
            take_over(*given, tmp_path / "broker", NOW)
    assert (tmp_path / "broker/server.pem").read_bytes() == before


def test_a_certificate_folder_that_is_not_mounted_cuts_nobody_off(tmp_path, others):
    _, issue = others
    made = provision(tmp_path / "secrets", [])
    made.authority.ensure(NOW)
    files = BrokerFiles(tmp_path / "broker", NAMES, tmp_path / "live")
    issue(tmp_path / "live")
    assert write_broker(made, files, NOW)
    before = (tmp_path / "broker/server.pem").read_bytes()
    for path in (tmp_path / "live").iterdir():
        path.unlink()
    with pytest.raises(CertificateError, match="by another authority"):
        write_broker(made, files, NOW)
    assert (tmp_path / "broker/server.pem").read_bytes() == before


@pytest.mark.parametrize("address", ["", "0.0.0.0", "192.0.2.7", "::", "broker"])
def test_no_listener_without_tls_is_open_to_others(address):
    with pytest.raises(ValueError, match="without TLS"):
        Listener(1883, address)
    assert str(Listener(1883, "127.0.0.1")) == "listener 1883 127.0.0.1"


def test_what_provision_writes_listens_by_tls_alone(tmp_path):
    made = provision(tmp_path / "secrets", ["acme"])
    made.authority.ensure(NOW)
    write_broker(made, BrokerFiles(tmp_path / "broker", NAMES, None, client_certificates=True), NOW)
    lines = (tmp_path / "broker/mosquitto.conf").read_text().splitlines()
    assert [line for line in lines if line.startswith("listener")] == ["listener 8883", "listener 8884"]
    assert sum(line.startswith("certfile") for line in lines) == 2


def test_a_run_that_is_told_less_keeps_the_names_and_the_listeners(tmp_path):
    words = ["provision", "--dir", str(tmp_path / "s"), "--broker-dir", str(tmp_path / "b")]
    first = CliRunner().invoke(
        app, [*words, "--broker-name", NAMES[0], "--broker-name", NAMES[1], "--client-certificates"]
    )
    assert first.exit_code == 0
    assert "reload" in first.output
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    second = CliRunner().invoke(app, [*words, "--vendor", "acme"])
    assert (second.exit_code, second.output) == (0, "")
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.name for path in before if before[path] != after[path]} == {"vendor_passwords.json"}
    assert names_of(tmp_path / "b") == NAMES


def test_a_run_without_the_certificates_folder_keeps_what_it_was_given(tmp_path, others):
    _, issue = others
    issue(tmp_path / "live")
    words = ["provision", "--dir", str(tmp_path / "s"), "--broker-dir", str(tmp_path / "b")]
    assert CliRunner().invoke(app, [*words, "--broker-certificate", str(tmp_path / "live")]).exit_code == 0
    before = (tmp_path / "b/server.pem").read_bytes()
    assert CliRunner().invoke(app, words).exit_code == 0
    assert (tmp_path / "b/server.pem").read_bytes() == before
