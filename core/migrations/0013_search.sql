-- depends: 0010_door
-- Finding a home by whatever somebody at the telephone says of it.

-- How a character is spelt, without tones, the usual reading first; mirrors the library pypinyin, written by
-- `shouwang migrate`. Says nothing about anybody.
CREATE TABLE pinyin (
    hanzi     text PRIMARY KEY,
    readings  text[] NOT NULL
);

-- What a home is found by, derived from the registry and never written by hand: triggers keep it, whoever writes.
-- It holds names, addresses and telephone numbers, so it may be read by the API alone, which searches it within the
-- caller's area and never for a vendor. It lives as long as what it is made of: erasing a person or a contact takes
-- them out of it in the same transaction.
CREATE TABLE home_search (
    home_id   integer PRIMARY KEY REFERENCES home ON DELETE CASCADE,
    plain     text NOT NULL,      -- code, area, address, names, each as search_form leaves it, between bars
    pinyin    text NOT NULL,      -- |chenxiulan|xiulan|lan|cxl|xl|l: a name from any of its characters on
    initials  text NOT NULL,      -- cxl: of each person, in every reading, between blanks
    phones    text NOT NULL       -- digits of each contact's number, between bars
);
GRANT SELECT ON home_search TO shouwang_api;

-- As core.search.form does: what people write differently is made alike.
CREATE FUNCTION search_form(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(lower(normalize(given, NFKC)), '[-\s_.,:;/|()<>"''#+·•‧・—–―‐‑‒−、。〈〉《》「」【】~]', '', 'g')
$$;

-- A name as people spell it, from any of its characters on, and the initials of each way to read it. Of a long name
-- not every reading of every character is multiplied out, only those that come first, which is the surname's.
CREATE FUNCTION name_spelt(name text, OUT pinyin text, OUT initials text) LANGUAGE plpgsql STABLE
    SET search_path = public, pg_temp AS $$
DECLARE
    ways   text[] := ARRAY[''];
    spelt  text[];
    sign   text;
BEGIN
    FOREACH sign IN ARRAY coalesce(string_to_array(search_form(name), NULL), '{}') LOOP
        spelt := coalesce((SELECT p.readings FROM pinyin p WHERE p.hanzi = sign), ARRAY[sign]);
        IF cardinality(ways) * cardinality(spelt) > 16 THEN
            spelt := spelt[1:1];
        END IF;
        ways := ARRAY(SELECT ltrim(way || ' ' || syllable) FROM unnest(ways) way, unnest(spelt) syllable);
    END LOOP;
    SELECT string_agg(DISTINCT '|' || array_to_string(syllables[n:], '') || '|' || substr(first, n), ''),
           string_agg(DISTINCT first, ' ')
        INTO pinyin, initials
        FROM (SELECT string_to_array(way, ' ') AS syllables, regexp_replace(way, '(\S)\S*\s?', '\1', 'g') AS first
              FROM unnest(ways) way) w CROSS JOIN LATERAL generate_series(1, cardinality(syllables)) n;
END $$;

-- `whole`: their people's names as well.
CREATE FUNCTION home_search_write(homes integer[], whole boolean) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET jit = off  -- compiling takes a thousand times as long as one home
    AS $$
BEGIN
    INSERT INTO home_search (home_id, plain, pinyin, initials, phones)
    SELECT h.id,
           concat_ws('|', '', search_form(h.code), names.all_levels || made.address, names.without_grid || made.address,
                     (SELECT string_agg(search_form(p.name), '|') FROM person p WHERE p.home_id = h.id),
                     called.names, ''),
           '', '', coalesce(called.phones, '')
    FROM home h JOIN area ar ON ar.id = h.area_id
    CROSS JOIN LATERAL (SELECT search_form(h.address) AS address) made
    CROSS JOIN LATERAL (
        SELECT string_agg(search_form(up.name), '' ORDER BY nlevel(up.path)) AS all_levels,
               string_agg(search_form(up.name), '') FILTER (WHERE nlevel(up.path) = nlevel(ar.path) - 1) AS without_grid
        FROM area up WHERE up.path @> ar.path) names
    CROSS JOIN LATERAL (
        SELECT string_agg(search_form(c.name), '|') AS names,
               '|' || string_agg(regexp_replace(normalize(c.phone, NFKC), '[^0-9]', '', 'g'), '|') AS phones
        FROM contact c WHERE c.home_id = h.id) called
    WHERE h.id = ANY(homes)
    ON CONFLICT (home_id) DO UPDATE SET plain = excluded.plain, phones = excluded.phones;
    IF whole THEN
        UPDATE home_search SET pinyin = coalesce(found.pinyin, ''), initials = coalesce(found.initials, '')
        FROM unnest(homes) one LEFT JOIN (
            SELECT p.home_id, string_agg(s.pinyin, '') AS pinyin, string_agg(s.initials, ' ') AS initials
            FROM person p CROSS JOIN LATERAL name_spelt(p.name) s WHERE p.home_id = ANY(homes) GROUP BY 1) found
            ON found.home_id = one
        WHERE home_search.home_id = one;
    END IF;
END $$;
REVOKE ALL ON FUNCTION home_search_write(integer[], boolean) FROM PUBLIC;

CREATE FUNCTION home_search_home() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM home_search_write(array_agg(id), false) FROM written;
    RETURN NULL;
END $$;
CREATE TRIGGER home_search_added AFTER INSERT ON home REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION home_search_home();
CREATE TRIGGER home_search_changed AFTER UPDATE ON home REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION home_search_home();

CREATE FUNCTION home_search_people() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM home_search_write(array_agg(DISTINCT home_id), TG_TABLE_NAME = 'person') FROM written;
    RETURN NULL;
END $$;
CREATE FUNCTION home_search_people_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM home_search_write(array_agg(DISTINCT home_id), TG_TABLE_NAME = 'person')
        FROM (SELECT home_id FROM written UNION SELECT home_id FROM before) both_homes;
    RETURN NULL;
END $$;
CREATE TRIGGER home_search_added AFTER INSERT ON person REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION home_search_people();
CREATE TRIGGER home_search_changed AFTER UPDATE ON person REFERENCING NEW TABLE AS written OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION home_search_people_changed();
CREATE TRIGGER home_search_erased AFTER DELETE ON person REFERENCING OLD TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION home_search_people();
CREATE TRIGGER home_search_added AFTER INSERT ON contact REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION home_search_people();
CREATE TRIGGER home_search_changed AFTER UPDATE ON contact REFERENCING NEW TABLE AS written OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION home_search_people_changed();
CREATE TRIGGER home_search_erased AFTER DELETE ON contact REFERENCING OLD TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION home_search_people();

CREATE FUNCTION home_search_area() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM home_search_write(array_agg(h.id), false)
        FROM home h JOIN area ar ON ar.id = h.area_id WHERE ar.path <@ NEW.path;
    RETURN NULL;
END $$;
CREATE TRIGGER home_search AFTER UPDATE OF name ON area
    FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION home_search_area();
