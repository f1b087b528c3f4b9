-- What the store of webhooks that are passed on says to PostgreSQL. Its table is made when it is
-- first wanted. What is `sealed` holds words and numbers; once it was passed on, or given up, only
-- the id is left, so that a repeat is known.

-- name: make
DO $$ BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('callscribe forward'));
    CREATE TABLE IF NOT EXISTS forward (
        forward_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id text COLLATE "C" NOT NULL UNIQUE,
        lane text COLLATE "C" NOT NULL,
        received_at double precision NOT NULL,
        sealed bytea
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
    CREATE INDEX IF NOT EXISTS forward_waiting ON forward (forward_no) WHERE sealed IS NOT NULL;
END $$;

-- name: keep
INSERT INTO forward (event_id, lane, received_at, sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (event_id) DO NOTHING;

-- name: waiting
SELECT forward_no, lane, received_at, sealed FROM forward WHERE sealed IS NOT NULL
ORDER BY forward_no LIMIT $1;

-- name: settle
UPDATE forward SET sealed = NULL WHERE forward_no = ANY($1::bigint[]) AND sealed IS NOT NULL;

-- name: prune
DELETE FROM forward WHERE received_at < $1 AND sealed IS NULL;
