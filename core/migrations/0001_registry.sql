-- Who lives where, what is installed, who may see it.

CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE EXTENSION IF NOT EXISTS ltree;

-- One group role per program. A deployment gives each program a login that is a member of its group, no more.
DO $$
DECLARE program text;
BEGIN
    FOREACH program IN ARRAY ARRAY['shouwang_ingest', 'shouwang_engine', 'shouwang_api', 'shouwang_registrar']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = program) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', program);
        END IF;
    END LOOP;
END $$;

CREATE TABLE area (
    id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path  ltree NOT NULL UNIQUE,
    name  text  NOT NULL,
    CONSTRAINT area_four_levels CHECK (nlevel(path) BETWEEN 1 AND 4)  -- district, town, village, grid
);
CREATE INDEX area_path ON area USING gist (path);

CREATE TABLE home (
    id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code     text    NOT NULL UNIQUE,      -- the bureau's own number
    area_id  integer NOT NULL REFERENCES area,
    address  text    NOT NULL
);
CREATE INDEX home_area ON home (area_id);

CREATE TABLE person (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    home_id     integer NOT NULL REFERENCES home,
    name        text    NOT NULL,
    born        date,
    sex         text    CHECK (sex IN ('female', 'male')),
    spo2_scale  smallint NOT NULL DEFAULT 1 CHECK (spo2_scale IN (1, 2)),  -- NEWS2: 2 for hypercapnic failure
    note        text    NOT NULL DEFAULT '',
    UNIQUE (home_id, name)
);

CREATE TABLE contact (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    home_id   integer  NOT NULL REFERENCES home,
    position  smallint NOT NULL,           -- called in this order
    name      text     NOT NULL,
    role      text     NOT NULL,           -- delegated caretaker, grid worker, family, village doctor
    phone     text     NOT NULL,
    UNIQUE (home_id, position)
);

CREATE TABLE vendor (
    id      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code    text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,31}$'),  -- topic level and broker user name
    name    text NOT NULL,
    format  text NOT NULL DEFAULT 'flat'
);

CREATE TABLE metric (                      -- mirrors core/metrics.toml for joins; written by `shouwang migrate`
    id    smallint PRIMARY KEY,
    name  text NOT NULL UNIQUE,
    kind  text NOT NULL,
    unit  text NOT NULL
);

CREATE TABLE device_type (                 -- mirrors core/device_types/*.toml; written by `shouwang migrate`
    code  text PRIMARY KEY,
    zh    text NOT NULL,
    en    text NOT NULL
);

CREATE TABLE device (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vendor_id  integer NOT NULL REFERENCES vendor,
    serial     text    NOT NULL CHECK (serial ~ '^[A-Za-z0-9_.:-]{1,64}$'),
    type       text    NOT NULL REFERENCES device_type,
    home_id    integer NOT NULL REFERENCES home,
    room       text    NOT NULL DEFAULT '',
    installed_at timestamptz NOT NULL DEFAULT now(),
    retired_at   timestamptz,
    UNIQUE (vendor_id, serial)
);
CREATE INDEX device_home ON device (home_id);

CREATE TABLE installation (                -- where a device hung and when: readings keep their history when it moves
    device_id  integer NOT NULL REFERENCES device,
    home_id    integer NOT NULL REFERENCES home,
    since      timestamptz NOT NULL,
    until      timestamptz,
    PRIMARY KEY (device_id, since)
);
CREATE INDEX installation_home ON installation (home_id);

CREATE FUNCTION installation_follows_device() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moment timestamptz := clock_timestamp();  -- installed and moved in one transaction are still two moments
BEGIN
    IF TG_OP = 'UPDATE' THEN
        UPDATE installation SET until = moment WHERE device_id = NEW.id AND until IS NULL;
    END IF;
    IF NEW.retired_at IS NULL THEN
        INSERT INTO installation (device_id, home_id, since)
        VALUES (NEW.id, NEW.home_id, CASE WHEN TG_OP = 'INSERT' THEN NEW.installed_at ELSE moment END);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER device_installed AFTER INSERT ON device
    FOR EACH ROW EXECUTE FUNCTION installation_follows_device();
CREATE TRIGGER device_moved AFTER UPDATE OF home_id, retired_at ON device
    FOR EACH ROW WHEN (OLD.home_id <> NEW.home_id OR OLD.retired_at IS DISTINCT FROM NEW.retired_at)
    EXECUTE FUNCTION installation_follows_device();

-- Every program keeps the registry in memory; any change to it says so.
CREATE FUNCTION registry_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('registry', TG_TABLE_NAME);
    RETURN NULL;
END $$;
CREATE TRIGGER device_changed AFTER INSERT OR UPDATE OR DELETE ON device
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
CREATE TRIGGER vendor_changed AFTER INSERT OR UPDATE OR DELETE ON vendor
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
CREATE TRIGGER home_changed AFTER INSERT OR UPDATE OR DELETE ON home
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();

CREATE TABLE account (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username       text NOT NULL UNIQUE,
    name           text NOT NULL,
    password_hash  text NOT NULL,          -- argon2id, encoded
    role           text NOT NULL CHECK (role IN ('operator', 'admin', 'vendor')),
    area           ltree,                  -- sees this area and below; none for a vendor
    vendor_id      integer REFERENCES vendor,
    disabled_at    timestamptz,
    CONSTRAINT account_scope CHECK ((role = 'vendor') = (vendor_id IS NOT NULL) AND (role = 'vendor') = (area IS NULL))
);

CREATE TABLE session (
    token_hash  bytea PRIMARY KEY,         -- SHA-256 of a 256-bit random token
    account_id  integer NOT NULL REFERENCES account,
    label       text,                      -- names a program's bearer token; null for a browser's cookie
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL
);
CREATE INDEX session_account ON session (account_id);

GRANT SELECT ON area, home, vendor, metric, device_type, device TO shouwang_ingest;
GRANT SELECT ON area, home, person, vendor, metric, device_type, device, installation TO shouwang_engine;
GRANT SELECT ON area, home, person, contact, vendor, metric, device_type, device, installation, account TO shouwang_api;
GRANT UPDATE (password_hash) ON account TO shouwang_api;
GRANT SELECT, INSERT, DELETE ON session TO shouwang_api;
GRANT SELECT, INSERT, UPDATE ON area, home, person, contact, vendor, device, account TO shouwang_registrar;
GRANT SELECT ON metric, device_type TO shouwang_registrar;
GRANT SELECT, INSERT, UPDATE ON installation TO shouwang_registrar;
GRANT DELETE ON contact TO shouwang_registrar;
GRANT SELECT, INSERT, DELETE ON session TO shouwang_registrar;
