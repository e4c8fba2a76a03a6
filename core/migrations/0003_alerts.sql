-- depends: 0002_readings
-- What was found, who answered, and what is normal for a person.

CREATE TABLE baseline (                    -- a home's learned rhythm, refreshed nightly
    home_id      integer  NOT NULL REFERENCES home,
    hour         smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),  -- local hour of day
    gap_seconds  real     NOT NULL,        -- how long a silence that reaches into this hour usually is, at the upper end
    days         smallint NOT NULL,        -- days it was learned from
    learned_at   timestamptz NOT NULL,
    PRIMARY KEY (home_id, hour)
);

CREATE TABLE alert (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    home_id       integer NOT NULL REFERENCES home,
    device_id     integer REFERENCES device,   -- the device that showed it, where one did
    rule          text    NOT NULL,
    severity      text    NOT NULL CHECK (severity IN ('emergency', 'urgent', 'attention', 'maintenance', 'concern')),
    state         text    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'dispatched', 'resolved')),
    occurred_at   timestamptz NOT NULL,        -- when it happened, by the device's clock within bounds
    opened_at     timestamptz NOT NULL,        -- when it was raised
    last_at       timestamptz NOT NULL,        -- the last finding
    count         integer NOT NULL DEFAULT 1,
    score         real    NOT NULL DEFAULT 1,
    late          boolean NOT NULL DEFAULT false,
    evidence      jsonb   NOT NULL DEFAULT '{}',
    cleared_at    timestamptz,                 -- the condition is over; a person still answers
    suppressed_by text,                        -- a status beside the state, never a state
    handler_id    integer REFERENCES account,  -- who has it
    acknowledged_at timestamptz,
    dispatched_at timestamptz,
    resolved_at   timestamptz,
    disposition   text CHECK (disposition IN ('real', 'false_alarm', 'test', 'device_fault', 'recovered')),
    CONSTRAINT resolved_with_disposition CHECK ((state = 'resolved') = (disposition IS NOT NULL) AND (state = 'resolved') = (resolved_at IS NOT NULL))
);
CREATE UNIQUE INDEX alert_one_open ON alert (home_id, rule) WHERE state <> 'resolved';
CREATE INDEX alert_opened ON alert (opened_at DESC, id DESC);
CREATE INDEX alert_home ON alert (home_id, opened_at DESC);

CREATE TABLE alert_event (                 -- append-only: audit trail, outbox and live feed at once
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id    bigint NOT NULL REFERENCES alert,
    at          timestamptz NOT NULL,
    kind        text   NOT NULL CHECK (kind IN ('opened', 'raised', 'severity', 'cleared', 'returned', 'suppressed', 'unsuppressed',
                                                'acknowledged', 'dispatched', 'resolved', 'comment')),
    account_id  integer REFERENCES account,    -- null: the engine
    note        text   NOT NULL DEFAULT '',
    data        jsonb  NOT NULL DEFAULT '{}'
);
CREATE INDEX alert_event_alert ON alert_event (alert_id, id);

-- Ids become visible in order: a reader that has seen id n will never find a smaller one later. Without this a
-- reconnecting console that asks for "all after n" could miss an event whose transaction was slower.
CREATE FUNCTION alert_event_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('alert_event'));
    RETURN NULL;
END $$;
CREATE TRIGGER alert_event_order BEFORE INSERT ON alert_event
    FOR EACH STATEMENT EXECUTE FUNCTION alert_event_in_order();

CREATE FUNCTION alert_event_announced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('alert_event', '');
    RETURN NULL;
END $$;
CREATE TRIGGER alert_event_announce AFTER INSERT ON alert_event
    FOR EACH STATEMENT EXECUTE FUNCTION alert_event_announced();

CREATE FUNCTION alert_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'alert_event is append-only';
END $$;
CREATE TRIGGER alert_event_append_only BEFORE UPDATE OR DELETE ON alert_event
    FOR EACH STATEMENT EXECUTE FUNCTION alert_event_is_append_only();

GRANT SELECT, INSERT, UPDATE, DELETE ON baseline TO shouwang_engine;
GRANT SELECT, INSERT, UPDATE ON alert TO shouwang_engine;
GRANT SELECT, INSERT ON alert_event TO shouwang_engine;
GRANT SELECT, UPDATE ON alert TO shouwang_api;
GRANT SELECT, INSERT ON alert_event TO shouwang_api;
GRANT SELECT ON baseline TO shouwang_api;

-- Retention needs the hypertable's owner; the engine may do this one thing and nothing else with it.
CREATE FUNCTION drop_old_readings(keep interval) RETURNS SETOF text LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_temp
    AS $$ SELECT drop_chunks('reading', older_than => keep)::text $$;
REVOKE ALL ON FUNCTION drop_old_readings(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_old_readings(interval) TO shouwang_engine;
