"""A registry of any size, written by the database itself: homes of five climate sensors and an SOS button each."""

from typing import NamedTuple

import psycopg

SENSORS = 5  # per home, besides the button
VENDOR = "acme"  # of the buttons and all climate sensors but one …
OTHER_VENDOR = "beta"  # … of each home
RIVAL = "rival"  # an account at the broker, and no vendor of ours


class City(NamedTuple):
    """What was registered. Serials are `c-{home}-{1..5}` and `sos-{home}`, homes are `H{home}`, counted from 0."""

    homes: int

    def sensors(self, vendor: str = VENDOR) -> list[str]:
        """Serials of a vendor's climate sensors, a home's not next to each other. The rival has the first vendor's."""
        numbers = (SENSORS,) if vendor == OTHER_VENDOR else range(1, SENSORS)
        return [f"c-{home}-{number}" for number in numbers for home in range(self.homes)]


def build(owner_url: str, homes: int) -> City:
    """Fill an empty database: one district, two vendors, an operator `op1` who sees it all."""
    with psycopg.connect(owner_url) as conn:
        conn.execute("SET LOCAL statement_timeout = 0")
        conn.execute("INSERT INTO area (path, name) VALUES ('qu', '测试区')")
        for vendor in (VENDOR, OTHER_VENDOR):
            conn.execute("INSERT INTO vendor (code, name, format) VALUES (%s, %s, 'flat')", (vendor, f"测试·{vendor}"))
        conn.execute(
            "INSERT INTO home (code, area_id, address) SELECT 'H' || n, area.id, n || '号'"
            " FROM area, generate_series(0, %s) n",
            (homes - 1,),
        )
        conn.execute(
            "INSERT INTO device (vendor_id, serial, type, home_id, room, installed_at)"
            " SELECT vendor.id, 'c-' || substr(home.code, 2) || '-' || k, 'climate_sensor', home.id, '卧室', now()"
            " FROM generate_series(1, %s) k, home, vendor"
            " WHERE vendor.code = CASE WHEN k = %s THEN %s ELSE %s END",
            (SENSORS, SENSORS, OTHER_VENDOR, VENDOR),
        )
        conn.execute(
            "INSERT INTO device (vendor_id, serial, type, home_id, room, installed_at)"
            " SELECT vendor.id, 'sos-' || substr(home.code, 2), 'sos_button', home.id, '卧室', now()"
            " FROM home, vendor WHERE vendor.code = %s",
            (VENDOR,),
        )
        conn.execute(
            "INSERT INTO account (username, name, password_hash, role, area)"
            " VALUES ('op1', '测试·值班', 'no password opens this', 'operator', 'qu')"
        )
    with psycopg.connect(owner_url, autocommit=True) as conn:
        conn.execute("ANALYZE")
    return City(homes)
