-- What workers say to PostgreSQL of each other, of whose the calls are, and of what waits for them.

-- name: hold_lease
-- nobody can end this worker's lease until the transaction is over
SELECT 1 FROM worker WHERE id = $1 FOR KEY SHARE;

-- name: register
INSERT INTO worker (id, url, settings) VALUES ($1, $2, $3);

-- name: beat
UPDATE worker SET heartbeat_at = clock_timestamp(), settings = $2 WHERE id = $1
RETURNING id = (
    SELECT id FROM worker WHERE NOT draining ORDER BY registered_at, id LIMIT 1),
ARRAY(
    SELECT ARRAY[other.id, other.settings] FROM worker AS other
    WHERE other.id <> $1 AND NOT other.draining AND other.settings NOT IN ('', $2)
    ORDER BY other.id);

-- name: begin_drain
UPDATE worker SET draining = true WHERE id = $1;

-- name: others
SELECT count(*) FROM worker
WHERE id <> $1 AND NOT draining
AND heartbeat_at > clock_timestamp() - make_interval(secs => $2);

-- name: silent
SELECT id FROM worker WHERE heartbeat_at < clock_timestamp() - make_interval(secs => $1);

-- name: cut_off
-- what they have under way would hold up whoever takes their calls
SELECT pg_terminate_backend(pid) FROM pg_stat_activity, unnest($1::text[]) AS id
WHERE application_name LIKE 'callscribe/' || id || '/%';

-- name: bury
DELETE FROM worker
WHERE id = ANY($1::text[]) AND heartbeat_at < clock_timestamp() - make_interval(secs => $2)
RETURNING id;

-- name: withdraw
DELETE FROM worker WHERE id = $1;

-- name: forget_losses
DELETE FROM taken_call WHERE NOT EXISTS (SELECT 1 FROM worker WHERE id = loser);

-- name: owners
-- in the order in which calls are locked
SELECT call_id, owner, EXISTS (SELECT 1 FROM worker WHERE worker.id = call.owner)
FROM call WHERE call_id = ANY($1::text[]) ORDER BY call_no;

-- name: claim
UPDATE call SET owner = $2, epoch = epoch + 1
WHERE call_id = $1 AND owner IS DISTINCT FROM $2
AND NOT EXISTS (SELECT 1 FROM worker WHERE worker.id = call.owner)
RETURNING call_no;

-- name: lock_calls
-- in the order in which commits lock them
SELECT call_id, owner FROM call WHERE call_id = ANY($1::text[])
ORDER BY call_no FOR NO KEY UPDATE;

-- name: take
UPDATE call SET owner = $2, epoch = epoch + 1 WHERE call_id = ANY($1::text[]);

-- name: note_losses
INSERT INTO taken_call (loser, call_id)
SELECT worker.id, given.call_id
FROM unnest($1::text[], $2::text[]) AS given (call_id, loser) JOIN worker ON worker.id = given.loser
ON CONFLICT DO NOTHING;

-- name: forget_losses_of
DELETE FROM taken_call WHERE loser = $1 AND call_id = ANY($2::text[]);

-- name: losses
DELETE FROM taken_call WHERE loser = $1 RETURNING call_id;

-- name: gone_owners
-- each owner is looked up once, however many calls are open
WITH RECURSIVE owners AS (
    (SELECT owner FROM call WHERE open AND owner > '' ORDER BY owner LIMIT 1)
    UNION ALL
    SELECT (SELECT owner FROM call WHERE open AND owner > owners.owner ORDER BY owner LIMIT 1)
    FROM owners WHERE owners.owner IS NOT NULL)
SELECT owner FROM owners
WHERE owner IS NOT NULL AND NOT EXISTS (SELECT 1 FROM worker WHERE worker.id = owner);

-- name: take_open
WITH orphan AS (
    SELECT call_no, owner FROM call WHERE open AND (owner IS NULL OR owner = ANY($2::text[]))
    ORDER BY call_no LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
UPDATE call SET owner = $1, epoch = epoch + 1 FROM orphan WHERE call.call_no = orphan.call_no
RETURNING call_id, NOT ended OR wake_at IS NOT NULL, orphan.owner IS NOT NULL;

-- name: take_waited_for
-- calls that are over, and for which something came all the same
WITH orphan AS (
    SELECT call_no FROM call
    WHERE NOT open AND call_id IN (SELECT call_id FROM pending_input WHERE reply IS NULL)
    AND NOT EXISTS (SELECT 1 FROM worker WHERE worker.id = call.owner)
    ORDER BY call_no LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
UPDATE call SET owner = $1, epoch = epoch + 1 FROM orphan WHERE call.call_no = orphan.call_no;

-- name: owned
SELECT call_id FROM call WHERE open AND owner = $1 AND (NOT ended OR wake_at IS NOT NULL)
ORDER BY call_no;

-- name: hand_over
WITH given AS (
    UPDATE call SET owner = NULL, epoch = epoch + 1 WHERE open AND owner = $1 RETURNING call_no)
SELECT count(*) FROM given;

-- name: send
-- what was acknowledged first has the smaller id: it is read first
INSERT INTO pending_input (call_id, input_id, body)
SELECT call_id, input_id, body
FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY AS given (call_id, input_id, body, n)
WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.input_id = given.input_id) ORDER BY n
ON CONFLICT (input_id) DO NOTHING;

-- name: ask
INSERT INTO pending_input (call_id, body, asked_by) VALUES ($1, $2, $3) RETURNING id;

-- name: has_mail
-- asked often, so it locks nothing: it leaves no transaction to be written
SELECT EXISTS (
    SELECT 1 FROM pending_input LEFT JOIN call USING (call_id)
    WHERE (call.owner = $1 OR ($2 AND call.call_no IS NULL)) AND reply IS NULL
    AND (asked_by IS NULL OR received_at > clock_timestamp() - make_interval(secs => $3)))
OR EXISTS (SELECT 1 FROM pending_input WHERE asked_by = $1 AND reply IS NOT NULL)
OR EXISTS (SELECT 1 FROM taken_call WHERE loser = $1);

-- name: mail
-- also what is for a call that was forgotten meanwhile: whoever keeps house takes it
SELECT id, pending_input.call_id, body, asked_by
FROM pending_input LEFT JOIN call USING (call_id)
WHERE (call.owner = $1 OR ($2 AND call.call_no IS NULL)) AND reply IS NULL
AND (asked_by IS NULL OR received_at > clock_timestamp() - make_interval(secs => $3))
AND id > $5
ORDER BY id LIMIT $4;

-- name: drop_mail
DELETE FROM pending_input WHERE id = ANY($1::bigint[]);

-- name: reply
UPDATE pending_input SET reply = $2 WHERE id = $1;

-- name: replies
DELETE FROM pending_input WHERE asked_by = $1 AND reply IS NOT NULL RETURNING id, reply;

-- name: drop_stale_asks
DELETE FROM pending_input
WHERE asked_by IS NOT NULL AND received_at < clock_timestamp() - make_interval(secs => $1);
