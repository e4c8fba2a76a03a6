-- depends: 0017_people
-- Where in the home a device hangs, as rules can read it; devices in stock; their model; when a battery was changed.

-- `room` stays the free text that people wrote; `room_kind` is what it means, as core.rooms has it (a test holds the two
-- together). A device in stock hangs in no home: it is nobody's, so nothing it says is stored, and rules know nothing of it.
ALTER TABLE device
    ADD COLUMN room_kind text NOT NULL DEFAULT 'unknown' CHECK (room_kind IN (
        'bedroom', 'living_room', 'kitchen', 'bathroom', 'hall', 'outside', 'person', 'other', 'unknown')),
    ADD COLUMN model text NOT NULL DEFAULT '' CHECK (length(model) <= 64),  -- the vendor's own name for it
    ALTER COLUMN home_id DROP NOT NULL;

UPDATE device SET room_kind = CASE
    WHEN btrim(room) = '' THEN 'unknown'
    WHEN lower(room) ~ '卫生间|厕|浴|洗手间|盥洗|bathroom|toilet|shower' THEN 'bathroom'
    WHEN lower(room) ~ '卧|床|bed' THEN 'bedroom'
    WHEN lower(room) ~ '厨|灶|kitchen' THEN 'kitchen'
    WHEN lower(room) ~ '客厅|堂屋|起居|正房|living|sitting' THEN 'living_room'
    WHEN lower(room) ~ '院|阳台|室外|屋外|户外|outside|yard|balcony' THEN 'outside'
    WHEN lower(room) ~ '门|玄关|走廊|过道|楼梯|hall|corridor|stairs|entrance' THEN 'hall'
    WHEN lower(room) ~ '随身|佩戴|手腕|person|worn|wrist' THEN 'person'
    ELSE 'other' END
WHERE room <> '';

-- Into stock ends an installation and begins none. Out of service ends the battery's history too.
CREATE OR REPLACE FUNCTION installation_follows_device() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moment timestamptz := clock_timestamp();  -- installed and moved in one transaction are still two moments
BEGIN
    IF TG_OP = 'UPDATE' THEN
        UPDATE installation SET until = moment WHERE device_id = NEW.id AND until IS NULL;
    END IF;
    IF NEW.retired_at IS NULL AND NEW.home_id IS NOT NULL THEN
        INSERT INTO installation (device_id, home_id, since)
        VALUES (NEW.id, NEW.home_id, CASE WHEN TG_OP = 'INSERT' THEN NEW.installed_at ELSE moment END);
    END IF;
    IF NEW.retired_at IS NOT NULL THEN
        DELETE FROM device_battery WHERE device_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER device_moved ON device;
CREATE TRIGGER device_moved AFTER UPDATE OF home_id, retired_at ON device FOR EACH ROW
    WHEN (OLD.home_id IS DISTINCT FROM NEW.home_id OR OLD.retired_at IS DISTINCT FROM NEW.retired_at)
    EXECUTE FUNCTION installation_follows_device();

-- Out of stock its silence counts from when it was hung up, and not from its delivery.
CREATE FUNCTION device_is_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.installed_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER device_is_placed BEFORE UPDATE OF home_id ON device FOR EACH ROW
    WHEN (OLD.home_id IS NULL AND NEW.home_id IS NOT NULL) EXECUTE FUNCTION device_is_placed();

-- When a device's battery was changed or charged, as its own readings tell: a level that rises by 30 points or more (own
-- choice: cold moves a level by some ten), or a flag "battery low" that ends. Read by whoever may see the device; the last
-- 20 of a device are kept until it is taken out of service. So erasing a home, which takes its devices out of service,
-- erases it: when a wristband was charged tells a little of a person.
CREATE TABLE device_battery (
    device_id   integer NOT NULL REFERENCES device ON DELETE CASCADE,
    changed_at  timestamptz NOT NULL,
    before      real,                      -- per cent; null: the device says only that it is low
    after       real,
    PRIMARY KEY (device_id, changed_at)
);
GRANT SELECT ON device_battery TO shouwang_api;
GRANT SELECT, DELETE ON device_battery TO shouwang_registrar;

CREATE FUNCTION battery_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO device_battery (device_id, changed_at, before, after)
        SELECT NEW.device_id, NEW.ts, level.before, level.after
        FROM (SELECT OLD.value AS before, NEW.value AS after WHERE NEW.metric = 23
              UNION ALL SELECT NULL, NULL WHERE NEW.metric <> 23
                  AND NOT EXISTS (SELECT FROM latest WHERE device_id = NEW.device_id AND metric = 23)) level
        ON CONFLICT DO NOTHING;
    DELETE FROM device_battery WHERE device_id = NEW.device_id AND changed_at <=
        (SELECT changed_at FROM device_battery WHERE device_id = NEW.device_id ORDER BY changed_at DESC OFFSET 20 LIMIT 1);
    RETURN NULL;
END $$;
CREATE TRIGGER battery_changed AFTER UPDATE ON latest FOR EACH ROW  -- metric 23: battery, 33: battery_low
    WHEN (NEW.ts > OLD.ts AND (NEW.metric = 23 AND NEW.value >= OLD.value + 30
                               OR NEW.metric = 33 AND OLD.value = 1 AND NEW.value = 0))
    EXECUTE FUNCTION battery_changed();

-- What hangs in no home is nobody's secret: whoever looks after an area sees what is in stock.
CREATE OR REPLACE VIEW device_in_scope AS
    SELECT d.id, d.vendor_id, d.home_id, d.type, d.retired_at
    FROM device d JOIN home h ON h.id = d.home_id JOIN area a ON a.id = h.area_id WHERE a.path <@ my_area()
    UNION ALL
    SELECT id, vendor_id, home_id, type, retired_at FROM device WHERE vendor_id = (SELECT my_vendor())
    UNION ALL
    SELECT id, vendor_id, home_id, type, retired_at FROM device WHERE home_id IS NULL AND (SELECT my_area()) IS NOT NULL;
CALL hold_scope('device', 'vendor_id = (SELECT my_vendor()) OR EXISTS (SELECT FROM home_in_scope s WHERE s.id = home_id)
    OR home_id IS NULL AND (SELECT my_area()) IS NOT NULL');
-- The same of what such a device says: a cry for help from it comes from nobody knows where, so everybody with an area sees
-- it. And a vendor all of whose devices are in stock has none that an area could claim its messages by.
CREATE OR REPLACE FUNCTION letter_in_scope(vendor integer, topic text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
    SELECT coalesce(
        (SELECT d.home_id IS NULL OR a.path <@ my_area()
         FROM device d LEFT JOIN home h ON h.id = d.home_id LEFT JOIN area a ON a.id = h.area_id
         WHERE d.vendor_id = letter_in_scope.vendor AND d.serial = split_part(letter_in_scope.topic, '/', 4)),
        EXISTS (SELECT FROM device d JOIN home h ON h.id = d.home_id JOIN area a ON a.id = h.area_id
                WHERE d.vendor_id = letter_in_scope.vendor AND d.retired_at IS NULL AND a.path <@ my_area())
        OR nlevel(my_area()) = 1 AND NOT EXISTS
            (SELECT FROM device d
             WHERE d.vendor_id = letter_in_scope.vendor AND d.retired_at IS NULL AND d.home_id IS NOT NULL))
$$;
CALL hold_scope('device_battery', 'EXISTS (SELECT FROM device_in_scope s WHERE s.id = device_id)');
