"""SQL of the self-check terminal's place in the registry."""

import psycopg

from core import canary


def install(conn: psycopg.Connection) -> bool:
    """Register the self-check terminal in the topmost area; True when it was not there. Without areas, nothing."""
    conn.execute(
        "INSERT INTO vendor (code, name, format) VALUES (%s, '系统自检', 'flat') ON CONFLICT DO NOTHING",
        (canary.VENDOR,),
    )
    conn.execute(
        "INSERT INTO home (code, area_id, address) SELECT %s, id, '系统自检（不是住户）' FROM area"
        " ORDER BY nlevel(path), path LIMIT 1 ON CONFLICT DO NOTHING",
        (canary.HOME,),
    )
    done = conn.execute(
        "INSERT INTO device (vendor_id, serial, type, home_id) SELECT vendor.id, %s, %s, home.id FROM vendor, home"
        " WHERE vendor.code = %s AND home.code = %s ON CONFLICT DO NOTHING",
        (canary.SERIAL, canary.TYPE, canary.VENDOR, canary.HOME),
    )
    return done.rowcount == 1


def admit(conn: psycopg.Connection, token_hash: bytes) -> None:
    """Let the bearer of the token (SHA-256) listen to the live stream, in an area where nobody lives, and no more."""
    conn.execute(
        "INSERT INTO account (username, name, password_hash, role, area)"
        " VALUES (%s, '系统自检', 'no password opens this', 'reader', 'self_check') ON CONFLICT DO NOTHING",
        (canary.VENDOR,),
    )
    conn.execute(
        "INSERT INTO session (token_hash, account_id, label, expires_at)"
        " SELECT %s, id, 'self-check', now() + interval '10 years' FROM account WHERE username = %s"
        " ON CONFLICT (token_hash) DO UPDATE SET expires_at = excluded.expires_at",
        (token_hash, canary.VENDOR),
    )
