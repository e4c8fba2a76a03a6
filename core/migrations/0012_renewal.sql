-- depends: 0008_sessions
-- A browser's session is renewed by use: the API may move its end.
GRANT UPDATE (expires_at) ON session TO shouwang_api;
