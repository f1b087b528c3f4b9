-- What the store of API keys says to its database.

-- name: keep_key
INSERT INTO api_key (id, name, digest, scopes, created_at, revoked_at, binding)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: find_key
SELECT id, name, digest, scopes, created_at, revoked_at, binding
FROM api_key WHERE id = ?;

-- name: keys
SELECT id, name, digest, scopes, created_at, revoked_at, binding
FROM api_key ORDER BY created_at, id;

-- name: revoke_key
UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? RETURNING id;

-- name: token_secret
SELECT token_secret FROM installation;
