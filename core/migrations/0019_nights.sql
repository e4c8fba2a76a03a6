-- depends: 0018_devices
-- Each room clears its own tables at night, by a program of its own. Before, the engine deleted what all of them no
-- longer needed: a site whose engine stood still kept everybody's old rows, and the engine had rights in tables that it
-- has nothing to do with. How long rows are kept is as before. It stands here and is no argument, so that a program that
-- is taken over can't delete what is young.

DROP FUNCTION tidy(interval, interval);

-- Ingest: refused messages and hashes of emergencies for 90 days, a vendor that has not mended the cause by then will not
-- replay them; what vendors should mend at a device for 30 days. Of several workers one does it: the others find it done.
CREATE FUNCTION tidy_ingest() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE deleted bigint := 0;
BEGIN
    IF pg_try_advisory_xact_lock(hashtext('shouwang tidy_ingest')) THEN
        WITH letter AS (DELETE FROM dead_letter WHERE last_at < now() - interval '90 days' RETURNING 1),
             cry AS (DELETE FROM undated_emergency WHERE last_at < now() - interval '90 days' RETURNING 1),
             note AS (DELETE FROM device_note WHERE last_at < now() - interval '30 days' RETURNING 1)
        SELECT (SELECT count(*) FROM letter) + (SELECT count(*) FROM cry) + (SELECT count(*) FROM note) INTO deleted;
    END IF;
    RETURN deleted;
END $$;

-- Readings are ingest's too. Their keep is the site's choice (SHOUWANG_RETENTION), though never shorter than the 21 days
-- from which rhythms are learned.
CREATE OR REPLACE FUNCTION drop_old_readings(keep interval) RETURNS SETOF text LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
    SELECT drop_chunks('reading', older_than => greatest(keep, interval '21 days'))::text
    WHERE pg_try_advisory_xact_lock(hashtext('shouwang drop_old_readings'))
$$;

-- The self-check: heartbeats of programs that have been gone for a week.
CREATE FUNCTION tidy_selfcheck() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH beat AS (DELETE FROM heartbeat WHERE at < now() - interval '7 days' RETURNING 1) SELECT count(*) FROM beat
$$;

-- The registry: who looked at whose numbers, for a year. It has no program of its own; the API, which writes the log,
-- runs this on the connections that let people in. Ended sessions it deletes with the grant that it has.
CREATE FUNCTION tidy_registry() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH line AS (DELETE FROM access_log WHERE hour < now() - interval '365 days' RETURNING 1) SELECT count(*) FROM line
$$;

REVOKE SELECT (hour), DELETE ON access_log FROM shouwang_engine;
CALL hold_scope('access_log', 'in_scope(home_id)');  -- anew: without the engine
REVOKE ALL ON FUNCTION tidy_ingest(), tidy_selfcheck(), tidy_registry() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION drop_old_readings(interval) FROM shouwang_engine;
GRANT EXECUTE ON FUNCTION tidy_ingest(), drop_old_readings(interval) TO shouwang_ingest;
GRANT EXECUTE ON FUNCTION tidy_selfcheck() TO shouwang_canary;
GRANT EXECUTE ON FUNCTION tidy_registry() TO shouwang_door;
