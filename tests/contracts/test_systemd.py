"""The units, the samples of their settings and `shouwang-as`: each program is told what it was handed, and no other."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core import canary
from core.settings import load
from deploy.provision import provision, write_programs

UNITS = Path(__file__).parents[2] / "deploy/systemd"
ETC, SECRETS = "/etc/shouwang", "/etc/shouwang/secrets"
PROGRAMS = ("ingest", "engine", "api", "canary")


def told(name, program):
    """What systemd gives: files go before the unit's own lines, later files before earlier ones."""
    lines = (UNITS / name).read_text(encoding="utf-8").replace("%i", program).splitlines()
    own = [line.removeprefix("Environment=") for line in lines if line.startswith("Environment=")]
    for line in lines:
        if line.startswith("EnvironmentFile="):
            path = UNITS / Path(line.partition("=")[2].removeprefix("-")).name
            optional = line.startswith("EnvironmentFile=-") and not path.exists()
            own += [] if optional else path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in own if line and not line.startswith("#"))


def environment(program):
    """One program's, or the administrator's as its daily unit has it."""
    return told("shouwang-expire.service" if program == "admin" else "shouwang@.service", program)


@pytest.fixture(scope="module")
def etc(tmp_path_factory):
    """/etc/shouwang after `provision --database-host`, without the database."""
    folder = tmp_path_factory.mktemp("etc")
    made = provision(folder / "secrets", ["acme"])
    made.authority.ensure(datetime.now(UTC))
    write_programs(made, folder / "secrets", "db.example.org", 5432, "shouwang")
    for path in UNITS.glob("*.env"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8").replace(ETC, str(folder)), encoding="utf-8")
    return folder


@pytest.mark.parametrize("program", [*PROGRAMS, "admin"])
def test_a_program_is_told_of_every_file_it_was_handed_and_of_no_other(etc, program):
    named = {Path(value) for value in environment(program).values() if value.startswith(ETC)}
    assert {path.parent for path in named} == {Path(SECRETS) / program}
    by_command = {"mqtt_admin"} if program == "admin" else set()
    assert {path.name for path in named} == {path.name for path in (etc / "secrets" / program).iterdir()} - by_command


@pytest.mark.parametrize("program", [*PROGRAMS, "admin"])
def test_its_settings_can_be_read_and_lead_to_the_sites_broker_and_database_by_tls(etc, program, monkeypatch):
    for name, value in environment(program).items():
        monkeypatch.setenv(name, value.replace(ETC, str(etc)))
    settings, own = load(), etc / "secrets" / program
    assert (settings.mqtt_host, settings.mqtt_port, settings.mqtt_tls) == ("mqtt.example.org", 8883, True)
    assert settings.mqtt_ca == own / "ca.pem"
    assert "sslmode=verify-full" in settings.database_url.get_secret_value()
    assert f"{program if program != 'admin' else 'registrar'}:" in settings.database_url.get_secret_value()
    assert bool(settings.mqtt_password.get_secret_value()) == (program in ("ingest", "canary"))
    assert settings.mqtt_username == (canary.VENDOR if program == "canary" else "ingest")
    assert bool(settings.canary_token.get_secret_value()) == (program == "canary")


@pytest.mark.parametrize("program", [*PROGRAMS, "admin"])
def test_a_command_by_hand_has_what_the_unit_has(etc, tmp_path, program):
    script = (UNITS / "shouwang-as").read_text(encoding="utf-8")
    for ours, theirs in ((ETC, str(etc)), ("runuser -u shouwang --", ""), ("/opt/shouwang/.venv/bin/shouwang", "env")):
        assert ours in script
        script = script.replace(ours, theirs)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SHOUWANG_")}
    done = subprocess.run(
        ["/bin/sh", "-c", script, "shouwang-as", program], env=clean, capture_output=True, text=True, check=True
    )
    given = dict(line.split("=", 1) for line in done.stdout.splitlines() if line.startswith("SHOUWANG_"))
    assert given == {name: value.replace(ETC, str(etc)) for name, value in environment(program).items()}
