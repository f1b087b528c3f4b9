-- What the journal says to PostgreSQL. Rows are given as columns: an array for each.

-- name: look_up
-- What there is of these calls and inputs, if the lease of `$1` is held (NULL: there is none); it is
-- until the transaction is over. Calls are locked in the order of their numbers, whoever locks:
-- nobody waits for each other. Calls that are not there get fresh numbers. One question, as each
-- waits for its turn on a busy loop.
WITH lease AS MATERIALIZED (
    SELECT 1 FROM worker WHERE id = $1::text FOR KEY SHARE),
held AS MATERIALIZED (
    SELECT $1::text IS NULL OR EXISTS (SELECT 1 FROM lease) AS is_held),
head AS MATERIALIZED (
    SELECT call_id, call_no, version, epoch, last_seq FROM call
    WHERE (SELECT is_held FROM held) AND call_id = ANY($2::text[])
    ORDER BY call_no FOR NO KEY UPDATE)
SELECT 'lease' AS kind, NULL AS id, NULL::bigint AS call_no, 0 AS version, 0 AS epoch, 0 AS last_seq
FROM held WHERE is_held
UNION ALL SELECT 'call', call_id, call_no, version, epoch, last_seq FROM head
UNION ALL SELECT 'input', input_id, NULL, 0, 0, 0 FROM inbox WHERE input_id = ANY($3::text[])
UNION ALL SELECT 'fresh', NULL, nextval('call_no'), 0, 0, 0
FROM generate_series(1, cardinality($2::text[]) - (SELECT count(*)::integer FROM head));

-- name: write_entries
-- What entries write of their calls, in one statement: each round to the server waits for its turn
-- on a busy loop. The place of an event is reckoned here; its utterance is told which event it is
-- of. Summaries of calls that begin here cannot be changed here (`change_summaries`). Calls that go
-- on name an endpoint that was moved: it is whoever took over that gets it.
WITH place AS MATERIALIZED (
    SELECT position_base + (pg_current_xact_id()::text::bigint << 14) AS base FROM installation),
calls AS (
    INSERT INTO call AS kept
    (call_no, call_id, version, epoch, last_seq, state, wake_at, ended, open, created_at,
        updated_at, owner)
    SELECT call_no, call_id, version, epoch, last_seq, state, wake_at, ended, true, written_at,
        written_at, owner
    FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::integer[], $5::integer[],
        $6::bytea[], $7::double precision[], $8::boolean[], $9::double precision[], $10::text[])
    AS given (call_no, call_id, version, epoch, last_seq, state, wake_at, ended, written_at, owner)
    ON CONFLICT (call_no) DO UPDATE SET
    version = excluded.version, last_seq = excluded.last_seq, state = excluded.state,
    wake_at = excluded.wake_at, ended = excluded.ended, open = true,
    updated_at = excluded.updated_at),
legs AS (
    INSERT INTO leg (leg_id, call_no) SELECT * FROM unnest($11::text[], $12::bigint[])
    ON CONFLICT (leg_id) DO UPDATE SET call_no = excluded.call_no),
inputs AS (
    INSERT INTO inbox (input_id, received_at)
    SELECT * FROM unnest($13::text[], $14::double precision[])),
events AS (
    INSERT INTO event (call_no, seq, position, type, body, created_at)
    SELECT call_no, seq, base + n, type, body, created_at
    FROM unnest($15::bigint[], $16::integer[], $17::text[], $18::bytea[], $19::double precision[])
    WITH ORDINALITY AS given (call_no, seq, type, body, created_at, n), place),
utterances AS (
    INSERT INTO utterance
    (position, call_no, seq, utterance_id, role, start_ms, end_ms, occurred_at, text, words)
    SELECT base + n, call_no, seq, utterance_id, role, start_ms, end_ms, occurred_at, text,
        words::tsvector
    FROM unnest($20::integer[], $21::bigint[], $22::integer[], $23::text[], $24::text[],
        $25::bigint[], $26::bigint[], $27::double precision[], $28::text[], $29::text[])
    AS given (n, call_no, seq, utterance_id, role, start_ms, end_ms, occurred_at, text, words),
    place),
summaries AS (
    INSERT INTO summary
    (call_no, started_at, direction, from_number, to_number, metadata, facts, route)
    SELECT call_no, started_at, direction, from_number, to_number, metadata, facts::jsonb, route
    FROM unnest($30::bigint[], $31::double precision[], $32::text[], $33::text[], $34::text[],
        $35::bytea[], $36::text[], $37::text[])
    AS given (call_no, started_at, direction, from_number, to_number, metadata, facts, route)
    ON CONFLICT (call_no) DO NOTHING),
lanes AS (
    INSERT INTO lane (call_no, endpoint, acked_seq, head_seq, attempts, due_at, generation)
    SELECT call_no, coalesce(new, endpoint), min(acked_seq), max(head_seq), 0, 0, 0
    FROM unnest($38::bigint[], $39::text[], $40::integer[], $41::integer[])
    AS given (call_no, endpoint, acked_seq, head_seq)
    LEFT JOIN endpoint_alias ON old = endpoint
    GROUP BY 1, 2
    ON CONFLICT (call_no, endpoint) DO UPDATE SET
    head_seq = greatest(lane.head_seq, excluded.head_seq)),
parties AS (
    INSERT INTO party (call_no, number, shown)
    SELECT * FROM unnest($42::bigint[], $43::text[], $44::integer[])
    ON CONFLICT DO NOTHING)
UPDATE summary SET
answered_at = coalesce(given.answered_at, summary.answered_at),
ended_at = coalesce(given.ended_at, summary.ended_at),
duration_ms = CASE WHEN given.ended_at IS NULL THEN summary.duration_ms ELSE given.duration_ms END,
completed_at = coalesce(given.completed_at, summary.completed_at),
utterances = coalesce(given.utterances, summary.utterances) + given.more_utterances,
words = coalesce(given.words, summary.words) + given.more_words,
gaps = coalesce(given.gaps, summary.gaps) + given.more_gaps,
transcription = CASE WHEN given.transcription IS NOT NULL THEN given.transcription
    WHEN given.completed_at IS NOT NULL AND summary.transcription IS NOT NULL THEN 'off'
    ELSE summary.transcription END,
metadata = coalesce(given.metadata, summary.metadata),
facts = coalesce(given.facts::jsonb, summary.facts),
route = coalesce(given.route, summary.route)
FROM unnest($45::bigint[], $46::double precision[], $47::double precision[], $48::bigint[],
    $49::double precision[], $50::integer[], $51::integer[], $52::integer[], $53::integer[],
    $54::integer[], $55::integer[], $56::text[], $57::bytea[], $58::text[], $59::text[])
AS given (call_no, answered_at, ended_at, duration_ms, completed_at, utterances, words, gaps,
    more_utterances, more_words, more_gaps, transcription, metadata, facts, route)
WHERE summary.call_no = given.call_no;

-- name: write_heads
-- The same of calls of which there is nothing to tell, as of a webhook that waits for its turn: each
-- table that the other names costs the server something, though there be no rows for it.
WITH inputs AS (
    INSERT INTO inbox (input_id, received_at)
    SELECT * FROM unnest($11::text[], $12::double precision[]))
INSERT INTO call AS kept
(call_no, call_id, version, epoch, last_seq, state, wake_at, ended, open, created_at, updated_at,
    owner)
SELECT call_no, call_id, version, epoch, last_seq, state, wake_at, ended, true, written_at,
    written_at, owner
FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::integer[], $5::integer[], $6::bytea[],
    $7::double precision[], $8::boolean[], $9::double precision[], $10::text[])
AS given (call_no, call_id, version, epoch, last_seq, state, wake_at, ended, written_at, owner)
ON CONFLICT (call_no) DO UPDATE SET
version = excluded.version, last_seq = excluded.last_seq, state = excluded.state,
wake_at = excluded.wake_at, ended = excluded.ended, open = true, updated_at = excluded.updated_at;

-- name: change_summaries
UPDATE summary SET
answered_at = coalesce(given.answered_at, summary.answered_at),
ended_at = coalesce(given.ended_at, summary.ended_at),
duration_ms = CASE WHEN given.ended_at IS NULL THEN summary.duration_ms ELSE given.duration_ms END,
completed_at = coalesce(given.completed_at, summary.completed_at),
utterances = coalesce(given.utterances, summary.utterances) + given.more_utterances,
words = coalesce(given.words, summary.words) + given.more_words,
gaps = coalesce(given.gaps, summary.gaps) + given.more_gaps,
transcription = CASE WHEN given.transcription IS NOT NULL THEN given.transcription
    WHEN given.completed_at IS NOT NULL AND summary.transcription IS NOT NULL THEN 'off'
    ELSE summary.transcription END,
metadata = coalesce(given.metadata, summary.metadata),
facts = coalesce(given.facts::jsonb, summary.facts),
route = coalesce(given.route, summary.route)
FROM unnest($1::bigint[], $2::double precision[], $3::double precision[], $4::bigint[],
    $5::double precision[], $6::integer[], $7::integer[], $8::integer[], $9::integer[],
    $10::integer[], $11::integer[], $12::text[], $13::bytea[], $14::text[], $15::text[])
AS given (call_no, answered_at, ended_at, duration_ms, completed_at, utterances, words, gaps,
    more_utterances, more_words, more_gaps, transcription, metadata, facts, route)
WHERE summary.call_no = given.call_no;

-- name: keep_calls
WITH kept AS (
    INSERT INTO keeping (call_no, text_due_at, attempts_s)
    SELECT * FROM unnest($1::bigint[], $2::double precision[], $3::double precision[])
    ON CONFLICT (call_no) DO UPDATE SET
    text_due_at = excluded.text_due_at, attempts_s = excluded.attempts_s
    RETURNING call_no, attempts_s)
UPDATE attempt SET delete_at = made_at + kept.attempts_s FROM kept
WHERE attempt.call_no = kept.call_no
AND delete_at IS DISTINCT FROM made_at + kept.attempts_s;

-- name: shut_calls
-- nobody needs to look at them any more
UPDATE call SET open = false
WHERE call_no = ANY($1::bigint[]) AND open AND ended AND wake_at IS NULL
AND NOT EXISTS (SELECT 1 FROM lane WHERE lane.call_no = call.call_no AND acked_seq < head_seq);

-- name: forget_calls
DELETE FROM call WHERE call_no = ANY($1::bigint[]);

-- name: forget_tokens
DELETE FROM media_token WHERE call_id = ANY($1::text[]);

-- name: park
WITH given AS MATERIALIZED (
    SELECT call_no, given.endpoint, given.seq, given.status, given.reason, given.generation,
        given.parked_at, given.type
    FROM unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $5::text[], $6::integer[],
        $7::double precision[], $8::text[])
    AS given (call_id, endpoint, seq, status, reason, generation, parked_at, type)
    JOIN call ON call.call_id = given.call_id)
INSERT INTO parked (call_no, endpoint, seq, type, status, reason, parked_at)
SELECT given.call_no, given.endpoint, given.seq, coalesce(given.type, event.type), given.status,
    given.reason, given.parked_at
FROM given
JOIN lane ON lane.call_no = given.call_no AND lane.endpoint = given.endpoint
JOIN event ON event.call_no = given.call_no AND event.seq = given.seq
WHERE lane.acked_seq < given.seq
AND (given.generation IS NULL OR given.generation = lane.generation)
ON CONFLICT (call_no, endpoint, seq) DO UPDATE SET
type = excluded.type, status = excluded.status, reason = excluded.reason, parked_at = excluded.parked_at;

-- name: settle
-- The calls are looked up first: of few rows in a young table the server would otherwise put each
-- update beside each lane of its endpoint.
WITH given AS MATERIALIZED (
    SELECT call_no, open AND ended AND wake_at IS NULL AS may_shut, given.endpoint,
        given.acked_seq, given.attempts, given.due_at, given.generation
    FROM unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $5::double precision[],
        $6::integer[])
    AS given (call_id, endpoint, acked_seq, attempts, due_at, generation)
    JOIN call ON call.call_id = given.call_id)
UPDATE lane SET
acked_seq = least(given.acked_seq, lane.head_seq), attempts = given.attempts, due_at = given.due_at
FROM given
WHERE lane.call_no = given.call_no AND lane.endpoint = given.endpoint
AND lane.acked_seq <= given.acked_seq
AND (given.generation IS NULL OR given.generation = lane.generation)
RETURNING lane.call_no, given.may_shut;

-- name: keep_attempts
-- of an event that was erased meanwhile nothing is kept: the answer may repeat its words
WITH given AS MATERIALIZED (
    SELECT call_no, given.endpoint, given.seq, given.made_at, given.result, given.status,
        given.took_ms, given.answer, n
    FROM unnest($1::text[], $2::text[], $3::integer[], $4::double precision[], $5::text[],
        $6::integer[], $7::integer[], $8::text[])
    WITH ORDINALITY
    AS given (call_id, endpoint, seq, made_at, result, status, took_ms, answer, n)
    JOIN call ON call.call_id = given.call_id)
INSERT INTO attempt
(call_no, endpoint, seq, made_at, result, status, took_ms, answer, delete_at)
SELECT given.call_no, given.endpoint, given.seq, given.made_at, given.result, given.status,
    given.took_ms, given.answer, given.made_at + keeping.attempts_s
FROM given
JOIN event ON event.call_no = given.call_no AND event.seq = given.seq
LEFT JOIN keeping ON keeping.call_no = given.call_no
ORDER BY given.n;

-- name: attempts
SELECT call_id, endpoint, seq, made_at, result, status, took_ms, answer
FROM call JOIN attempt USING (call_no) WHERE call_id = $1 ORDER BY id DESC LIMIT $2;

-- name: prune_attempts
DELETE FROM attempt WHERE id IN (
SELECT id FROM attempt WHERE delete_at <= $1 ORDER BY delete_at LIMIT $2);

-- name: adopt
UPDATE call SET epoch = epoch + 1 WHERE call_id = $1 RETURNING epoch;

-- name: unpark
DELETE FROM parked USING call WHERE parked.id = $1 AND call.call_no = parked.call_no
RETURNING parked.id, call_id, endpoint, seq, type, status, reason, parked_at;

-- name: rewind
WITH known AS (
    UPDATE call SET open = true WHERE call_id = $1 RETURNING call_no, last_seq)
INSERT INTO lane (call_no, endpoint, acked_seq, head_seq, attempts, due_at, generation)
SELECT call_no, $2, least(greatest($3::integer, 0), last_seq), last_seq, 0, 0,
    ($3::integer < last_seq)::integer FROM known
ON CONFLICT (call_no, endpoint) DO UPDATE SET
acked_seq = least(lane.acked_seq, excluded.acked_seq), head_seq = excluded.head_seq,
attempts = 0, due_at = 0, generation = lane.generation
    + (least(lane.acked_seq, excluded.acked_seq) < excluded.head_seq)::integer
RETURNING call_no;

-- name: forget_parked
DELETE FROM parked
WHERE call_no = (SELECT call_no FROM call WHERE call_id = $1) AND endpoint = $2
AND seq > $3::integer;

-- name: hold_live_calls
-- what they commit is there before their lanes are moved, or goes to who took over
SELECT call_no FROM call WHERE open AND NOT ended ORDER BY call_no FOR NO KEY UPDATE;

-- name: move_lanes
INSERT INTO lane (call_no, endpoint, acked_seq, head_seq, attempts, due_at, generation)
SELECT call_no, $2, acked_seq, head_seq, 0, 0, generation + 1
FROM lane WHERE endpoint = $1 AND acked_seq < head_seq
ON CONFLICT (call_no, endpoint) DO UPDATE SET
acked_seq = CASE WHEN lane.acked_seq = lane.head_seq AND lane.head_seq < excluded.acked_seq
    THEN excluded.acked_seq ELSE least(lane.acked_seq, excluded.acked_seq) END,
head_seq = greatest(lane.head_seq, excluded.head_seq),
attempts = 0, due_at = 0, generation = lane.generation + 1
RETURNING call_no;

-- name: open_calls
UPDATE call SET open = true WHERE call_no = ANY($1::bigint[]) AND NOT open;

-- name: forget_parked_twice
DELETE FROM parked AS theirs
USING parked AS ours JOIN unnest($3::text[], $4::text[]) AS listed (type, name) USING (type)
WHERE theirs.endpoint = $2 AND ours.endpoint = $1
AND theirs.call_no = ours.call_no AND theirs.seq = ours.seq
AND (listed.name = ours.type OR EXISTS (
    SELECT 1 FROM event AS done WHERE done.call_no = ours.call_no AND done.seq <= ours.seq
    AND done.type = 'transcript.completed'));

-- name: types_parked
SELECT DISTINCT type FROM parked WHERE endpoint = $1;

-- name: move_parked
-- what the new one never gets goes with the old one (`forget_parked_of`); a report is made only
-- once the call is complete
UPDATE parked SET endpoint = $2, type = listed.name
FROM unnest($3::text[], $4::text[]) AS listed (type, name)
WHERE endpoint = $1 AND parked.type = listed.type
AND (listed.name = parked.type OR EXISTS (
    SELECT 1 FROM event AS done WHERE done.call_no = parked.call_no AND done.seq <= parked.seq
    AND done.type = 'transcript.completed'));

-- name: forget_parked_of
DELETE FROM parked WHERE endpoint = $1;

-- name: types_left
SELECT DISTINCT event.type
FROM lane JOIN event
ON event.call_no = lane.call_no AND event.seq > lane.acked_seq AND event.seq <= lane.head_seq
WHERE lane.endpoint = $1;

-- name: park_lanes
-- a report is made only once the call is complete
INSERT INTO parked (call_no, endpoint, seq, type, status, reason, parked_at)
SELECT lane.call_no, lane.endpoint, event.seq, listed.name, NULL, $2::text, $3::double precision
FROM lane
JOIN event
ON event.call_no = lane.call_no AND event.seq > lane.acked_seq AND event.seq <= lane.head_seq
JOIN unnest($4::text[], $5::text[]) AS listed (type, name) ON listed.type = event.type
WHERE lane.endpoint = $1
AND (listed.name = event.type OR EXISTS (
    SELECT 1 FROM event AS done WHERE done.call_no = event.call_no AND done.seq <= event.seq
    AND done.type = 'transcript.completed'))
ORDER BY lane.call_no, event.seq
ON CONFLICT (call_no, endpoint, seq) DO NOTHING RETURNING call_no;

-- name: forget_lanes
DELETE FROM lane WHERE endpoint = $1 RETURNING call_no;

-- name: keep_alias
INSERT INTO endpoint_alias (old, new) VALUES ($1, $2)
ON CONFLICT (old) DO UPDATE SET new = excluded.new;

-- name: redirect_aliases
UPDATE endpoint_alias SET new = $2 WHERE new = $1;

-- name: forget_alias
DELETE FROM endpoint_alias WHERE old = $1;

-- name: aliases
SELECT old, new FROM endpoint_alias;

-- name: keep_filters
INSERT INTO endpoint_filter (endpoint, events, report)
SELECT * FROM unnest($1::text[], $2::text[], $3::integer[])
ON CONFLICT (endpoint) DO UPDATE SET events = excluded.events, report = excluded.report;

-- name: filters
SELECT endpoint, events, report FROM endpoint_filter;

-- name: endpoint_names
SELECT endpoint FROM lane UNION SELECT endpoint FROM parked
UNION SELECT endpoint FROM endpoint_state UNION SELECT old FROM endpoint_alias;

-- name: disable
INSERT INTO endpoint_state (endpoint, disabled_reason, disabled_at) VALUES ($1, $2, $3)
ON CONFLICT (endpoint) DO UPDATE SET
disabled_reason = excluded.disabled_reason, disabled_at = excluded.disabled_at;

-- name: enable
DELETE FROM endpoint_state WHERE endpoint = $1;

-- name: disabled
SELECT endpoint, disabled_reason FROM endpoint_state ORDER BY endpoint;

-- name: keep_token
INSERT INTO media_token (token_hash, header_hash, call_id, leg_id, expires_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (token_hash) DO NOTHING;

-- name: use_token
UPDATE media_token SET expires_at = greatest(expires_at, $3)
WHERE token_hash = $1 AND expires_at > $2
RETURNING token_hash, header_hash, call_id, leg_id, expires_at;

-- name: prune_tokens
DELETE FROM media_token WHERE expires_at <= $1;

-- name: prune_inputs
DELETE FROM inbox WHERE ctid = ANY(ARRAY(
SELECT ctid FROM inbox WHERE received_at < $1 LIMIT $2));

-- name: count_check
UPDATE probe SET checks = checks + 1 RETURNING checks;

-- name: read_checks
SELECT checks FROM probe;

-- name: load
SELECT call_id, version, epoch, state, wake_at, owner FROM call WHERE call_id = $1;

-- name: find_call
SELECT call_id FROM leg JOIN call USING (call_no) WHERE leg_id = $1;

-- name: unfinished
SELECT call_id, version, epoch, state, wake_at FROM call
WHERE open AND (NOT ended OR wake_at IS NOT NULL) ORDER BY call_no;

-- name: read
SELECT call_id, seq, type, body FROM call JOIN event USING (call_no)
WHERE call_id = $1 AND seq > $2 ORDER BY seq LIMIT $3;

-- name: backlog
SELECT call_no, call_id, endpoint, acked_seq, head_seq, attempts, due_at, generation, NOT ended
FROM call JOIN lane USING (call_no)
WHERE open AND acked_seq < head_seq AND (call_no, endpoint) > ($1::bigint, $2::text)
ORDER BY call_no, endpoint LIMIT $3;

-- name: backlog_of
SELECT call_no, call_id, endpoint, acked_seq, head_seq, attempts, due_at, generation, NOT ended
FROM call JOIN lane USING (call_no)
WHERE open AND acked_seq < head_seq AND (call_no, endpoint) > ($1::bigint, $2::text)
AND owner = $4
ORDER BY call_no, endpoint LIMIT $3;

-- name: lanes_of
SELECT call_id, lane.endpoint, acked_seq, head_seq, attempts, due_at, generation, NOT ended,
parked.seq
FROM call JOIN lane USING (call_no)
LEFT JOIN parked ON parked.call_no = lane.call_no AND parked.endpoint = lane.endpoint
AND parked.seq > acked_seq - 100 AND parked.seq <= acked_seq
WHERE call_id = $1 AND ($2::text IS NULL OR lane.endpoint = $2)
ORDER BY lane.endpoint, parked.seq;

-- name: parked
SELECT id, call_id, endpoint, seq, type, status, reason, parked_at
FROM parked JOIN call USING (call_no) WHERE (parked_at, id) < ($1::double precision, $2::bigint)
ORDER BY parked_at DESC, id DESC LIMIT $3;

-- name: parked_for
-- the same, of calls that a binding covers
SELECT id, call_id, endpoint, seq, type, status, reason, parked_at
FROM parked JOIN call USING (call_no) JOIN summary USING (call_no)
WHERE (parked_at, id) < ($1::double precision, $2::bigint)
AND ($4::jsonb IS NULL OR $4::jsonb ? summary.route)
AND NOT EXISTS (
    SELECT 1 FROM jsonb_each($5::jsonb) AS bound
    WHERE NOT coalesce(bound.value ? (summary.facts ->> bound.key), false))
ORDER BY parked_at DESC, id DESC LIMIT $3;

-- name: find_parked
SELECT id, call_id, endpoint, seq, type, status, reason, parked_at
FROM parked JOIN call USING (call_no) WHERE id = $1;

-- name: keep_recording
INSERT INTO recording (call_no, file, started_at, delete_at)
SELECT call_no, $2, $3, $4 FROM call WHERE call_id = $1
ON CONFLICT (call_no) DO NOTHING;

-- name: recording
SELECT call_id, file, started_at, delete_at FROM recording JOIN call USING (call_no)
WHERE call_id = $1;

-- name: recordings_due
SELECT call_id, file, started_at, delete_at FROM recording JOIN call USING (call_no)
WHERE delete_at <= $1 ORDER BY delete_at LIMIT $2;

-- name: forget_recording
DELETE FROM recording WHERE call_no = (SELECT call_no FROM call WHERE call_id = $1);

-- name: erase_events
DELETE FROM event WHERE call_no = $1 AND seq < $2;

-- name: erase_words
DELETE FROM utterance WHERE call_no = $1;

-- name: erase_summary
-- a call that is erased while people talk is live no more: nobody knows when it ends
UPDATE summary SET erased_at = $2, ended_at = coalesce(ended_at, $2), from_number = NULL,
to_number = NULL, metadata = '{}', facts = '{}', duration_ms = NULL, utterances = 0, words = 0,
gaps = 0, transcription = NULL
WHERE call_no = $1;

-- name: erase_lanes
UPDATE lane SET acked_seq = $2 - 1, head_seq = $2, attempts = 0, due_at = 0 WHERE call_no = $1;

-- name: erase_parked
DELETE FROM parked WHERE call_no = $1;

-- name: erase_attempts
DELETE FROM attempt WHERE call_no = $1;

-- name: erase_recording
-- the file first: whoever finds it due deletes it, and then the row
UPDATE recording SET delete_at = 0 WHERE call_no = $1;

-- name: erase_keeping
DELETE FROM keeping WHERE call_no = $1;

-- name: erase_parties
DELETE FROM party WHERE call_no = $1;

-- name: amend_events
UPDATE event SET body = given.body
FROM unnest($1::bigint[], $2::integer[], $3::bytea[]) AS given (call_no, seq, body)
WHERE event.call_no = given.call_no AND event.seq = given.seq;

-- name: amend_words
UPDATE utterance SET text = given.text, words = given.words::tsvector
FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[])
AS given (call_no, seq, text, words)
WHERE utterance.call_no = given.call_no AND utterance.seq = given.seq;

-- name: forget_attempts_at
DELETE FROM attempt USING unnest($1::bigint[], $2::integer[]) AS given (call_no, seq)
WHERE attempt.call_no = given.call_no AND attempt.seq = given.seq;

-- name: note_unscrubbed
INSERT INTO unscrubbed (call_no) VALUES ($1)
ON CONFLICT (call_no) DO UPDATE SET since = pg_current_xact_id();

-- name: unscrubbed
SELECT call_no FROM unscrubbed;

-- name: seen_by_nobody
-- whether no snapshot is left, of any database or replica, in which these calls were not erased
SELECT coalesce(max(since), '0'::xid8) < pg_snapshot_xmin(pg_current_snapshot())
AND NOT EXISTS (
    SELECT 1 FROM pg_stat_activity
    WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
    AND age(backend_xmin) > (
        SELECT age(max(since)::xid) FROM unscrubbed WHERE call_no = ANY($1::bigint[])))
FROM unscrubbed WHERE call_no = ANY($1::bigint[]);

-- name: forget_unscrubbed
DELETE FROM unscrubbed WHERE call_no = ANY($1::bigint[]);

-- name: text_due
SELECT call_id FROM keeping JOIN call USING (call_no)
WHERE text_due_at <= $1 ORDER BY text_due_at LIMIT $2;

-- name: calls_of_number
SELECT call_id FROM summary JOIN call USING (call_no)
WHERE (from_number = $1 OR to_number = $1) AND erased_at IS NULL
UNION
SELECT call_id FROM party JOIN call USING (call_no) WHERE number = $1
UNION
-- what waits in the state of a call that no route wants yet
SELECT call_id FROM call LEFT JOIN summary USING (call_no)
WHERE open AND (NOT ended OR wake_at IS NOT NULL) AND summary.call_no IS NULL
AND position($2::bytea IN state) > 0;

-- name: prune_parked
DELETE FROM parked WHERE id IN (
SELECT id FROM keeping JOIN parked USING (call_no)
WHERE attempts_s IS NOT NULL AND parked_at + attempts_s <= $1 LIMIT $2);

-- name: newest_event
SELECT coalesce(max(position), 0) FROM event, installation
WHERE position < position_base
    + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 14);

-- name: erasures
SELECT call_id FROM event JOIN call USING (call_no), installation
WHERE position > $1 AND type = 'transcript.erased'
AND position < position_base
    + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 14);
