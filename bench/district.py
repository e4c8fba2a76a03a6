"""A district in use, written by the database itself: areas, homes, people, devices, readings, alerts."""

import psycopg

DISTRICT, GRID, VENDOR = "qu", "qu.t1.v1.g1", "acme"
MEASURED = 30  # homes whose motion sensor has readings every ten minutes for DAYS days
DAYS = 90
FILL = f"""
    INSERT INTO area (path, name) VALUES ('qu', '测试区');
    INSERT INTO area (path, name) SELECT ('qu.t' || t)::ltree, '测试镇' || t FROM generate_series(1, 10) t;
    INSERT INTO area (path, name) SELECT path || ('v' || v), '测试村' || v FROM area, generate_series(1, 10) v
        WHERE nlevel(path) = 2;
    INSERT INTO area (path, name) SELECT path || ('g' || g), '测试网格' || g FROM area, generate_series(1, 10) g
        WHERE nlevel(path) = 3;
    INSERT INTO vendor (code, name, format) VALUES ('acme', '测试·甲厂', 'flat'), ('beta', '测试·乙厂', 'flat');
    INSERT INTO home (code, area_id, place, address)
        SELECT 'H' || lpad(n::text, 7, '0'), grid.id, grid.place, n || '号' FROM generate_series(0, %(last)s::int) n
        JOIN (SELECT id, place, row_number() OVER (ORDER BY path) - 1 AS number FROM area WHERE nlevel(path) = 4) grid
            ON grid.number = n %% 1000 ORDER BY n;
    INSERT INTO person (home_id, place, name, born) SELECT id, place, '陈秀' || id %% 100, '1940-01-01' FROM home;
    INSERT INTO contact (home_id, place, position, name, role, phone)
        SELECT id, place, 1, '李明', '网格员', '0000000' || lpad((id %% 10000)::text, 4, '0') FROM home;
    INSERT INTO home_search (home_id, place, plain, pinyin, initials, phones)
        SELECT h.id, h.place, concat_ws('|', '', lower(h.code), '测试区镇村网格' || h.address, p.name, '李明', ''),
               '|chenxiu|xiu|cx|x', 'cx', '|' || c.phone || '|'
        FROM home h JOIN person p ON p.home_id = h.id JOIN contact c ON c.home_id = h.id;
    INSERT INTO device (vendor_id, serial, type, home_id, place, room, installed_at)
        SELECT v.id, concat_ws('-', kind, h.id), kind, h.id, h.place, '卧室', now() - interval '{DAYS + 1} days'
        FROM home h CROSS JOIN unnest(ARRAY['motion_sensor', 'sos_button', 'wristband']) kind
        JOIN vendor v ON v.code = CASE kind WHEN 'wristband' THEN 'beta' ELSE 'acme' END;
    INSERT INTO installation (device_id, home_id, place, since, first)
        SELECT id, home_id, place, installed_at, true FROM device;
    INSERT INTO latest (device_id, metric, ts, value, since, seen_at)
        SELECT d.id, m.id, now() - interval '10 min', 80, now() - interval '2 h', now() - interval '10 min'
        FROM device d, metric m WHERE m.name IN ('battery', 'online');
    INSERT INTO reading (ts, device_id, metric, value)
        SELECT now() - i * interval '10 min', d.id, m.id, 1
        FROM (SELECT id FROM device WHERE type = 'motion_sensor' ORDER BY id LIMIT {MEASURED}) d
        JOIN metric m ON m.name = 'motion' CROSS JOIN generate_series(0, {DAYS} * 144) i;
    INSERT INTO reading (ts, device_id, metric, value)
        SELECT now() - i * interval '5 min' - d.id %% 300 * interval '1 s', d.id, m.id, 80
        FROM device d JOIN metric m ON m.name = 'battery' CROSS JOIN generate_series(1, 3) i;
    INSERT INTO alert (subject, home_id, area_id, place, rule, severity, occurred_at, opened_at, last_at, asks_since)
        SELECT 'home', id, area_id, place, 'no_sign_of_life', 'urgent', now(), now() - id * interval '1 s', now(), now()
        FROM home WHERE id %% 33 = 0 OR id <= {MEASURED};
    INSERT INTO alert (subject, home_id, area_id, place, rule, severity, state, occurred_at, opened_at, last_at,
                       resolved_at, disposition, waited)
        SELECT 'home', id, area_id, place, 'sos', 'emergency', 'resolved', now(),
               now() - (id * 2 + k) * interval '10 s', now(), now(), 'test', 10
        FROM home, generate_series(1, 2) k;
    INSERT INTO alert_event (alert_id, at, kind) SELECT id, opened_at, 'opened' FROM alert;
    INSERT INTO alert_event (alert_id, at, kind, note)
        SELECT id, opened_at, 'resolved', '已电话核实' || id FROM alert WHERE state = 'resolved';
    INSERT INTO account (username, name, password_hash, role, area, vendor_id) VALUES
        ('district', '测试·区', 'no password opens this', 'operator', '{DISTRICT}', NULL),
        ('grid', '测试·网格', 'no password opens this', 'operator', '{GRID}', NULL),
        ('vendor', '测试·厂', 'no password opens this', 'vendor', NULL, (SELECT id FROM vendor WHERE code = '{VENDOR}'))
"""


def build(owner_url: str, homes: int) -> None:
    """Fill an empty database: 1,111 areas, three devices and two closed alerts a home, one open alert in 33 homes."""
    with psycopg.connect(owner_url) as conn:
        conn.execute("SET LOCAL statement_timeout = 0")
        conn.execute("SET LOCAL session_replication_role = replica")  # no triggers: a row at a time takes long
        for statement in FILL.split(";\n"):
            conn.execute(statement.encode(), {"last": homes - 1})
    with psycopg.connect(owner_url, autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE")
