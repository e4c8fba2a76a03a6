-- depends: 0005_tidy
-- What arrives that cannot simply be stored: cries nobody could read, copies that the broker repeats, devices to mend.

-- An urgent letter may be an emergency and no alert could be raised for it, because no home is known: it stands on the
-- desk until somebody has answered. Read by the vendor and by operators; kept as other letters are.
ALTER TABLE dead_letter ADD COLUMN urgent boolean NOT NULL DEFAULT false;
ALTER TABLE dead_letter ADD COLUMN answered_at timestamptz;
ALTER TABLE dead_letter ADD COLUMN answered_by integer REFERENCES account;
ALTER TABLE dead_letter ADD COLUMN answer text NOT NULL DEFAULT '' CHECK (length(answer) <= 2000);
ALTER TABLE dead_letter ADD COLUMN whole boolean NOT NULL DEFAULT true;  -- else cut or counted only: no replay
CREATE INDEX dead_letter_unanswered ON dead_letter (id) WHERE urgent AND answered_at IS NULL AND replayed_at IS NULL;
CREATE INDEX dead_letter_day ON dead_letter (received_at);
GRANT UPDATE (answered_at, answered_by, answer) ON dead_letter TO shouwang_api;

-- Emergencies without a time of their own, known by a hash of topic and payload, so that a copy which the broker kept
-- is not raised again. Read by ingest alone; kept for 90 days; holds nothing of a person.
CREATE TABLE undated_emergency (
    digest   bytea PRIMARY KEY,
    last_at  timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON undated_emergency TO shouwang_ingest;

-- What a vendor should mend at a device whose readings are taken all the same (core.model.Note). Read by its vendor and
-- by operators; kept for 30 days after the last time; holds nothing of a person.
CREATE TABLE device_note (
    device_id  integer NOT NULL REFERENCES device,
    code       text NOT NULL,
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    count      bigint NOT NULL,
    PRIMARY KEY (device_id, code)
);
GRANT SELECT, INSERT, UPDATE ON device_note TO shouwang_ingest;
GRANT SELECT ON device_note TO shouwang_api, shouwang_registrar;

-- The nightly tidying takes the new tables along.
CREATE OR REPLACE FUNCTION tidy(letters interval, beats interval) RETURNS bigint LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_temp
    AS $$
        WITH letter AS (DELETE FROM dead_letter WHERE last_at < now() - letters RETURNING 1),
             over AS (DELETE FROM session WHERE expires_at < now() RETURNING 1),
             beat AS (DELETE FROM heartbeat WHERE at < now() - beats RETURNING 1),
             cry AS (DELETE FROM undated_emergency WHERE last_at < now() - letters RETURNING 1),
             note AS (DELETE FROM device_note WHERE last_at < now() - interval '30 days' RETURNING 1)
        SELECT (SELECT count(*) FROM letter) + (SELECT count(*) FROM over) + (SELECT count(*) FROM beat)
             + (SELECT count(*) FROM cry) + (SELECT count(*) FROM note)
    $$;
