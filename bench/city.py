"""A registry of any size, written by the database itself: homes of five climate sensors and an SOS button each."""

from typing import NamedTuple

import psycopg

SENSORS = 5  # per home, besides the button
VENDOR = "acme"


class City(NamedTuple):
    """What was registered. Serials are `c-{home}-{1..5}` and `sos-{home}`, homes are `H{home}`, counted from 0."""

    homes: int

    def sensors(self) -> list[str]:
        """The serials of all climate sensors, a home's not next to each other."""
        return [f"c-{home}-{number}" for number in range(1, SENSORS + 1) for home in range(self.homes)]


def build(owner_url: str, homes: int) -> City:
    """Fill an empty database: one district, one vendor, an operator `op1` who sees it all."""
    with psycopg.connect(owner_url) as conn:
        conn.execute("SET LOCAL statement_timeout = 0")
        conn.execute("INSERT INTO area (path, name) VALUES ('qu', '测试区')")
        conn.execute("INSERT INTO vendor (code, name, format) VALUES (%s, '测试厂', 'flat')", (VENDOR,))
        conn.execute(
            "INSERT INTO home (code, area_id, address) SELECT 'H' || n, area.id, n || '号'"
            " FROM area, generate_series(0, %s) n",
            (homes - 1,),
        )
        conn.execute(
            "INSERT INTO device (vendor_id, serial, type, home_id, room, installed_at)"
            " SELECT vendor.id, 'c-' || substr(home.code, 2) || '-' || k, 'climate_sensor', home.id, '卧室', now()"
            " FROM home, vendor, generate_series(1, %s) k",
            (SENSORS,),
        )
        conn.execute(
            "INSERT INTO device (vendor_id, serial, type, home_id, room, installed_at)"
            " SELECT vendor.id, 'sos-' || substr(home.code, 2), 'sos_button', home.id, '卧室', now() FROM home, vendor"
        )
        conn.execute(
            "INSERT INTO account (username, name, password_hash, role, area)"
            " VALUES ('op1', '测试·值班', 'no password opens this', 'operator', 'qu')"
        )
    with psycopg.connect(owner_url, autocommit=True) as conn:
        conn.execute("ANALYZE")
    return City(homes)
