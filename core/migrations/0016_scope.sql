-- depends: 0015_subjects
-- Who may do what and see what: eight roles instead of three, and the scope held by the database itself. A request of the
-- API says for whom it asks (shouwang.account, .area, .vendor, for one transaction); without that it sees nothing, and a
-- query that forgets its condition gives nothing foreign. No new table: what each row's is for, for how long it is kept
-- and what erasing does is as before.

-- As core.roles has them; a test holds the two together.
ALTER TABLE account DROP CONSTRAINT account_role_check;
UPDATE account SET role = 'chief' WHERE role = 'admin';
UPDATE account SET role = 'reader' WHERE username = 'self-check';  -- it listens, and nothing else
ALTER TABLE account ADD CONSTRAINT account_role_check CHECK (role IN
    ('reader', 'operator', 'chief', 'registrar', 'installer', 'field_worker', 'vendor', 'site_admin'));

-- Two roles that the API takes on connections of their own (SET ROLE); its requests have nothing of them.
-- shouwang_door lets in: passwords and sessions, nothing of homes. shouwang_watch looks over all areas for the live feed,
-- health and metrics, and changes nothing.
DO $$
DECLARE part text;
BEGIN
    FOREACH part IN ARRAY ARRAY['shouwang_door', 'shouwang_watch'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = part) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', part);
        END IF;
        EXECUTE format('GRANT %I TO shouwang_api WITH INHERIT FALSE, SET TRUE', part);
    END LOOP;
END $$;

REVOKE ALL ON account, session, browser_key, vendor_account, heartbeat, batch, life, installation, reading, reading_hourly
    FROM shouwang_api;
REVOKE UPDATE (password_hash) ON account FROM shouwang_api;
REVOKE UPDATE (seen_at, expires_at) ON session FROM shouwang_api;
REVOKE SELECT (id, shard, received_at, urgent, rows, step) ON batch FROM shouwang_api;
GRANT SELECT (id, name) ON account TO shouwang_api;
GRANT SELECT (id, account_id, label, agent, address, created_at, seen_at, expires_at), DELETE ON session TO shouwang_api;
GRANT SELECT (id, received_at) ON batch TO shouwang_api;

GRANT SELECT ON account, session, browser_key, area, vendor TO shouwang_door;
GRANT UPDATE (password_hash) ON account TO shouwang_door;
GRANT INSERT, DELETE, UPDATE (seen_at, expires_at) ON session TO shouwang_door;

GRANT SELECT ON area, home, device, vendor, alert, alert_event, heartbeat TO shouwang_watch;
GRANT SELECT (id, home_id, name) ON person TO shouwang_watch;
GRANT SELECT (home_id, initials) ON home_search TO shouwang_watch;
GRANT SELECT (id, name) ON account TO shouwang_watch;
GRANT SELECT (id, received_at, step) ON batch TO shouwang_watch;
GRANT SELECT (id, vendor_id, urgent, answered_at, replayed_at, last_at) ON dead_letter TO shouwang_watch;

-- For whom this transaction asks; null: for nobody.
CREATE FUNCTION my_area() RETURNS ltree LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('shouwang.area', true), '')::ltree
$$;
CREATE FUNCTION my_vendor() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('shouwang.vendor', true), '')::integer
$$;
CREATE FUNCTION my_account() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('shouwang.account', true), '')::integer
$$;
-- Whether a home is. For tables that are read by home, a few rows at a time; what is read by the thousand asks by EXISTS
-- instead, which is planned with the query.
CREATE FUNCTION in_scope(home integer) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM home h JOIN area a ON a.id = h.area_id WHERE h.id = in_scope.home AND a.path <@ my_area())
$$;

-- Holds a table's rows to the caller's scope for the API's requests, and leaves all to the other roles that have a grant
-- on it now: call it again after a new grant.
CREATE PROCEDURE hold_scope(held regclass, condition text) LANGUAGE plpgsql AS $$
DECLARE others text;
BEGIN
    SELECT string_agg(DISTINCT quote_ident(r.rolname), ', ') INTO others
    FROM (SELECT relacl AS acl FROM pg_class WHERE oid = held
          UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid = held AND NOT attisdropped) given
    CROSS JOIN LATERAL aclexplode(given.acl) g JOIN pg_roles r ON r.oid = g.grantee
    WHERE r.rolname <> 'shouwang_api' AND r.oid <> (SELECT relowner FROM pg_class WHERE oid = held);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', held);
    EXECUTE format('DROP POLICY IF EXISTS scope ON %s', held);
    EXECUTE format('DROP POLICY IF EXISTS others ON %s', held);
    EXECUTE format('CREATE POLICY scope ON %s TO shouwang_api USING (%s)', held, condition);
    IF others IS NOT NULL THEN
        EXECUTE format('CREATE POLICY others ON %s TO %s USING (true)', held, others);
    END IF;
END $$;

-- What lies in the caller's scope: asked by the policies, and read by the lists of whole districts, which a policy would
-- make look at each row by itself. Their owner's views, so that no policy has to ask another one;
-- and not (SELECT my_area()), whose value is not known when a query is planned, nor then how much it will find.
CREATE VIEW area_in_scope AS SELECT id FROM area WHERE path <@ my_area();
CREATE VIEW home_in_scope AS
    SELECT h.id, h.code, h.address, a.path FROM home h JOIN area a ON a.id = h.area_id WHERE a.path <@ my_area();
CREATE VIEW device_in_scope AS            -- who has a vendor has no area
    SELECT d.id, d.vendor_id, d.home_id, d.type, d.retired_at
    FROM device d JOIN home h ON h.id = d.home_id JOIN area a ON a.id = h.area_id WHERE a.path <@ my_area()
    UNION ALL
    SELECT id, vendor_id, home_id, type, retired_at FROM device WHERE vendor_id = (SELECT my_vendor());
-- Of a home or an area: where it lies; of a vendor or the site: for everybody but vendors.
CREATE VIEW alert_in_scope AS
    SELECT al.id FROM alert al LEFT JOIN area a ON a.id = al.area_id
    WHERE a.path <@ my_area() OR al.area_id IS NULL AND (SELECT my_area()) IS NOT NULL;
CREATE VIEW home_search_in_scope AS
    SELECT t.*, h.code, h.address, a.path FROM home_search t JOIN home h ON h.id = t.home_id JOIN area a ON a.id = h.area_id
    WHERE a.path <@ my_area();
GRANT SELECT ON area_in_scope, home_in_scope, device_in_scope, alert_in_scope, home_search_in_scope TO shouwang_api;
-- An area's full name, from the district down. Past the policy, which would cost the index of paths.
CREATE FUNCTION area_name(of ltree) RETURNS text LANGUAGE sql STABLE STRICT SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
    SELECT string_agg(name, ' / ' ORDER BY nlevel(path)) FROM area WHERE path @> area_name.of
$$;

-- An area and those above it, which its full name names.
CALL hold_scope('area', 'path <@ (SELECT my_area()) OR path @> (SELECT my_area())');
CALL hold_scope('home', 'EXISTS (SELECT FROM area_in_scope s WHERE s.id = area_id)');
CALL hold_scope('person', 'EXISTS (SELECT FROM home_in_scope s WHERE s.id = home_id)');
CALL hold_scope('contact', 'EXISTS (SELECT FROM home_in_scope s WHERE s.id = home_id)');
CALL hold_scope('home_search', 'EXISTS (SELECT FROM home_in_scope s WHERE s.id = home_id)');
CALL hold_scope('baseline', 'EXISTS (SELECT FROM home_in_scope s WHERE s.id = home_id)');
CALL hold_scope('device', 'vendor_id = (SELECT my_vendor()) OR EXISTS (SELECT FROM home_in_scope s WHERE s.id = home_id)');
CALL hold_scope('latest', 'EXISTS (SELECT FROM device_in_scope s WHERE s.id = device_id)');
CALL hold_scope('device_note', 'EXISTS (SELECT FROM device_in_scope s WHERE s.id = device_id)');
CALL hold_scope('alert', 'area_id IS NULL AND (SELECT my_area()) IS NOT NULL
    OR EXISTS (SELECT FROM area_in_scope s WHERE s.id = area_id)');
CALL hold_scope('alert_event', 'EXISTS (SELECT FROM alert_in_scope s WHERE s.id = alert_id)');
CALL hold_scope('vendor', 'id = (SELECT my_vendor()) OR (SELECT my_area()) IS NOT NULL');
-- Names only (the grant): what somebody did stays signed, wherever they serve now. A vendor sees its own people's.
CALL hold_scope('account', 'CASE WHEN (SELECT my_vendor()) IS NULL THEN (SELECT my_area()) IS NOT NULL AND vendor_id IS NULL
    ELSE vendor_id = (SELECT my_vendor()) END');
CALL hold_scope('session', 'account_id = (SELECT my_account())');

-- A refused message is seen where its device hangs; of an unknown device, where its vendor has a device in service; what
-- no area can claim, by those who see a whole district. Devices of other areas have to be looked at to know.
CREATE FUNCTION letter_in_scope(vendor integer, topic text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
    SELECT coalesce(
        (SELECT a.path <@ my_area() FROM device d JOIN home h ON h.id = d.home_id JOIN area a ON a.id = h.area_id
         WHERE d.vendor_id = letter_in_scope.vendor AND d.serial = split_part(letter_in_scope.topic, '/', 4)),
        EXISTS (SELECT FROM device d JOIN home h ON h.id = d.home_id JOIN area a ON a.id = h.area_id
                WHERE d.vendor_id = letter_in_scope.vendor AND d.retired_at IS NULL AND a.path <@ my_area())
        OR nlevel(my_area()) = 1 AND NOT EXISTS
            (SELECT FROM device d WHERE d.vendor_id = letter_in_scope.vendor AND d.retired_at IS NULL))
$$;
CALL hold_scope('dead_letter', 'vendor_id = (SELECT my_vendor())
    OR (SELECT my_area()) IS NOT NULL AND letter_in_scope(vendor_id, topic)');

-- Readings can't have policies where the edition compresses them, so the API reads them through views that look where the
-- device hung at that time, or whose it is. Views and not functions: their times are known when a query is planned, which
-- then looks at the chunks it needs only. No security barrier, which would cost the order of the index.
ALTER TABLE installation ADD COLUMN first boolean NOT NULL DEFAULT false;  -- it owns what came before it as well:
UPDATE installation SET first = true                                       -- refused messages replayed after registering
    WHERE (device_id, since) IN (SELECT device_id, min(since) FROM installation GROUP BY device_id);
CREATE FUNCTION installation_is_first() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.first := NOT EXISTS (SELECT FROM installation WHERE device_id = NEW.device_id);
    RETURN NEW;
END $$;
CREATE TRIGGER installation_is_first BEFORE INSERT ON installation
    FOR EACH ROW EXECUTE FUNCTION installation_is_first();

-- What hung in a home, and what kind of thing it is, also where it hangs elsewhere by now: then without its room there.
CREATE VIEW installation_in_scope AS
    SELECT i.device_id, i.home_id, i.since, i.until, i.first, d.type,
           CASE WHEN d.home_id = i.home_id THEN d.room ELSE '' END AS room
    FROM installation i JOIN device d ON d.id = i.device_id JOIN home h ON h.id = i.home_id JOIN area a ON a.id = h.area_id
    WHERE a.path <@ my_area();
CREATE VIEW reading_in_scope AS
    SELECT r.ts, r.device_id, r.metric, r.flags, r.value FROM reading r
    WHERE CASE WHEN (SELECT my_vendor()) IS NULL THEN EXISTS (
            SELECT FROM installation i JOIN home h ON h.id = i.home_id JOIN area a ON a.id = h.area_id
            WHERE i.device_id = r.device_id AND (i.first OR r.ts >= i.since) AND r.ts < coalesce(i.until, 'infinity')
              AND a.path <@ (SELECT my_area()))
        ELSE EXISTS (SELECT FROM device d WHERE d.id = r.device_id AND d.vendor_id = (SELECT my_vendor())) END;
CREATE VIEW reading_hourly_in_scope AS
    SELECT r.bucket, r.device_id, r.metric, r.readings, r.mean, r.low, r.high FROM reading_hourly r
    WHERE CASE WHEN (SELECT my_vendor()) IS NULL THEN EXISTS (
            SELECT FROM installation i JOIN home h ON h.id = i.home_id JOIN area a ON a.id = h.area_id
            WHERE i.device_id = r.device_id AND (i.first OR r.bucket >= i.since) AND r.bucket < coalesce(i.until, 'infinity')
              AND a.path <@ (SELECT my_area()))
        ELSE EXISTS (SELECT FROM device d WHERE d.id = r.device_id AND d.vendor_id = (SELECT my_vendor())) END;
GRANT SELECT ON installation_in_scope, reading_in_scope, reading_hourly_in_scope TO shouwang_api;

-- The newest event of all areas: a number to go on from, found in the index at once.
CREATE FUNCTION newest_event() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(max(id), 0) FROM alert_event
$$;
-- Alerts with a word in their remarks, so many at most: numbers alone, for the index of remarks is of no use to a query
-- that a policy holds. Whoever asks must still be allowed to see the alert.
CREATE FUNCTION alerts_saying(form text, pattern text, most integer) RETURNS SETOF bigint LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT e.alert_id FROM alert_event e
    WHERE e.note <> '' AND search_form(e.note) LIKE pattern AND note_grams(e.note) @> note_grams(form) LIMIT most
$$;
REVOKE ALL ON FUNCTION in_scope(integer), letter_in_scope(integer, text), newest_event(),
    alerts_saying(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION in_scope(integer), letter_in_scope(integer, text), alerts_saying(text, text, integer)
    TO shouwang_api;
GRANT EXECUTE ON FUNCTION newest_event() TO shouwang_api, shouwang_watch;
REVOKE ALL ON PROCEDURE hold_scope(regclass, text) FROM PUBLIC;
