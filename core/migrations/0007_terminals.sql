-- depends: 0005_tidy
-- The self-check hears at the broker whose session was taken over, and tells the vendor among its refused messages.
-- No new table: the letters are kept and erased as any refused message is; they name a terminal, never a person.

GRANT INSERT ON dead_letter TO shouwang_canary;
GRANT SELECT (digest, code, count, last_at, replayed_at), UPDATE (count, last_at) ON dead_letter TO shouwang_canary;
