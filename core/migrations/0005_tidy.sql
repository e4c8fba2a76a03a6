-- depends: 0004_self_check
-- What nobody needs any more, besides old readings: the engine may delete it nightly and nothing else of these tables.

CREATE FUNCTION tidy(letters interval, beats interval) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp
AS $$
DECLARE gone bigint := 0; some bigint;
BEGIN
    DELETE FROM dead_letter WHERE last_at < now() - letters;
    GET DIAGNOSTICS some = ROW_COUNT; gone := gone + some;
    DELETE FROM session WHERE expires_at < now();
    GET DIAGNOSTICS some = ROW_COUNT; gone := gone + some;
    DELETE FROM heartbeat WHERE at < now() - beats;
    GET DIAGNOSTICS some = ROW_COUNT; gone := gone + some;
    RETURN gone;
END $$;
REVOKE ALL ON FUNCTION tidy(interval, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tidy(interval, interval) TO shouwang_engine;
