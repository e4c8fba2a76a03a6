-- depends: 0005_tidy
-- Sessions: how long one was not used, whose browser it is, and a word at once when it ends.

-- Read by the API alone; a row is kept until it expires (tidy deletes it nightly). It tells of who watches, not of who
-- is watched over: erasing a person changes nothing here, and ending an account deletes its rows.
ALTER TABLE session
    ADD COLUMN id      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,    -- what "my sessions" call it: no way in by itself
    ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now(),            -- last used, to the minute
    ADD COLUMN agent   text NOT NULL DEFAULT '' CHECK (length(agent) <= 200),   -- which browser, in its own words
    ADD COLUMN address text NOT NULL DEFAULT '' CHECK (length(address) <= 100); -- from where it was begun
GRANT UPDATE (seen_at) ON session TO shouwang_api;

-- The live streams of an account look again whether they may go on.
CREATE FUNCTION session_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('session', OLD.account_id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER session_over AFTER DELETE ON session FOR EACH ROW EXECUTE FUNCTION session_over();

CREATE FUNCTION account_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('session', OLD.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER account_changed AFTER UPDATE ON account FOR EACH ROW
    WHEN ((OLD.role, OLD.area, OLD.vendor_id, OLD.disabled_at, OLD.password_hash)
          IS DISTINCT FROM (NEW.role, NEW.area, NEW.vendor_id, NEW.disabled_at, NEW.password_hash))
    EXECUTE FUNCTION account_changed();

-- Signs the cookie by which a browser that has logged in before is known again. Random, made here, the same for every
-- API process; read by the API alone, kept for good, says nothing about anybody: erasing a person changes nothing.
CREATE TABLE browser_key (
    key  bytea   NOT NULL DEFAULT sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')),
    one  boolean PRIMARY KEY DEFAULT true CHECK (one)
);
INSERT INTO browser_key DEFAULT VALUES;
GRANT SELECT ON browser_key TO shouwang_api;
