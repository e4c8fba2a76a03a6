"""docker-compose.yml shares its settings with the programs, publishes TLS alone, and gives each its own secrets."""

import itertools
import re
import subprocess
import sys
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from core.settings import PREFIX, Settings
from deploy.provision import provision, write_programs
from shouwang.cli import app

FILE = Path(__file__).parents[2] / "docker-compose.yml"
COMPOSE = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]


def test_the_file_conforms_to_the_compose_specification():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("name", SERVICES)
def test_every_setting_is_one_the_programs_know(name):
    environment = SERVICES[name].get("environment", {})
    ours = [key for key in environment if key.startswith(PREFIX)]
    known = {f"{PREFIX}{field.upper()}{suffix}" for field in Settings.model_fields for suffix in ("", "_FILE")}
    known.add("SHOUWANG_VENDOR_PASSWORDS_FILE")  # the simulator's
    assert set(ours) <= known


@pytest.mark.parametrize("name", SERVICES)
def test_only_tls_is_published_beyond_loopback_and_images_are_pinned(name):
    open_ports = [port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")]
    assert open_ports == (["8883:8883"] if name == "broker" else [])
    assert ":" in SERVICES[name]["image"]
    assert not SERVICES[name]["image"].endswith(":latest")


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_the_file(name):
    environment = SERVICES[name].get("environment", {})
    secret = [key for key in environment if "PASSWORD" in key or key.endswith("_URL")]
    assert all(key.endswith("_FILE") for key in secret)


@pytest.mark.parametrize("name", [name for name in SERVICES if SERVICES[name]["image"].startswith("shouwang")])
def test_every_command_is_one_the_image_has(name):
    command = SERVICES[name]["command"]
    said = [line.split()[1:] for line in command[0].splitlines()] if "entrypoint" in SERVICES[name] else [command]
    for words in said:
        path = list(itertools.takewhile(str.isalpha, words))[: 2 if words[0] in ("vendor", "user") else 1]
        assert CliRunner().invoke(app, [*path, "--help"]).exit_code == 0, words


def mounts(name):
    """(volume, folder) of a service; a folder of the host's that .env may name counts as the volume it replaces."""
    return [re.sub(r"^\$\{\w+:-(\w+)\}", r"\1", volume).split(":")[:2] for volume in SERVICES[name].get("volumes", [])]


EXCHANGE = ["./exchange", "/exchange"]  # the host's folder for what the administrator reads and writes


def test_every_volume_that_is_mounted_is_declared():
    mounted = {volume for name in SERVICES for volume, _ in mounts(name)}
    assert mounted - {EXCHANGE[0]} == set(COMPOSE["volumes"])


MAKERS = {"secrets", "migrate"}  # run once, as the administrator would


def role(name):
    """Which program a service is: what it must know."""
    return {"engine-standby": "engine", "accounts": "admin"}.get(name, name)


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - MAKERS))
def test_a_program_has_its_own_secrets_and_no_others(name):
    own = {"db": ["db", "postgres"], "broker": ["broker"]}.get(name, [f"secrets-{role(name)}"])
    assert [volume for volume, _ in mounts(name)] == own + ([EXCHANGE[0]] if name == "admin" else [])


def test_the_administrator_may_write_where_files_are_exchanged_and_nowhere_else():
    admin = SERVICES["admin"]
    assert admin["read_only"] is True
    assert [volume for volume in admin["volumes"] if not volume.endswith(":ro")] == [":".join(EXCHANGE)]


def test_behind_a_proxy_on_this_machine_cookies_can_be_secure_and_its_word_believed():
    told, [net] = SERVICES["api"]["environment"], COMPOSE["networks"]["default"]["ipam"]["config"]
    assert told["SHOUWANG_COOKIE_SECURE"] == "${SHOUWANG_COOKIE_SECURE:-false}"
    assert told["SHOUWANG_TRUSTED_PROXIES"] == "${SHOUWANG_TRUSTED_PROXIES:-}"
    assert ip_address(net["gateway"]) in ip_network(net["subnet"])
    lines = [f"SHOUWANG_TRUSTED_PROXIES={net['gateway']}", "SHOUWANG_COOKIE_SECURE=true"]
    for path in (FILE, FILE.parent / "docs/deployment.md"):
        assert all(line in path.read_text(encoding="utf-8") for line in lines), path
    unset = Settings(database_url="postgresql:///none", cookie_secure="false", trusted_proxies="")
    assert (unset.cookie_secure, unset.proxies) == (False, [])


@pytest.fixture(scope="module")
def provisioned(tmp_path_factory):
    """What `provision` hands out, without a database."""
    folder = tmp_path_factory.mktemp("provisioned")
    made = provision(folder / "secrets", ["acme"])
    made.authority.ensure(datetime.now(UTC))
    write_programs(made, folder / "programs", "db", 5432, "shouwang")
    return folder


def test_every_program_that_is_provisioned_has_a_volume(provisioned):
    handed = {(f"secrets-{folder.name}", f"/programs/{folder.name}") for folder in (provisioned / "programs").iterdir()}
    assert handed == {tuple(mount) for mount in mounts("migrate")} - {("secrets", "/secrets")}


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in MAKERS | {"db", "broker"}])
def test_every_file_that_a_program_is_told_of_is_in_its_volume_and_no_other_secret(provisioned, name):
    given = [re.sub(r"^\$\{\w+:-(.*)\}", r"\1", str(value)) for value in SERVICES[name]["environment"].values()]
    named = {value.removeprefix("/secrets/") for value in given if value.startswith("/secrets/")}
    named |= {"mqtt_admin"} if role(name) == "admin" else set()  # given on the command line
    folder = provisioned / "programs" / role(name)
    assert named == {path.name for path in folder.iterdir()}
    assert all(path.stat().st_mode & 0o077 == 0 for path in [folder, *folder.iterdir()])


def test_no_secret_is_handed_to_two_programs(provisioned):
    texts = [path.read_text() for path in (provisioned / "programs").glob("*/*") if path.name != "ca.pem"]
    assert len(texts) == len(set(texts))


def test_provisioning_twice_keeps_every_secret(tmp_path):
    arguments = ["provision", "--dir", str(tmp_path / "s"), "--vendor", "acme", "--broker-dir", str(tmp_path / "b")]
    (tmp_path / "s").mkdir()
    assert CliRunner().invoke(app, arguments).exit_code == 0
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in (tmp_path / "b").iterdir()} == {
        "mosquitto.conf", "dynamic-security.json", "ca.pem", "server.pem", "server.key",
    }  # fmt: skip
    before = {path: path.read_text() for path in files}
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert before == {path: path.read_text() for path in files}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "s").iterdir())
