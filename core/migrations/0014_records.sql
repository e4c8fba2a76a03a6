-- depends: 0011_answers 0013_search
-- How long an alert waited for an answer, and whether that was too long: the record of what was answered for.

-- Derived by a trigger from what the desk and the engine write; read by operators, kept and erased with the alert.
ALTER TABLE alert
    ADD COLUMN asked_at    timestamptz,                    -- when it first asked for a person; null: it never did
    ADD COLUMN answer_due  timestamptz,                    -- while it asks: by when its severity wants an answer
    ADD COLUMN waited      real,                           -- seconds from asked_at until a person first answered
    ADD COLUMN breach      boolean NOT NULL DEFAULT false; -- it waited longer than its severity allows, at least once

-- As core.model.ANSWER_WITHIN has it; a test holds the two together. Null: no limit.
CREATE FUNCTION answer_within(severity text) RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE severity WHEN 'emergency' THEN interval '60 s' WHEN 'urgent' THEN interval '10 min'
                         WHEN 'attention' THEN interval '2 h' END
$$;

-- An alert that gets worse while it waits is due when it was, or by its new severity, whichever is sooner: who was
-- called for an "attention" that becomes an emergency has 60 s from then on.
CREATE FUNCTION alert_waits() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    before    timestamptz := CASE WHEN TG_OP = 'UPDATE' THEN OLD.asks_since END;
    moment    timestamptz;
BEGIN
    IF NEW.asks_since IS NOT NULL THEN
        IF before IS NULL THEN
            NEW.asked_at := coalesce(NEW.asked_at, NEW.asks_since);
            NEW.answer_due := NEW.asks_since + answer_within(NEW.severity);
            IF NEW.asked_at + make_interval(secs => NEW.waited) > NEW.asks_since THEN
                NEW.waited := NULL;  -- the answer was taken back: it has been asking all the time
            END IF;
        ELSIF OLD.severity <> NEW.severity THEN
            NEW.answer_due := least(OLD.answer_due, clock_timestamp() + answer_within(NEW.severity));
        END IF;
        RETURN NEW;
    END IF;
    IF before IS NULL THEN
        RETURN NEW;
    END IF;
    moment := CASE WHEN NEW.acknowledged_at >= before THEN NEW.acknowledged_at
                   ELSE greatest(NEW.dispatched_at, NEW.resolved_at) END;
    IF moment IS NULL OR moment < before THEN
        moment := clock_timestamp();  -- a second answer, or it is only shown from now on
    END IF;
    NEW.breach := OLD.breach OR coalesce(moment > OLD.answer_due, false);
    NEW.answer_due := NULL;
    IF NEW.acknowledged_at IS NOT NULL THEN
        NEW.waited := coalesce(OLD.waited, extract(epoch FROM moment - NEW.asked_at));
    END IF;
    RETURN NEW;
END $$;

-- What is there already: due by its last severity from when it came to that.
UPDATE alert SET asked_at = told.asked_at, waited = extract(epoch FROM acknowledged_at - told.asked_at),
                 answer_due = CASE WHEN asks_since IS NOT NULL THEN told.due END,
                 breach = asks_since IS NULL AND coalesce(coalesce(acknowledged_at, resolved_at) > told.due, false)
    FROM (SELECT a.id, f.asked_at, greatest(f.asked_at, f.worse_at) + answer_within(a.severity) AS due
          FROM alert a CROSS JOIN LATERAL (
              SELECT CASE WHEN bool_or(e.kind = 'suppressed') THEN min(e.at) FILTER (WHERE e.kind = 'unsuppressed')
                          ELSE a.opened_at END AS asked_at,
                     max(e.at) FILTER (WHERE e.kind = 'severity' AND (a.acknowledged_at IS NULL OR e.at < a.acknowledged_at))
                         AS worse_at
              FROM alert_event e WHERE e.alert_id = a.id) f) told
    WHERE told.id = alert.id AND told.asked_at IS NOT NULL;

CREATE TRIGGER alert_waits BEFORE INSERT ON alert FOR EACH ROW EXECUTE FUNCTION alert_waits();
CREATE TRIGGER alert_waits_on BEFORE UPDATE OF asks_since, severity ON alert FOR EACH ROW
    WHEN (OLD.asks_since IS DISTINCT FROM NEW.asks_since OR OLD.severity <> NEW.severity)
    EXECUTE FUNCTION alert_waits();

-- The list of records and its counts read this index alone.
CREATE INDEX alert_record ON alert (opened_at DESC, id DESC)
    INCLUDE (home_id, rule, severity, disposition, handler_id, resolved_by_id, waited, breach) WHERE state = 'resolved';

-- Remarks are found by any part of a word: by its characters and pairs of them, since Chinese has no blanks.
CREATE FUNCTION note_grams(note text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = public, pg_temp AS $$
    SELECT array_agg(DISTINCT gram) FROM search_form(note) made
    CROSS JOIN LATERAL generate_series(1, length(made)) n
    CROSS JOIN LATERAL unnest(ARRAY[substr(made, n, 1), substr(made, n, 2)]) gram
$$;
CREATE INDEX alert_event_note ON alert_event USING gin (note_grams(note)) WHERE note <> '';
