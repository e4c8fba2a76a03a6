-- depends: 0010_door
-- Whether an alert asks for a person, what it measured, who closed it, and steps that were taken back. Written by the
-- engine and by the desk (alerts/lifecycle/states.py), read by operators; kept and erased with the alert.

ALTER TABLE alert
    ADD COLUMN asks_since     timestamptz,                    -- since when it asks for a person; null: it is answered, or only shown
    ADD COLUMN last_value     double precision,               -- the newest measured value, in evidence.unit; null: nothing is measured
    ADD COLUMN peak_value     double precision,               -- the worst since it opened
    ADD COLUMN resolved_by_id integer REFERENCES account;     -- who closed it; null: nobody has, or it ended by itself
UPDATE alert SET asks_since = opened_at WHERE state = 'open' AND suppressed_by IS NULL;
UPDATE alert SET last_value = (evidence->>'value')::double precision, peak_value = (evidence->>'value')::double precision
    WHERE jsonb_typeof(evidence->'value') = 'number' AND evidence ? 'limit';
UPDATE alert SET resolved_by_id = closed.account_id, acknowledged_at = coalesce(acknowledged_at, resolved_at)
    FROM (SELECT DISTINCT ON (alert_id) alert_id, account_id FROM alert_event WHERE kind = 'resolved' ORDER BY alert_id, id DESC) closed
    WHERE closed.alert_id = alert.id AND state = 'resolved' AND closed.account_id IS NOT NULL;
-- What is inserted without saying so asks: as by an engine of the version before that still runs during the upgrade.
ALTER TABLE alert ALTER COLUMN asks_since SET DEFAULT now();

ALTER TABLE alert_event DROP CONSTRAINT alert_event_kind_check;
ALTER TABLE alert_event ADD CONSTRAINT alert_event_kind_check
    CHECK (kind IN ('opened', 'raised', 'severity', 'cleared', 'returned', 'suppressed', 'unsuppressed',
                    'acknowledged', 'dispatched', 'resolved', 'undone', 'comment'));
