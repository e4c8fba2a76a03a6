-- depends: 0020_place
-- What people have set of the rules, by area or by home (一户一策).

-- Read by the engine (what holds, without who and why), by whoever may read what is remarked on a home's people, and written by
-- chiefs within their area. A row is never changed but for its end, so the table is its own history. Kept as long as its home or
-- area; erasing a home deletes the home's rows, erasing a person their reasons, which may tell of an illness.
CREATE TABLE policy (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule      text NOT NULL CHECK (length(rule) BETWEEN 1 AND 64),
    field     text NOT NULL CHECK (length(field) BETWEEN 1 AND 64),  -- "on": 0 switches the rule off
    area_id   integer REFERENCES area,
    home_id   integer REFERENCES home,
    value     double precision NOT NULL,
    quieter   boolean NOT NULL,                       -- than what would hold without it: such a value ends by itself
    reason    text NOT NULL CHECK (length(reason) BETWEEN 2 AND 500),
    set_by    integer NOT NULL REFERENCES account,
    since     timestamptz NOT NULL,
    until     timestamptz CHECK (until > since),
    review_at timestamptz NOT NULL,                   -- when somebody is to look at it again
    ended_at  timestamptz,                            -- taken back, or another took its place
    ended_by  integer REFERENCES account,
    CHECK (num_nonnulls(area_id, home_id) = 1),
    CHECK (NOT quieter OR until IS NOT NULL),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX policy_once ON policy (rule, field, area_id, home_id) NULLS NOT DISTINCT WHERE ended_at IS NULL;
CREATE INDEX policy_of_home ON policy (home_id, id) WHERE home_id IS NOT NULL;
CREATE INDEX policy_of_area ON policy (area_id, id) WHERE area_id IS NOT NULL;
CREATE INDEX policy_quieter ON policy (until) WHERE quieter AND ended_at IS NULL;

CREATE FUNCTION policy_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('policy', '');
    RETURN NULL;
END $$;
CREATE TRIGGER policy_changed AFTER INSERT OR UPDATE OR DELETE ON policy
    FOR EACH STATEMENT EXECUTE FUNCTION policy_changed();

GRANT SELECT (id, rule, field, area_id, home_id, value, quieter, until, ended_at) ON policy TO shouwang_engine;
GRANT SELECT (id, path) ON area TO shouwang_engine;
GRANT SELECT, INSERT, UPDATE (ended_at, ended_by) ON policy TO shouwang_api, shouwang_registrar;
-- Also what an area above has set, for it holds below; `area` shows those.
CALL hold_scope('policy', 'EXISTS (SELECT FROM area a WHERE a.id = area_id)
    OR EXISTS (SELECT FROM home_in_scope s WHERE s.id = home_id)');
CREATE POLICY set_within ON policy AS RESTRICTIVE FOR INSERT TO shouwang_api WITH CHECK (
    EXISTS (SELECT FROM area_in_scope s WHERE s.id = area_id) OR EXISTS (SELECT FROM home_in_scope s WHERE s.id = home_id));
CREATE POLICY end_within ON policy AS RESTRICTIVE FOR UPDATE TO shouwang_api USING (
    EXISTS (SELECT FROM area_in_scope s WHERE s.id = area_id) OR EXISTS (SELECT FROM home_in_scope s WHERE s.id = home_id));

CREATE FUNCTION policy_forgets() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM policy WHERE home_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER policy_forgets AFTER UPDATE OF erased_at ON home
    FOR EACH ROW WHEN (NEW.erased_at IS NOT NULL) EXECUTE FUNCTION policy_forgets();

-- Of whoever is erased: also why something was set for that home, which may tell of them. What was set stays in force.
CREATE OR REPLACE FUNCTION erase_alert_notes(erased integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM set_config('shouwang.erasing', 'yes', true);
    UPDATE alert_event e SET note = '' FROM alert a WHERE a.id = e.alert_id AND a.home_id = erased AND e.note <> '';
    PERFORM set_config('shouwang.erasing', '', true);
    UPDATE policy SET reason = '已删除' WHERE home_id = erased;
END $$;
