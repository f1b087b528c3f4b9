-- What the store of API keys says to PostgreSQL.

-- name: keep_key
INSERT INTO api_key (id, name, digest, scopes, created_at, revoked_at, binding)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: find_key
SELECT id, name, digest, scopes, created_at, revoked_at, binding
FROM api_key WHERE id = $1;

-- name: keys
SELECT id, name, digest, scopes, created_at, revoked_at, binding
FROM api_key ORDER BY created_at, id;

-- name: revoke_key
UPDATE api_key SET revoked_at = coalesce(revoked_at, $1) WHERE id = $2 RETURNING id;

-- name: token_secret
SELECT token_secret FROM installation;
