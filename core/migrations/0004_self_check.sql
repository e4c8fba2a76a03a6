-- depends: 0003_alerts
-- The self-check program: it may follow its own reading, say how it went, and raise its one alert.

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shouwang_canary') THEN
        CREATE ROLE shouwang_canary NOLOGIN;
    END IF;
END $$;

GRANT SELECT ON area, home, vendor, device, metric, reading TO shouwang_canary;
GRANT SELECT, INSERT, UPDATE ON heartbeat, alert TO shouwang_canary;
GRANT SELECT, INSERT ON alert_event TO shouwang_canary;
