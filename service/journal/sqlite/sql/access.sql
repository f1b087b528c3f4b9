-- What the store of accesses says to its database.

-- name: keep_accesses
INSERT INTO access (at, key_id, action, call_id, address)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
FROM json_each(?) ORDER BY key;

-- name: accesses
SELECT id, at, key_id, action, call_id, address FROM access
WHERE id < ?1 AND (?2 IS NULL OR call_id = ?2) AND (?3 IS NULL OR key_id = ?3)
AND (?4 IS NULL OR action = ?4)
ORDER BY id DESC LIMIT ?5;

-- name: prune_accesses
-- they were written in the order of their time, but for what waited for another moment
DELETE FROM access WHERE id IN (
    SELECT id FROM (SELECT id, at FROM access ORDER BY id LIMIT ?3) AS oldest
    WHERE at < ?1 OR id <= (SELECT max(id) FROM access) - ?2)
RETURNING id;
