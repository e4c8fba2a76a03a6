-- depends: 0014_records
-- Whom an alert is about: a home, an area, a vendor, or the site itself. Written by whoever raises it, read by operators:
-- of a home or an area by those whose area holds it, of a vendor or the site by all, for it concerns every home. Kept
-- and erased with the alert.

ALTER TABLE alert
    ALTER COLUMN home_id DROP NOT NULL,
    ADD COLUMN subject   text NOT NULL DEFAULT 'home' CHECK (subject IN ('home', 'area', 'vendor', 'site')),
    ADD COLUMN area_id   integer REFERENCES area,     -- the area itself, or the one the home is in now
    ADD COLUMN vendor_id integer REFERENCES vendor;
UPDATE alert SET area_id = home.area_id FROM home WHERE home.id = home_id AND rule <> 'self_check';
UPDATE alert SET subject = 'site', home_id = NULL, device_id = NULL WHERE rule = 'self_check';
ALTER TABLE alert
    ADD CONSTRAINT one_subject CHECK ((subject = 'home') = (home_id IS NOT NULL)
        AND (subject IN ('home', 'area')) = (area_id IS NOT NULL) AND (subject = 'vendor') = (vendor_id IS NOT NULL)),
    ADD COLUMN subject_id integer NOT NULL GENERATED ALWAYS AS (
        CASE subject WHEN 'home' THEN home_id WHEN 'area' THEN area_id WHEN 'vendor' THEN vendor_id ELSE 0 END) STORED;

DROP INDEX alert_one_open;
CREATE UNIQUE INDEX alert_one_open ON alert (subject, subject_id, rule) WHERE state <> 'resolved';
DROP INDEX alert_record;  -- the list of records and its counts read this index alone
CREATE INDEX alert_record ON alert (opened_at DESC, id DESC)
    INCLUDE (area_id, home_id, rule, severity, disposition, handler_id, resolved_by_id, waited, breach)
    WHERE state = 'resolved';

CREATE INDEX alert_of_others ON alert (subject, subject_id, opened_at DESC) WHERE subject <> 'home';

-- An alert of a home lies where the home lies, also when that changes.
CREATE FUNCTION alert_of_home() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    SELECT area_id INTO NEW.area_id FROM home WHERE id = NEW.home_id;
    RETURN NEW;
END $$;
CREATE TRIGGER alert_of_home BEFORE INSERT ON alert FOR EACH ROW WHEN (NEW.home_id IS NOT NULL)
    EXECUTE FUNCTION alert_of_home();

CREATE FUNCTION home_moves_alerts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE alert SET area_id = NEW.area_id WHERE home_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER home_moves_alerts AFTER UPDATE OF area_id ON home FOR EACH ROW
    WHEN (OLD.area_id <> NEW.area_id) EXECUTE FUNCTION home_moves_alerts();
