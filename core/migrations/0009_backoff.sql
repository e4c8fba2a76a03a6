-- depends: 0005_tidy
-- An answered alert whose condition goes on: how far its answers have climbed, and until when it is shown and not aloud.
-- Read by the engine at its start (alerts.engine.rebuild) and by operators; kept and erased with its alert. `suppressed_by` is
-- 'goes_on' while it is only shown, an episode is what lasts until the condition has been clear (alerts/lifecycle/backoff.py).

ALTER TABLE alert
    ADD COLUMN episode_at       timestamptz,                   -- when the condition was first found; null: before this was kept
    ADD COLUMN steps            smallint NOT NULL DEFAULT 0,   -- of the ladder, climbed by answers before this was raised
    ADD COLUMN answered         text CHECK (answered IN ('emergency', 'urgent', 'attention', 'maintenance', 'concern')),
                                                               -- the worst severity answered before in the episode
    ADD COLUMN suppressed_until timestamptz,                   -- aloud again at this time
    ADD CONSTRAINT suppressed_for_a_reason CHECK (suppressed_until IS NULL OR suppressed_by IS NOT NULL);
CREATE INDEX alert_resolved ON alert (resolved_at) WHERE state = 'resolved';

CREATE VIEW alert_episode AS               -- an alert as the engine's state needs it: alerts.judging.entries.AlertRow
    SELECT id AS alert_id, home_id, device_id, rule, severity, state, cleared_at IS NOT NULL AS cleared, resolved_at,
           disposition, coalesce(episode_at, occurred_at) AS episode_at, steps, answered, suppressed_until
    FROM alert;
GRANT SELECT ON alert_episode TO shouwang_engine;
