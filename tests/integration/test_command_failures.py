"""A command that fails says in one line what to do, and no secret: neither a password, nor a hash, nor a URL."""

import psycopg
import pytest

from tests.command import Command
from tests.registry import seed

SECRET = "s3cr3tW0rd"
GOOD = "lantern-otter-41-brook"


@pytest.fixture
def shouwang(database, tmp_path):
    """The command on a small registry."""
    seed(database.owner, homes=1, types=("sos_button",))
    return Command(database, tmp_path)


def test_a_row_that_the_database_refuses_shows_no_hash(shouwang, database):
    with psycopg.connect(database.owner) as conn:
        conn.execute("ALTER TABLE account ADD CONSTRAINT nobody_new CHECK (false) NOT VALID")
    said = shouwang.refused("user", "add", "night1", "--name", "甲", "--area", "qu", stdin=f"{GOOD}\n")
    assert 'violates check constraint "nobody_new"' in said
    assert "argon2" not in said
    assert "Failing row" not in said


@pytest.mark.parametrize("program", ["user list", "migrate", "learn", "ingest", "engine", "api", "canary", "doctor"])
def test_a_missing_setting_is_named_and_no_other_is_shown(shouwang, program):
    del shouwang.environment["SHOUWANG_DATABASE_URL"]
    said = shouwang.refused(*program.split(), SHOUWANG_MQTT_PASSWORD=SECRET, SHOUWANG_CANARY_TOKEN=SECRET)
    assert said.startswith("SHOUWANG_DATABASE_URL")
    assert SECRET not in said


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://user:{SECRET}@127.0.0.1:1/shouwang",
        f"postgresql://user:pass@{SECRET}@127.0.0.1:1/shouwang",
        f"postgresql://user:pass/{SECRET}@127.0.0.1:1/shouwang",
        f"postgresql://user:%zz{SECRET}@127.0.0.1:1/shouwang",
        f"postgresql://user:[{SECRET}@127.0.0.1:1/shouwang",
        f"host=127.0.0.1 port=1 password=a {SECRET}",
        f"user:{SECRET}",
    ],
)
@pytest.mark.parametrize("command", ["user list", "migrate"])
def test_a_database_that_cannot_be_had_is_told_without_its_password(shouwang, command, url):
    said = shouwang.refused(*command.split(), SHOUWANG_DATABASE_URL=url)
    assert "SHOUWANG_DATABASE_URL" in said
    assert SECRET not in said


@pytest.mark.parametrize("program", ["ingest", "engine", "api", "canary", "doctor"])
def test_no_program_starts_with_a_url_that_cannot_be_read_nor_quotes_it(shouwang, program):
    said = shouwang.refused(program, SHOUWANG_DATABASE_URL=f"postgresql://user:pass/{SECRET}@127.0.0.1:1/shouwang")
    assert said.startswith("SHOUWANG_DATABASE_URL")
    assert "postgresql://user:password@host:port/database" in said
    assert SECRET not in said


def test_a_login_that_may_not_is_told_so(shouwang, database):
    said = shouwang.refused("user", "list", SHOUWANG_DATABASE_URL=database.url("ingest"))
    assert said.startswith("database: permission denied for table account; use the login this command needs")


def test_a_schema_of_the_version_before_is_told_so(shouwang, database):
    with psycopg.connect(database.owner) as conn:
        conn.execute("DROP TABLE vendor_account")
    assert "first: shouwang migrate" in shouwang.refused("vendor", "list")


def test_a_secret_file_and_a_register_that_cannot_be_read_are_named(shouwang, tmp_path):
    said = shouwang.refused("user", "list", SHOUWANG_MQTT_PASSWORD_FILE=str(tmp_path / "none"))
    assert "No such file or directory" in said
    (tmp_path / "register.csv").write_bytes(b"\xff\xff\xff")
    assert "is neither UTF-8 nor GB18030" in shouwang.refused("register", str(tmp_path / "register.csv"))
