"""docker-compose.yml shares its settings with the programs, publishes nothing beyond loopback and holds no secret."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from core.settings import PREFIX, Settings
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
def test_ports_are_published_on_loopback_only_and_images_are_pinned(name):
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))
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


def test_every_volume_that_is_mounted_is_declared():
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert mounted == set(COMPOSE["volumes"])


def test_provisioning_twice_keeps_every_secret(tmp_path):
    arguments = ["provision", "--dir", str(tmp_path / "s"), "--vendor", "acme", "--broker-dir", str(tmp_path / "b")]
    (tmp_path / "s").mkdir()
    assert CliRunner().invoke(app, arguments).exit_code == 0
    files = [*(tmp_path / "s").iterdir(), *(tmp_path / "b").iterdir()]
    before = {path: path.read_text() for path in files}
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert before == {path: path.read_text() for path in files}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "s").iterdir())
