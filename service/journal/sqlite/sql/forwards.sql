-- What the store of webhooks that are passed on says to its database. Its table is made when it is
-- first wanted. What is `sealed` holds words and numbers; once it was passed on, or given up, only
-- the id is left, so that a repeat is known.

-- name: make
CREATE TABLE IF NOT EXISTS forward (
    forward_no INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL,
    received_at REAL NOT NULL,
    sealed BLOB
) STRICT;

-- name: index
CREATE INDEX IF NOT EXISTS forward_waiting ON forward (forward_no) WHERE sealed IS NOT NULL;

-- name: keep
INSERT INTO forward (event_id, lane, received_at, sealed) VALUES (?, ?, ?, ?)
ON CONFLICT (event_id) DO NOTHING;

-- name: waiting
SELECT forward_no, lane, received_at, sealed FROM forward WHERE sealed IS NOT NULL
ORDER BY forward_no LIMIT ?;

-- name: settle
UPDATE forward SET sealed = NULL
WHERE forward_no IN (SELECT value FROM json_each(?)) AND sealed IS NOT NULL;

-- name: prune
DELETE FROM forward WHERE received_at < ? AND sealed IS NULL;
