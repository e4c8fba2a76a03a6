-- depends: 0004_self_check
-- What nobody needs any more, besides old readings: the engine may delete it nightly and nothing else of these tables.

CREATE FUNCTION tidy(letters interval, beats interval) RETURNS bigint LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_temp
    AS $$
        WITH letter AS (DELETE FROM dead_letter WHERE last_at < now() - letters RETURNING 1),
             over AS (DELETE FROM session WHERE expires_at < now() RETURNING 1),
             beat AS (DELETE FROM heartbeat WHERE at < now() - beats RETURNING 1)
        SELECT (SELECT count(*) FROM letter) + (SELECT count(*) FROM over) + (SELECT count(*) FROM beat)
    $$;
REVOKE ALL ON FUNCTION tidy(interval, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tidy(interval, interval) TO shouwang_engine;
