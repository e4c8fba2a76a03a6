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

-- The ways to spell a name: all, or if they are too many those of its first character, which is the surname.
CREATE FUNCTION name_spelt(name text) RETURNS SETOF text[] LANGUAGE plpgsql STABLE ROWS 2
    SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE sign AS MATERIALIZED (
        SELECT c.place, coalesce(p.readings, ARRAY[c.hanzi]) AS readings
        FROM unnest(string_to_array(search_form(name), NULL)) WITH ORDINALITY c (hanzi, place)
        LEFT JOIN pinyin p ON p.hanzi = c.hanzi),
    ways AS (SELECT exp(sum(ln(cardinality(readings)))) <= 16.5 AS few FROM sign),
    spelt AS (
        SELECT 0::bigint AS place, ARRAY[]::text[] AS syllables
        UNION ALL
        SELECT s.place, before.syllables || reading
        FROM spelt before JOIN sign s ON s.place = before.place + 1
        CROSS JOIN ways
        CROSS JOIN unnest(CASE WHEN few OR s.place = 1 THEN s.readings ELSE s.readings[1:1] END) reading)
    SELECT syllables FROM spelt WHERE place > 0 AND place = (SELECT max(place) FROM sign);
END $$;

CREATE FUNCTION home_search_write(homes integer[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET jit = off  -- compiling takes a thousand times as long as one home
    AS $$
BEGIN
        WITH spelt AS MATERIALIZED (
            SELECT p.home_id, p.id, s.syllables,
                   (SELECT string_agg(left(syllable, 1), '' ORDER BY place)
                    FROM unnest(s.syllables) WITH ORDINALITY u (syllable, place)) AS first
            FROM person p CROSS JOIN name_spelt(p.name) s (syllables) WHERE p.home_id = ANY(homes)),
        found AS (
            SELECT home_id, string_agg(DISTINCT first, ' ') AS initials,
                   (SELECT string_agg(DISTINCT way, '') FROM (
                        SELECT unnest(ARRAY['|' || array_to_string(s.syllables[n:], ''), '|' || substr(s.first, n)]) AS way
                        FROM spelt s CROSS JOIN LATERAL generate_series(1, cardinality(s.syllables)) n
                        WHERE s.home_id = spelt.home_id) w) AS pinyin
            FROM spelt GROUP BY home_id)
        INSERT INTO home_search (home_id, plain, pinyin, initials, phones)
        SELECT h.id,
               concat_ws('|', '', search_form(h.code),
                         (SELECT string_agg(search_form(up.name), '' ORDER BY nlevel(up.path)) FROM area up
                          WHERE up.path @> ar.path) || search_form(h.address),
                         (SELECT search_form(up.name) || search_form(h.address) FROM area up  -- without the grid
                          WHERE up.path = subpath(ar.path, 0, -1) AND nlevel(ar.path) > 1),
                         (SELECT string_agg(search_form(p.name), '|') FROM person p WHERE p.home_id = h.id),
                         (SELECT string_agg(search_form(c.name), '|') FROM contact c WHERE c.home_id = h.id), ''),
               coalesce(f.pinyin, ''), coalesce(f.initials, ''),
               coalesce((SELECT '|' || string_agg(regexp_replace(normalize(c.phone, NFKC), '[^0-9]', '', 'g'), '|')
                         FROM contact c WHERE c.home_id = h.id), '')
        FROM home h JOIN area ar ON ar.id = h.area_id LEFT JOIN found f ON f.home_id = h.id
        WHERE h.id = ANY(homes)
        ON CONFLICT (home_id) DO UPDATE SET plain = excluded.plain, pinyin = excluded.pinyin,
            initials = excluded.initials, phones = excluded.phones;
END $$;
REVOKE ALL ON FUNCTION home_search_write(integer[]) FROM PUBLIC;

CREATE FUNCTION home_search_home() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM home_search_write(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE TRIGGER home_search AFTER INSERT OR UPDATE OF code, address, area_id ON home
    FOR EACH ROW EXECUTE FUNCTION home_search_home();

CREATE FUNCTION home_search_people() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM home_search_write(ARRAY[NEW.home_id]);
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM home_search_write(ARRAY[OLD.home_id]);
    ELSE
        PERFORM home_search_write(ARRAY[OLD.home_id, NEW.home_id]);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER home_search AFTER INSERT OR DELETE OR UPDATE OF name, home_id ON person
    FOR EACH ROW EXECUTE FUNCTION home_search_people();
CREATE TRIGGER home_search AFTER INSERT OR DELETE OR UPDATE OF name, phone, home_id ON contact
    FOR EACH ROW EXECUTE FUNCTION home_search_people();

CREATE FUNCTION home_search_area() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM home_search_write(array_agg(h.id)) FROM home h JOIN area ar ON ar.id = h.area_id WHERE ar.path <@ NEW.path;
    RETURN NULL;
END $$;
CREATE TRIGGER home_search AFTER UPDATE OF name ON area
    FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION home_search_area();
