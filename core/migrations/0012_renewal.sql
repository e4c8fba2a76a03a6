-- depends: 0008_sessions
-- A browser's session is renewed by use: the API may move its end, to a day after the login at the latest. A program's
-- token has the end it was made with.
UPDATE session SET expires_at = created_at + interval '24 hours'
    WHERE label IS NULL AND expires_at > created_at + interval '24 hours';
ALTER TABLE session ADD CONSTRAINT session_ends_within_a_day
    CHECK (label IS NOT NULL OR expires_at <= created_at + interval '24 hours');
GRANT UPDATE (expires_at) ON session TO shouwang_api;
