-- depends: 0019_nights
-- Whether a row lies in the caller's area becomes one comparison with a column of its own. Until now a policy joined a row
-- to its home and that to its area, and each query paid for planning that, once for each table it named and for some twice.
-- A path with a dot behind each label, compared by bytes, lies between `qu.` and `qu/` if and only if `qu` holds it.
-- No new table: who reads a row, for how long it is kept and what erasing does is as before. `place` says what area_id or
-- home_id says; a foreign key keeps it so, whoever writes, and carries the change of an area's path to all that lies in it.

ALTER TABLE area
    ADD COLUMN place text COLLATE "C" NOT NULL GENERATED ALWAYS AS (ltree2text(path) || '.') STORED,
    ADD UNIQUE (id, place);
ALTER TABLE home  ADD COLUMN place text COLLATE "C";
ALTER TABLE alert ADD COLUMN place text COLLATE "C";  -- null: of a vendor or the site

-- Nobody has to say it.
CREATE FUNCTION lies_in_area() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.place := (SELECT place FROM area WHERE id = NEW.area_id);
    RETURN NEW;
END $$;
CREATE FUNCTION lies_in_home() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.place := (SELECT place FROM home WHERE id = NEW.home_id);
    RETURN NEW;
END $$;

-- What is there already is no news to the programs, to the search or to the records: user triggers sleep meanwhile.
ALTER TABLE home DISABLE TRIGGER USER;
ALTER TABLE alert DISABLE TRIGGER USER;
UPDATE home SET place = a.place FROM area a WHERE a.id = area_id;
UPDATE alert SET place = a.place FROM area a WHERE a.id = area_id;
ALTER TABLE home ENABLE TRIGGER USER;
ALTER TABLE alert ENABLE TRIGGER USER;
ALTER TABLE home
    ALTER COLUMN place SET NOT NULL, ADD UNIQUE (id, place), DROP CONSTRAINT home_area_id_fkey,
    ADD CONSTRAINT lies FOREIGN KEY (area_id, place) REFERENCES area (id, place) ON UPDATE CASCADE;
ALTER TABLE alert
    DROP CONSTRAINT alert_area_id_fkey,
    ADD CONSTRAINT lies FOREIGN KEY (area_id, place) REFERENCES area (id, place) ON UPDATE CASCADE,
    ADD CONSTRAINT lies_somewhere CHECK ((place IS NULL) = (area_id IS NULL));
CREATE TRIGGER place BEFORE INSERT OR UPDATE OF area_id ON home FOR EACH ROW EXECUTE FUNCTION lies_in_area();
CREATE TRIGGER place BEFORE INSERT OR UPDATE OF area_id ON alert FOR EACH ROW EXECUTE FUNCTION lies_in_area();

-- Gives a table with home_id its place; `erased`: what happens when the home is deleted.
CREATE PROCEDURE lie_in_home(lying regclass, erased text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ADD COLUMN place text COLLATE "C"', lying);
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', lying);
    EXECUTE format('UPDATE %s SET place = h.place FROM home h WHERE h.id = home_id', lying);
    EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', lying);
    EXECUTE format('ALTER TABLE %1$s DROP CONSTRAINT %1$s_home_id_fkey, ADD CONSTRAINT lies
        FOREIGN KEY (home_id, place) REFERENCES home (id, place) ON UPDATE CASCADE ON DELETE %2$s', lying, erased);
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT lies_somewhere CHECK ((place IS NULL) = (home_id IS NULL))', lying);
    EXECUTE format('CREATE TRIGGER place BEFORE INSERT OR UPDATE OF home_id ON %s
        FOR EACH ROW EXECUTE FUNCTION lies_in_home()', lying);
END $$;
REVOKE ALL ON PROCEDURE lie_in_home(regclass, text) FROM PUBLIC;
CALL lie_in_home('person', 'NO ACTION');
CALL lie_in_home('contact', 'NO ACTION');
CALL lie_in_home('home_search', 'CASCADE');
CALL lie_in_home('device', 'NO ACTION');  -- null: in stock
CALL lie_in_home('installation', 'NO ACTION');

-- For lists of a small area; and the list of a district's homes reads its index alone.
CREATE INDEX home_place ON home (place) INCLUDE (id, code, erased_at);
CREATE INDEX device_place ON device (place);
CREATE INDEX alert_place ON alert (place);
DROP INDEX alert_record;  -- the list of records and its counts read this index alone
CREATE INDEX alert_record ON alert (opened_at DESC, id DESC)
    INCLUDE (place, home_id, rule, severity, disposition, handler_id, resolved_by_id, waited, breach)
    WHERE state = 'resolved';

-- Between which bytes the caller's area lies; null, and so nothing: it has none. Policies say these plainly and not (SELECT my_first()), whose
-- value is not known when a query is planned, nor then how much it will find.
CREATE FUNCTION my_first() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('shouwang.area', true), '') || '.'
$$;
CREATE FUNCTION my_last() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('shouwang.area', true), '') || '/'
$$;
CREATE OR REPLACE FUNCTION in_scope(home integer) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM home h WHERE h.id = in_scope.home AND h.place >= my_first() AND h.place < my_last())
$$;

CREATE OR REPLACE VIEW area_in_scope AS SELECT id FROM area WHERE place >= my_first() AND place < my_last();
CREATE OR REPLACE VIEW home_in_scope AS
    SELECT id, code, address, rtrim(place, '.')::ltree AS path, erased_at FROM home
    WHERE place >= my_first() AND place < my_last();
CREATE OR REPLACE VIEW home_search_in_scope AS
    SELECT t.home_id, t.plain, t.pinyin, t.initials, t.phones, h.code, h.address, rtrim(h.place, '.')::ltree AS path
    FROM home_search t JOIN home h ON h.id = t.home_id WHERE h.place >= my_first() AND h.place < my_last();
CREATE OR REPLACE VIEW device_in_scope AS
    SELECT id, vendor_id, home_id, type, retired_at FROM device
    WHERE place >= my_first() AND place < my_last() OR vendor_id = my_vendor()
       OR place IS NULL AND my_first() IS NOT NULL;
CREATE OR REPLACE VIEW alert_in_scope AS
    SELECT id FROM alert WHERE place >= my_first() AND place < my_last() OR place IS NULL AND my_first() IS NOT NULL;
CREATE OR REPLACE VIEW installation_in_scope AS
    SELECT i.device_id, i.home_id, i.since, i.until, i.first, d.type,
           CASE WHEN d.home_id = i.home_id THEN d.room ELSE '' END AS room
    FROM installation i JOIN device d ON d.id = i.device_id WHERE i.place >= my_first() AND i.place < my_last();

-- An area and those above it, which its full name names.
CALL hold_scope('area', 'place >= my_first() AND place < my_last() OR my_first() ^@ place');
CALL hold_scope('vendor', 'id = my_vendor() OR my_first() IS NOT NULL');
CALL hold_scope('account', 'CASE WHEN my_vendor() IS NULL THEN my_first() IS NOT NULL AND vendor_id IS NULL
    ELSE vendor_id = my_vendor() END');
CALL hold_scope('home', 'place >= my_first() AND place < my_last()');
CALL hold_scope('person', 'place >= my_first() AND place < my_last()');
CALL hold_scope('contact', 'place >= my_first() AND place < my_last()');
CALL hold_scope('home_search', 'place >= my_first() AND place < my_last()');
CALL hold_scope('device', 'place >= my_first() AND place < my_last() OR vendor_id = my_vendor()
    OR place IS NULL AND my_first() IS NOT NULL');
CALL hold_scope('alert', 'place >= my_first() AND place < my_last() OR place IS NULL AND my_first() IS NOT NULL');

CREATE OR REPLACE FUNCTION letter_in_scope(vendor integer, topic text) RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(
        (SELECT d.place IS NULL OR d.place >= my_first() AND d.place < my_last() FROM device d
         WHERE d.vendor_id = letter_in_scope.vendor AND d.serial = split_part(letter_in_scope.topic, '/', 4)),
        EXISTS (SELECT FROM device d WHERE d.vendor_id = letter_in_scope.vendor AND d.retired_at IS NULL
                    AND d.place >= my_first() AND d.place < my_last())
        OR nlevel(my_area()) = 1 AND NOT EXISTS
            (SELECT FROM device d
             WHERE d.vendor_id = letter_in_scope.vendor AND d.retired_at IS NULL AND d.place IS NOT NULL))
$$;

-- When a device hung where the caller may look, or that it is the caller's. Who reads several devices at once asks for
-- each by itself (LATERAL … OFFSET 0), else the planner may gather the spans of a whole district first.
CREATE VIEW span_in_scope AS
    SELECT device_id, CASE WHEN first THEN '-infinity' ELSE since END AS since, coalesce(until, 'infinity') AS until
    FROM installation WHERE place >= my_first() AND place < my_last()
    UNION ALL
    SELECT id, '-infinity', 'infinity' FROM device WHERE vendor_id = (SELECT my_vendor());  -- never all of a vendor's
CREATE OR REPLACE VIEW reading_in_scope AS
    SELECT r.ts, r.device_id, r.metric, r.flags, r.value FROM reading r
    WHERE EXISTS (SELECT FROM span_in_scope s WHERE s.device_id = r.device_id AND r.ts >= s.since AND r.ts < s.until);
CREATE OR REPLACE VIEW reading_hourly_in_scope AS
    SELECT r.bucket, r.device_id, r.metric, r.readings, r.mean, r.low, r.high FROM reading_hourly r
    WHERE EXISTS (SELECT FROM span_in_scope s WHERE s.device_id = r.device_id AND r.bucket >= s.since AND r.bucket < s.until);
