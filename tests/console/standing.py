"""A home with an alert of every severity and state, put into the database as the engine and the desk leave them."""

import psycopg

from deploy.local.site import Site
from tests.registry import Registry

HOME = 22
STANDING = [  # rule, severity, state, suppressed
    ("sos", "emergency", "open", None),
    ("fire", "emergency", "acknowledged", None),
    ("water_leak", "urgent", "open", None),
    ("room_climate", "attention", "open", None),
    ("battery_low", "maintenance", "open", None),
    ("device_silent", "maintenance", "dispatched", None),
    ("routine", "concern", "open", None),
    ("vital_signs", "attention", "open", "goes_on"),
    ("gas", "emergency", "resolved", None),
]
INSERT = """
    INSERT INTO alert (home_id, device_id, rule, severity, state, occurred_at, opened_at, last_at, evidence, episode_at,
        suppressed_by, suppressed_until, handler_id, acknowledged_at, resolved_at, disposition, answered, asks_since)
    VALUES (%(home)s, %(device)s, %(rule)s, %(severity)s, %(state)s, now(), now(), now(),
        '{"text_zh": "室内 20 %%LEL", "text_en": "20 %%LEL indoors", "value": 10, "unit": "%%LEL"}', now(),
        %(by)s, CASE WHEN %(by)s::text IS NOT NULL THEN now() + interval '1 day' END,
        CASE WHEN %(state)s <> 'open' THEN %(handler)s END, CASE WHEN %(state)s <> 'open' THEN now() END,
        CASE WHEN %(state)s = 'resolved' THEN now() END, CASE WHEN %(state)s = 'resolved' THEN 'real' END, %(answered)s,
        CASE WHEN %(state)s = 'open' AND %(by)s::text IS NULL THEN now() END)
    RETURNING id
"""


def put_all(site: Site, registry: Registry) -> dict[str, int]:
    """Their ids by rule; whatever else stood in that home is over."""
    found = {}
    with psycopg.connect(site.owner_url) as conn:
        home, device = registry.homes[HOME], registry.device(HOME, "climate_sensor")[0]
        conn.execute(
            "UPDATE alert SET state = 'resolved', resolved_at = now(), disposition = 'test', asks_since = NULL"
            " WHERE home_id = %s AND state <> 'resolved'",
            (home,),
        )
        for rule, severity, state, by in STANDING:
            values = {"home": home, "device": device, "rule": rule, "severity": severity, "state": state, "by": by}
            values |= {"handler": registry.accounts["op1"], "answered": severity if by else None}
            found[rule] = conn.execute(INSERT, values).fetchone()[0]
            conn.execute("INSERT INTO alert_event (alert_id, at, kind) VALUES (%s, now(), 'opened')", (found[rule],))
    return found


def asking(site: Site) -> int:
    """How many alerts ask for somebody: other tests and the engine itself may have raised some."""
    with psycopg.connect(site.owner_url) as conn:
        query = "SELECT count(*) FROM alert WHERE asks_since IS NOT NULL AND suppressed_by IS NULL"
        return int(conn.execute(query).fetchone()[0])


def title(site: Site) -> str:
    """The board's title that says so."""
    count = asking(site)
    return f"({count}) 值班台 · 守望" if count else "值班台 · 守望"
