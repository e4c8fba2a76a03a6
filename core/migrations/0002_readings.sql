-- depends: 0001_registry
-- What the devices said, and what of it is not judged yet.

CREATE TABLE reading (
    ts         timestamptz      NOT NULL,
    device_id  integer          NOT NULL,
    metric     smallint         NOT NULL,
    flags      smallint         NOT NULL DEFAULT 0,   -- core.packed.Flag
    value      double precision NOT NULL
);
DO $$ BEGIN
    PERFORM create_hypertable('reading', 'ts', chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);
END $$;
CREATE UNIQUE INDEX reading_once ON reading (device_id, metric, ts);

CREATE TABLE batch (                       -- the engine's inbox; see core.packed for the payload
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shard        smallint    NOT NULL,
    received_at  timestamptz NOT NULL,
    urgent       boolean     NOT NULL,
    rows         integer     NOT NULL,
    step         bigint,                    -- judged in this step of the engine; kept until `latest` has it: decision 0005
    payload      bytea       NOT NULL
);
DO $$ BEGIN
    IF (SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression') THEN
        ALTER TABLE batch ALTER COLUMN payload SET COMPRESSION lz4;
    ELSE
        ALTER TABLE batch ALTER COLUMN payload SET STORAGE EXTERNAL;  -- pglz would cost more than it saves
    END IF;
END $$;
CREATE INDEX batch_next ON batch (shard, urgent, id) WHERE step IS NULL;
CREATE INDEX batch_judged ON batch (shard, step, id) WHERE step IS NOT NULL;
-- Rows live for a second: vacuum by count, not by share.
ALTER TABLE batch SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE latest (                      -- last value per device and metric, written by the engine every few seconds
    device_id  integer          NOT NULL,
    metric     smallint         NOT NULL,
    ts         timestamptz      NOT NULL,
    value      double precision NOT NULL,
    since      timestamptz      NOT NULL,  -- since when it has been this value (binary: since the last 0↔1 change)
    seen_at    timestamptz      NOT NULL,  -- when it was received
    PRIMARY KEY (device_id, metric)
) WITH (fillfactor = 70);

CREATE TABLE life (                        -- a home's last sign of life (core.catalogue.Life), written with `latest`
    home_id    integer PRIMARY KEY,
    at         timestamptz NOT NULL,
    device_id  integer     NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE dead_letter (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at  timestamptz NOT NULL,
    vendor_id    integer REFERENCES vendor,  -- null when the topic names none that is known
    topic        text  NOT NULL,
    payload      bytea NOT NULL,
    code         text  NOT NULL,             -- the class of the refusal, for counting and filtering
    reason       text  NOT NULL,             -- tells the vendor what to change
    digest       bytea NOT NULL,             -- of topic and payload: a repeat raises the count
    count        integer NOT NULL DEFAULT 1,
    last_at      timestamptz NOT NULL,
    replay_requested_at timestamptz,         -- an ingest worker takes it up
    replayed_at  timestamptz
);
CREATE UNIQUE INDEX dead_letter_once ON dead_letter (digest, code) WHERE replayed_at IS NULL;
CREATE INDEX dead_letter_vendor ON dead_letter (vendor_id, id DESC);
CREATE INDEX dead_letter_replay ON dead_letter (replay_requested_at) WHERE replay_requested_at IS NOT NULL AND replayed_at IS NULL;

CREATE FUNCTION dead_letter_replay_wanted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('replay', '');
    RETURN NULL;
END $$;
CREATE TRIGGER dead_letter_replay AFTER UPDATE OF replay_requested_at ON dead_letter
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letter_replay_wanted();

CREATE TABLE heartbeat (                   -- each program says it lives; the API tells operators when one does not
    process  text PRIMARY KEY,             -- ingest/1, engine/0
    at       timestamptz NOT NULL,
    detail   jsonb NOT NULL DEFAULT '{}'
);

-- Hourly figures: a continuous aggregate where the edition has them, a view with the same columns where not.
DO $$
DECLARE body text := $body$
    SELECT time_bucket(INTERVAL '1 hour', ts) AS bucket, device_id, metric,
           count(*) AS readings, avg(value) AS mean, min(value) AS low, max(value) AS high
    FROM reading GROUP BY 1, 2, 3 $body$;
BEGIN
    IF current_setting('timescaledb.license') = 'timescale' THEN
        EXECUTE 'CREATE MATERIALIZED VIEW reading_hourly WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS'
                || body || 'WITH NO DATA';
        PERFORM add_continuous_aggregate_policy('reading_hourly', start_offset => INTERVAL '3 days',
                end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '30 minutes');
        ALTER TABLE reading SET (timescaledb.compress, timescaledb.compress_segmentby = 'device_id, metric',
                                 timescaledb.compress_orderby = 'ts');
        PERFORM add_compression_policy('reading', INTERVAL '7 days');
    ELSE
        EXECUTE 'CREATE VIEW reading_hourly AS' || body;
    END IF;
END $$;

GRANT SELECT, INSERT ON reading TO shouwang_ingest;
GRANT INSERT, SELECT ON batch TO shouwang_ingest;
GRANT SELECT, INSERT, UPDATE ON dead_letter TO shouwang_ingest;
GRANT SELECT, INSERT, UPDATE ON heartbeat TO shouwang_ingest, shouwang_engine;
GRANT SELECT ON reading, reading_hourly TO shouwang_engine, shouwang_api;
GRANT SELECT, UPDATE (step), DELETE ON batch TO shouwang_engine;
GRANT SELECT, INSERT, UPDATE ON latest, life TO shouwang_engine;
GRANT SELECT ON latest, life, heartbeat, dead_letter TO shouwang_api;
GRANT SELECT (id, shard, received_at, urgent, rows, step) ON batch TO shouwang_api;
GRANT UPDATE (replay_requested_at) ON dead_letter TO shouwang_api, shouwang_registrar;
GRANT SELECT ON dead_letter TO shouwang_registrar;
