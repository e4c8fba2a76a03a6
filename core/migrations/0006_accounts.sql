-- depends: 0005_tidy
-- Vendors come and go, their accounts at the broker have an end, and free text has a length.

ALTER TABLE vendor
    ADD COLUMN disabled_at timestamptz,        -- cut off from the broker; can be let in again
    ADD COLUMN removed_at  timestamptz;        -- has no devices and no accounts any more; its history stays

-- A vendor's own accounts at the broker, without their passwords. Written and read by `shouwang vendor`, read by the
-- doctor. A row goes when its vendor is removed. It holds nothing about a person, so erasing one leaves it alone.
CREATE TABLE vendor_account (
    username     text PRIMARY KEY CHECK (length(username) <= 64),  -- the vendor's code, then code~2, code~3 …
    vendor_id    integer NOT NULL REFERENCES vendor,
    made_at      timestamptz NOT NULL,
    until        timestamptz,                  -- works until then; null: for good
    disabled_at  timestamptz                   -- ended by `shouwang vendor expire`
);
CREATE INDEX vendor_account_vendor ON vendor_account (vendor_id);
INSERT INTO vendor_account (username, vendor_id, made_at)
    SELECT code, id, now() FROM vendor WHERE code <> 'self-check';
GRANT SELECT, INSERT, UPDATE, DELETE ON vendor_account TO shouwang_registrar;
GRANT SELECT ON vendor_account TO shouwang_api, shouwang_engine;
GRANT SELECT ON heartbeat TO shouwang_registrar;  -- the administrator's doctor asks which program lives

-- Free text is bounded. A site that has something longer already keeps its longest as the limit: neither this
-- migration nor a later UPDATE of such a row (a login that renews a hash, a device that is retired) may fail by it.
DO $$
DECLARE
    field    record;
    longest  integer;
BEGIN
    FOR field IN SELECT * FROM (VALUES
        ('area', 'name', 64), ('home', 'code', 64), ('home', 'address', 200), ('person', 'name', 64),
        ('person', 'note', 2000), ('contact', 'name', 64), ('contact', 'role', 32), ('contact', 'phone', 32),
        ('device', 'room', 64), ('vendor', 'name', 64), ('vendor', 'format', 64), ('account', 'username', 64),
        ('account', 'name', 64), ('account', 'password_hash', 255), ('session', 'label', 64)
    ) AS bound (tab, col, most)
    LOOP
        EXECUTE format('SELECT coalesce(max(length(%I)), 0) FROM %I', field.col, field.tab) INTO longest;
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (length(%I) <= %s)', field.tab,
                       field.tab || '_' || field.col || '_length', field.col, greatest(field.most, longest));
    END LOOP;
END $$;

-- The history may be long and is never updated: what stands in it is not looked at.
ALTER TABLE alert_event ADD CONSTRAINT alert_event_note_length CHECK (length(note) <= 2000) NOT VALID;
