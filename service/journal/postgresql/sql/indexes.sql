-- Indexes that came later. They change nothing that another version has to know of, so they are no
-- step of the schema: a worker of an older version may go on, and start, beside one that made them.

-- name: summary_route
-- Keys that are bound to routes list the calls of those, which may be few among very many. Of a call
-- the route is known from its first event on, so that this is as quiet as the other indexes.
CREATE INDEX summary_route ON summary (route, started_at);
