-- Indexes that came later. They change nothing that another version has to know of, so they are no
-- step of the schema: an older version may go back to a file that has them.

-- name: summary_route
-- Keys that are bound to routes list the calls of those, which may be few among very many.
CREATE INDEX IF NOT EXISTS summary_route ON summary (route, started_at);
