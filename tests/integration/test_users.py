"""Accounts of people and programs by the command: added once, changed in one thing at a time, shut out at once."""

import psycopg
import pytest
import typer
from argon2 import PasswordHasher

from shouwang.users import _new_password
from tests.api_service import CSRF, serving
from tests.command import Command
from tests.registry import PASSWORD, seed

GOOD = "lantern-otter-41-brook"


@pytest.fixture
def service(database):
    with serving(database, homes=1) as running:
        yield running


@pytest.fixture
def shouwang(service, tmp_path):
    """The command, beside a running API."""
    return Command(service.database, tmp_path)


def login(service, username, password):
    client = service.client(headers=CSRF)
    return client.post("/api/v1/login", json={"username": username, "password": password})


def me(service, **headers):
    return service.client(headers=headers).get("/api/v1/me")


def test_an_account_that_is_added_can_log_in_with_its_role_and_area(service, shouwang):
    shouwang.done("user", "add", "night1", "--name", "夜班甲", "--area", "qu.zhen", stdin=f"{GOOD}\n")
    account = login(service, "night1", GOOD).json()["account"]
    assert (account["role"], account["area"], account["name"]) == ("operator", "qu.zhen", "夜班甲")


def test_adding_somebody_who_is_there_changes_nothing_and_says_what_to_use(service, shouwang):
    before = service.sql("SELECT * FROM account WHERE username = 'chief'")
    said = shouwang.refused("user", "add", "chief", "--name", "x", "--area", "qu.zhen", stdin=f"{GOOD}\n")
    assert "shouwang user password chief" in said
    assert service.sql("SELECT * FROM account WHERE username = 'chief'") == before


def test_a_new_password_leaves_role_name_and_area_and_ends_the_browsers_sessions_alone(service, shouwang):
    browser = service.login("chief")
    token = shouwang.done("token", "add", "chief", "report")
    shouwang.done("user", "password", "chief", stdin=f"{GOOD}\n")
    assert browser.get("/api/v1/me").status_code == 401
    assert me(service, Authorization=f"Bearer {token}").status_code == 200
    assert login(service, "chief", PASSWORD).status_code == 401
    account = login(service, "chief", GOOD).json()["account"]
    assert (account["role"], account["area"], account["name"]) == ("chief", "qu", "测试·chief")


def test_a_change_is_of_what_is_given_and_ends_sessions_when_the_rights_change(service, shouwang):
    browser = service.login("op1")
    shouwang.done("user", "change", "op1", "--name", "值班员丙")
    assert browser.get("/api/v1/me").json()["name"] == "值班员丙"
    shouwang.done("user", "change", "op1", "--area", "qu.zhen.cun")
    assert browser.get("/api/v1/me").status_code == 401
    account = login(service, "op1", PASSWORD).json()["account"]
    assert (account["role"], account["area"], account["name"]) == ("operator", "qu.zhen.cun", "值班员丙")
    shouwang.done("user", "change", "op1", "--role", "vendor", "--vendor", "beta")
    account = login(service, "op1", PASSWORD).json()["account"]
    assert (account["role"], account["area"], account["vendor"]) == ("vendor", None, "beta")
    assert "needs --area" in shouwang.refused("user", "change", "op1", "--role", "operator")


def test_whoever_is_disabled_is_out_at_once_with_their_programs_and_comes_back_with_their_password(service, shouwang):
    browser, token = service.login("op1"), shouwang.done("token", "add", "op1", "report")
    shouwang.done("user", "disable", "op1")
    assert browser.get("/api/v1/me").status_code == 401
    assert me(service, Authorization=f"Bearer {token}").status_code == 401
    assert login(service, "op1", PASSWORD).status_code == 401
    assert service.sql("SELECT count(*) FROM session JOIN account a ON a.id = account_id WHERE username = 'op1'") == [
        (0,)
    ]
    assert "disabled" in shouwang.refused("token", "add", "op1", "again")
    assert "disabled" in next(line for line in shouwang.done("user", "list").splitlines() if line.startswith("op1"))
    shouwang.done("user", "enable", "op1")
    assert login(service, "op1", PASSWORD).status_code == 200
    assert me(service, Authorization=f"Bearer {token}").status_code == 401


def test_at_a_terminal_the_password_is_asked_for_twice(monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    answers = iter([GOOD, GOOD, GOOD, f"{GOOD}!"])
    monkeypatch.setattr("getpass.getpass", lambda *_: next(answers))
    assert PasswordHasher().verify(_new_password("night1", "夜班甲"), GOOD)
    with pytest.raises(typer.Exit):
        _new_password("night1", "夜班甲")


def test_a_token_is_listed_by_its_label_and_revoked_alone(service, shouwang):
    old, new = (shouwang.done("token", "add", "op1", label) for label in ("old", "new"))
    assert "has a token 'old' already" in shouwang.refused("token", "add", "op1", "old")
    listed = shouwang.done("token", "list")
    assert [line.split("\t")[:2] for line in listed.splitlines()] == [["op1", "old"], ["op1", "new"]]
    assert old not in listed
    shouwang.done("token", "revoke", "op1", "old")
    assert me(service, Authorization=f"Bearer {old}").status_code == 401
    assert me(service, Authorization=f"Bearer {new}").status_code == 200
    assert "no token 'old'" in shouwang.refused("token", "revoke", "op1", "old")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("add", "new", "--name", "x", "--area", "elsewhere"), "no area 'elsewhere'; there are qu, qu.zhen …"),
        (("add", "new", "--name", "x", "--area", ""), "no area ''"),
        (("add", "new", "--name", "x", "--area", "qu; DROP"), "no area"),
        (("add", "new", "--name", "x"), "needs --area"),
        (("add", "new", "--name", "x", "--role", "vendor", "--vendor", "nobody"), "no vendor nobody"),
        (("add", "new", "--name", "x", "--role", "vendor", "--vendor", "acme", "--area", "qu"), "no --area"),
        (("add", "new", "--name", "x" * 65, "--area", "qu"), "a name is 1 to 64"),
        (("add", "a b", "--name", "x", "--area", "qu"), "a user name is"),
        (("add", "self-check", "--name", "x", "--area", "qu"), "reserved"),
        (("add", "ingest", "--name", "x", "--area", "qu"), "reserved"),
        (("password", "self-check"), "self-check's own"),
        (("change", "self-check", "--area", "qu"), "self-check's own"),
        (("change", "chief", "--area", ""), "no area ''"),
        (("change", "chief"), "give --name"),
        (("disable", "self-check"), "self-check's own"),
        (("disable", "nobody"), "no account nobody"),
        (("token", "nobody", "x"), "no account nobody"),
    ],
    ids=" ".join,
)
def test_what_is_refused_says_what_to_do_and_changes_nothing(database, tmp_path, words, expected):
    seed(database.owner, homes=1, types=("sos_button",))

    def accounts():
        with psycopg.connect(database.owner) as conn:
            return conn.execute("SELECT * FROM account ORDER BY id").fetchall()

    before = accounts()
    assert expected in Command(database, tmp_path).refused("user", *words, stdin=f"{GOOD}\n")
    assert accounts() == before


def test_a_weak_password_is_refused_in_both_languages_and_not_repeated(service, shouwang):
    for weak in ("1234567890", "chief-2026!"):
        said = shouwang.refused("user", "password", "chief", stdin=f"{weak}\n")
        assert "密码太弱" in said
        assert "(" in said
        assert weak not in said
    assert login(service, "chief", PASSWORD).status_code == 200
