-- depends: 0016_scope
-- What one must know of a home and the people in it before calling or sending somebody.
--
-- Who sees which of these columns stands in registry/fields.py and the API holds it; whoever reads numbers or illnesses
-- through the API is written into access_log. All of it lives as long as the person or contact stands in the register.
-- Erasing a person deletes the row; erasing a home empties what is said of the home, deletes its people, contacts and
-- photo, and keeps its alerts without anything that says whose they were.

-- Kinds of hardship by which the bureau serves people; the bureau adds to the list and withdraws from it. Read by
-- everybody who works with homes; kept for good, since old records name them; says nothing about anybody.
CREATE TABLE category (
    code        text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,31}$'),
    zh          text NOT NULL CHECK (length(zh) BETWEEN 1 AND 32),
    en          text NOT NULL CHECK (length(en) BETWEEN 1 AND 64),
    position    smallint NOT NULL DEFAULT 100,
    retired_at  timestamptz                -- not offered any more
);
INSERT INTO category (code, zh, en, position) VALUES
    ('dispersed_support', '分散供养特困', 'extreme poverty, supported at home', 1),
    ('minimum_living', '低保', 'minimum living allowance', 2),
    ('minimum_living_margin', '低保边缘', 'margin of the minimum living allowance', 3),
    ('alone', '独居', 'lives alone', 4),
    ('empty_nest', '空巢', 'children live elsewhere', 5),
    ('left_behind', '留守', 'left behind in the village', 6),
    ('oldest_old', '高龄', 'very old', 7),
    ('disabled', '残疾', 'disabled', 8),
    ('lost_only_child', '计划生育特殊家庭', 'lost an only child', 9),
    ('veteran', '优抚对象', 'veteran or bereaved of one', 10);
GRANT SELECT ON category TO shouwang_api, shouwang_registrar;
GRANT INSERT, UPDATE ON category TO shouwang_api, shouwang_registrar;

CREATE FUNCTION texts_within(list text[], most integer, longest integer) RETURNS boolean LANGUAGE sql IMMUTABLE
    PARALLEL SAFE AS $$
    SELECT cardinality(list) <= most
       AND NOT EXISTS (SELECT FROM unnest(list) one WHERE one IS NULL OR length(one) NOT BETWEEN 1 AND longest)
$$;

ALTER TABLE home
    ADD COLUMN key_place  text NOT NULL DEFAULT '' CHECK (length(key_place) <= 200),
    ADD COLUMN dog        text NOT NULL DEFAULT '' CHECK (length(dog) <= 100),
    ADD COLUMN latitude   double precision CHECK (latitude BETWEEN -90 AND 90),      -- WGS 84, degrees
    ADD COLUMN longitude  double precision CHECK (longitude BETWEEN -180 AND 180),
    ADD COLUMN erased_at  timestamptz,                 -- a number without a place: in no list, of its alerts alone
    ADD COLUMN revision   integer NOT NULL DEFAULT 1,  -- of two who edit at once, the second is told
    ADD CONSTRAINT home_both_coordinates CHECK ((latitude IS NULL) = (longitude IS NULL));

ALTER TABLE person
    ADD COLUMN phones       text[] NOT NULL DEFAULT '{}' CHECK (texts_within(phones, 5, 32)),
    ADD COLUMN illnesses    text NOT NULL DEFAULT '' CHECK (length(illnesses) <= 500),
    ADD COLUMN medication   text NOT NULL DEFAULT '' CHECK (length(medication) <= 500),
    ADD COLUMN language     text NOT NULL DEFAULT '' CHECK (length(language) <= 64),   -- language or dialect
    ADD COLUMN categories   text[] NOT NULL DEFAULT '{}' CHECK (texts_within(categories, 10, 32)),
    ADD COLUMN ability      smallint CHECK (ability BETWEEN 0 AND 4),                  -- GB/T 42195-2022
    ADD COLUMN ability_on   date,
    -- Eats, dresses, gets in and out of bed, uses the toilet, walks indoors, bathes without help: 特困人员认定办法
    -- (民发〔2021〕43号) article 28.
    ADD COLUMN self_care    boolean[] CHECK (cardinality(self_care) = 6 AND array_position(self_care, NULL) IS NULL),
    ADD COLUMN self_care_on date,
    ADD COLUMN self_care_lost smallint GENERATED ALWAYS AS (cardinality(array_positions(self_care, false))) STORED,
    ADD COLUMN carer        text NOT NULL DEFAULT '' CHECK (length(carer) <= 64),      -- 委托照料协议: with whom
    ADD COLUMN carer_since  date,
    ADD COLUMN carer_until  date,
    ADD CONSTRAINT person_carer_term CHECK (carer_since <= carer_until);

ALTER TABLE contact
    ADD COLUMN relation      text NOT NULL DEFAULT '' CHECK (length(relation) <= 32),  -- daughter, nephew, neighbour
    ADD COLUMN other_phones  text[] NOT NULL DEFAULT '{}' CHECK (texts_within(other_phones, 4, 32)),
    ADD COLUMN hours         text NOT NULL DEFAULT '' CHECK (length(hours) <= 64),     -- when they can be reached
    ADD COLUMN holds_key     boolean NOT NULL DEFAULT false;

CREATE FUNCTION person_categories_known() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(NEW.categories) one WHERE NOT EXISTS (SELECT FROM category c WHERE c.code = one)) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a category of this person is not in the list of categories';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER person_categories BEFORE INSERT OR UPDATE OF categories ON person
    FOR EACH ROW WHEN (NEW.categories <> '{}') EXECUTE FUNCTION person_categories_known();

-- Rules read some of a person's columns, so the engine is told of them too; it may read those and nothing else of her.
CREATE TRIGGER person_changed AFTER INSERT OR UPDATE OR DELETE ON person
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
REVOKE SELECT ON person FROM shouwang_engine;
GRANT SELECT (id, home_id, spo2_scale, ability, self_care_lost) ON person TO shouwang_engine;

-- The door as whoever is sent there sees it: one picture a home, written anew by us. Read within the area by those who
-- may see the home; kept until another takes its place; erased with the home.
CREATE TABLE home_photo (
    home_id   integer PRIMARY KEY REFERENCES home ON DELETE CASCADE,
    jpeg      bytea NOT NULL CHECK (octet_length(jpeg) <= 400000),
    taken_up  timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON home_photo TO shouwang_api, shouwang_registrar;

-- Who looked at the numbers or illnesses of whose home: one line for an account, a home and an hour, written again once
-- a minute at most, so that a page that reads itself anew does not fill it. Read by the registrar's commands alone;
-- kept for one year; holds nothing of the person, so that erasing one leaves it.
CREATE TABLE access_log (
    account_id  integer NOT NULL REFERENCES account,
    home_id     integer NOT NULL REFERENCES home ON DELETE CASCADE,
    hour        timestamptz NOT NULL,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    fields      text[] NOT NULL CHECK (texts_within(fields, 32, 32)),
    PRIMARY KEY (home_id, hour, account_id)
);
CREATE INDEX access_log_hour ON access_log (hour);
GRANT SELECT, INSERT, UPDATE ON access_log TO shouwang_api;
GRANT SELECT ON access_log TO shouwang_registrar;
GRANT SELECT (hour), DELETE ON access_log TO shouwang_engine;

-- Registrars work through the API too; which accounts are registrars, the API knows.
GRANT UPDATE (address, key_place, dog, latitude, longitude, revision) ON home TO shouwang_api;
GRANT INSERT, UPDATE, DELETE ON person, contact TO shouwang_api;
GRANT DELETE ON person TO shouwang_registrar;

-- What is erased is in no list.
CREATE OR REPLACE VIEW home_in_scope AS
    SELECT h.id, h.code, h.address, a.path, h.erased_at FROM home h JOIN area a ON a.id = h.area_id WHERE a.path <@ my_area();
CALL hold_scope('person', 'EXISTS (SELECT FROM home_in_scope s WHERE s.id = home_id)');  -- anew: for the new grants
CALL hold_scope('home_photo', 'in_scope(home_id)');
CALL hold_scope('access_log', 'in_scope(home_id)');

-- A person is found by her own numbers and by every number of a contact.
CREATE OR REPLACE FUNCTION home_search_write(homes integer[], whole boolean) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET jit = off
    AS $$
BEGIN
    INSERT INTO home_search (home_id, plain, pinyin, initials, phones)
    SELECT h.id,
           concat_ws('|', '', search_form(h.code), names.all_levels || made.address, names.without_grid || made.address,
                     (SELECT string_agg(search_form(p.name), '|') FROM person p WHERE p.home_id = h.id),
                     (SELECT string_agg(search_form(c.name), '|') FROM contact c WHERE c.home_id = h.id), ''),
           '', '', coalesce(numbers.digits, '')
    FROM home h JOIN area ar ON ar.id = h.area_id
    CROSS JOIN LATERAL (SELECT search_form(h.address) AS address) made
    CROSS JOIN LATERAL (
        SELECT string_agg(search_form(up.name), '' ORDER BY nlevel(up.path)) AS all_levels,
               string_agg(search_form(up.name), '') FILTER (WHERE nlevel(up.path) = nlevel(ar.path) - 1) AS without_grid
        FROM area up WHERE up.path @> ar.path) names
    CROSS JOIN LATERAL (
        SELECT '|' || string_agg(regexp_replace(normalize(one.number, NFKC), '[^0-9]', '', 'g'), '|') AS digits
        FROM (SELECT unnest(c.phone || c.other_phones) AS number FROM contact c WHERE c.home_id = h.id
              UNION ALL SELECT unnest(p.phones) FROM person p WHERE p.home_id = h.id) one) numbers
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

-- The history of alerts takes nothing back, but for one thing: what people wrote into it about somebody who is erased.
CREATE OR REPLACE FUNCTION alert_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR coalesce(current_setting('shouwang.erasing', true), '') <> 'yes' THEN
        RAISE EXCEPTION 'alert_event is append-only';
    END IF;
    RETURN NULL;
END $$;

-- What people wrote beside the alerts of a home may name who lives there.
CREATE FUNCTION erase_alert_notes(erased integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM set_config('shouwang.erasing', 'yes', true);
    UPDATE alert_event e SET note = '' FROM alert a WHERE a.id = e.alert_id AND a.home_id = erased AND e.note <> '';
    PERFORM set_config('shouwang.erasing', '', true);
END $$;

-- `shouwang home erase`: the home stays as a number without a place, for its alerts and its devices' history.
CREATE FUNCTION erase_home(erased integer, moment timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM person WHERE home_id = erased;
    DELETE FROM contact WHERE home_id = erased;
    DELETE FROM home_photo WHERE home_id = erased;
    DELETE FROM baseline WHERE home_id = erased;
    DELETE FROM life WHERE home_id = erased;
    UPDATE device SET retired_at = moment WHERE home_id = erased AND retired_at IS NULL;
    UPDATE home SET erased_at = moment, code = 'erased-' || id, address = '', key_place = '', dog = '', latitude = NULL, longitude = NULL,
                    revision = revision + 1 WHERE id = erased;
    PERFORM erase_alert_notes(erased);
END $$;
REVOKE ALL ON FUNCTION erase_alert_notes(integer), erase_home(integer, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_alert_notes(integer), erase_home(integer, timestamptz) TO shouwang_registrar;
