-- What the store of accesses says to PostgreSQL.

-- name: keep_accesses
INSERT INTO access (at, key_id, action, call_id, address)
SELECT (given ->> 0)::double precision, given ->> 1, given ->> 2, given ->> 3, given ->> 4
FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS rows (given, place) ORDER BY place;

-- name: accesses
SELECT id, at, key_id, action, call_id, address FROM access
WHERE id < $1::bigint AND ($2::text IS NULL OR call_id = $2) AND ($3::text IS NULL OR key_id = $3)
AND ($4::text IS NULL OR action = $4)
ORDER BY id DESC LIMIT $5;

-- name: prune_accesses
-- they were written in the order of their time, but for what waited for another moment
DELETE FROM access WHERE id IN (
    SELECT id FROM (SELECT id, at FROM access ORDER BY id LIMIT $3) AS oldest
    WHERE at < $1::double precision OR id <= (SELECT max(id) FROM access) - $2::bigint)
RETURNING id;
