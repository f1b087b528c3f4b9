-- What the store of saved searches says to PostgreSQL.

-- name: searches
SELECT id, name, query, created_at FROM saved_search ORDER BY created_at, id;

-- name: keep_search
INSERT INTO saved_search (id, name, query, created_at) SELECT $1, $2, $3, $4
WHERE (SELECT count(*) FROM saved_search) < $5 OR EXISTS (SELECT 1 FROM saved_search WHERE id = $1)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, query = excluded.query RETURNING id;

-- name: drop_search
DELETE FROM saved_search WHERE id = $1 RETURNING id;
