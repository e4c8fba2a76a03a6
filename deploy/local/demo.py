"""The demo's logins and its welcome. The password is random: even a demo has no secret that everybody knows."""

import secrets
from pathlib import Path

import psycopg
from argon2 import PasswordHasher

from deploy.local.site import Site
from deploy.provision import Secrets
from registry.accounts import store

ACCOUNTS = (  # username, name, role, vendor
    ("duty1", "值班员甲", "operator", None),
    ("duty2", "值班员乙", "operator", None),
    ("clerk", "登记员", "registrar", None),
    ("chief", "值班长", "chief", None),
)


def password(site_secrets: Secrets) -> str:
    """The instance's demo password, made once."""
    return site_secrets.ensure("demo_password", lambda: f"demo-{secrets.token_hex(4)}")


def write_accounts(conn: psycopg.Connection, site_secrets: Secrets) -> None:
    """Two operators who can compete for an alert, a chief, a registrar, and one account per vendor."""
    area = conn.execute("SELECT path::text FROM area WHERE nlevel(path) = 1 ORDER BY path LIMIT 1").fetchone()
    assert area is not None
    hashed = PasswordHasher().hash(password(site_secrets))
    vendors = [(f"vendor-{code}", f"厂商 {code}", "vendor", code) for code in site_secrets.vendors]
    for username, name, role, vendor in (*ACCOUNTS, *vendors):
        known = conn.execute("SELECT 1 FROM account WHERE username = %s", (username,)).fetchone()
        if not known:  # a second run must not end the sessions of the first
            store.add_account(
                conn, username=username, name=name, password_hash=hashed, role=role,
                area=None if vendor else area[0], vendor=vendor,
            )  # fmt: skip


def welcome(site: Site, wanted_port: int, logs: Path) -> str:
    """What to do now, in a few lines."""
    moved = "" if site.api_port == wanted_port else f"\n  (port {wanted_port} is taken)"
    vendor = next(iter(site.secrets.vendors))
    return f"""
  守望 Shouwang is running.

    {site.address}{moved}
    login     duty1 or duty2 (operators), chief, clerk (registrar), vendor-{vendor} (vendor)
    password  {password(site.secrets)}

  press an SOS: . var/demo.env && .venv/bin/shouwang simulate --press S0007
  broker    127.0.0.1:{site.broker.port}, vendor passwords in {site.home}/secrets/vendor_passwords.json
  logs      {logs}
  Ctrl-C stops everything; the data stays."""
