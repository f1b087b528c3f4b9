-- What the journal says to its database. A statement with `{rows}` is written for as
-- many rows as are at hand; the comment after its name is one row (`{n}` is the row's number).

-- name: find_heads row: ({n}, ?)
WITH given (n, call_id) AS (VALUES {rows})
SELECT json_group_array(json_array(n, call_no, version, epoch, last_seq))
FROM given CROSS JOIN call USING (call_id);

-- name: find_inputs row: ({n}, ?)
WITH given (n, input_id) AS (VALUES {rows})
SELECT json_group_array(json_array(n)) FROM given CROSS JOIN inbox USING (input_id);

-- name: next_call_no
SELECT coalesce(max(call_no), 0) + 1 FROM call;

-- name: write_calls row: (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO call
(call_no, call_id, version, epoch, last_seq, state, wake_at, ended, created_at, updated_at)
VALUES {rows}
ON CONFLICT (call_no) DO UPDATE SET
version = excluded.version, last_seq = excluded.last_seq, state = excluded.state,
wake_at = excluded.wake_at, ended = excluded.ended, updated_at = excluded.updated_at;

-- name: write_legs row: (?, ?)
INSERT INTO leg (leg_id, call_no) VALUES {rows}
ON CONFLICT (leg_id) DO UPDATE SET call_no = excluded.call_no;

-- name: write_parties row: (?, ?, ?)
INSERT INTO party (call_no, number, shown) VALUES {rows} ON CONFLICT DO NOTHING;

-- name: write_inputs row: (?, ?)
INSERT INTO inbox (input_id, received_at) VALUES {rows};

-- name: write_events row: (?, ?, ?, ?, ?)
INSERT INTO event (call_no, seq, type, body, created_at) VALUES {rows};

-- name: advance_lanes row: (?, ?, ?, ?)
-- calls that go on name an endpoint that was moved: it is whoever took over that gets it, whose own
-- lane may be another row here
WITH given (call_no, endpoint, acked_seq, head_seq) AS (VALUES {rows})
INSERT INTO lane (call_no, endpoint, acked_seq, head_seq, attempts, due_at, generation)
SELECT call_no, coalesce(new, endpoint), acked_seq, head_seq, 0, 0, 0
FROM given LEFT JOIN endpoint_alias ON old = endpoint WHERE true
ON CONFLICT (call_no, endpoint) DO UPDATE SET
acked_seq = min(acked_seq, excluded.acked_seq), head_seq = max(head_seq, excluded.head_seq);

-- name: park row: (?, ?, ?, ?, ?, ?, ?, ?)
WITH given (call_id, endpoint, seq, status, reason, generation, parked_at, type)
AS (VALUES {rows})
INSERT INTO parked (call_no, endpoint, seq, type, status, reason, parked_at)
SELECT call.call_no, given.endpoint, given.seq, coalesce(given.type, event.type), given.status,
given.reason, given.parked_at
FROM given
CROSS JOIN call ON call.call_id = given.call_id
CROSS JOIN lane ON lane.call_no = call.call_no AND lane.endpoint = given.endpoint
CROSS JOIN event ON event.call_no = call.call_no AND event.seq = given.seq
WHERE lane.acked_seq < given.seq
AND (given.generation IS NULL OR given.generation = lane.generation)
ON CONFLICT (call_no, endpoint, seq) DO UPDATE SET
type = excluded.type, status = excluded.status, reason = excluded.reason, parked_at = excluded.parked_at;

-- name: settle row: (?, ?, ?, ?, ?, ?)
-- not UPDATE … FROM: that one scans all lanes for each row given
WITH given (call_id, endpoint, acked_seq, attempts, due_at, generation) AS (VALUES {rows})
INSERT INTO lane (call_no, endpoint, acked_seq, head_seq, attempts, due_at, generation)
SELECT call.call_no, lane.endpoint, min(given.acked_seq, lane.head_seq), lane.head_seq,
given.attempts, given.due_at, lane.generation
FROM given
CROSS JOIN call ON call.call_id = given.call_id
CROSS JOIN lane ON lane.call_no = call.call_no AND lane.endpoint = given.endpoint
WHERE lane.acked_seq <= given.acked_seq
AND (given.generation IS NULL OR given.generation = lane.generation)
ON CONFLICT (call_no, endpoint) DO UPDATE SET
acked_seq = excluded.acked_seq, attempts = excluded.attempts, due_at = excluded.due_at;

-- name: keep_attempts row: (?, ?, ?, ?, ?, ?, ?, ?)
-- of an event that was erased meanwhile nothing is kept: the answer may repeat its words
WITH given (call_id, endpoint, seq, made_at, result, status, took_ms, answer) AS (VALUES {rows})
INSERT INTO attempt
(call_no, endpoint, seq, made_at, result, status, took_ms, answer, delete_at)
SELECT call.call_no, given.endpoint, given.seq, given.made_at, given.result, given.status,
given.took_ms, given.answer, given.made_at + keeping.attempts_s
FROM given
CROSS JOIN call ON call.call_id = given.call_id
CROSS JOIN event ON event.call_no = call.call_no AND event.seq = given.seq
LEFT JOIN keeping ON keeping.call_no = call.call_no;

-- name: attempts
SELECT call_id, endpoint, seq, made_at, result, status, took_ms, answer
FROM call CROSS JOIN attempt USING (call_no) WHERE call_id = ? ORDER BY id DESC LIMIT ?;

-- name: prune_attempts
DELETE FROM attempt WHERE id IN (
SELECT id FROM attempt WHERE delete_at <= ? ORDER BY delete_at LIMIT ?);

-- name: erase_attempts
DELETE FROM attempt WHERE call_no = :call_no;

-- name: adopt
UPDATE call SET epoch = epoch + 1 WHERE call_id = ? RETURNING epoch;

-- name: unpark
DELETE FROM parked WHERE id = ?
RETURNING id, (SELECT call_id FROM call WHERE call.call_no = parked.call_no), endpoint, seq, type,
status, reason, parked_at;

-- name: rewind
INSERT INTO lane (call_no, endpoint, acked_seq, head_seq, attempts, due_at, generation)
SELECT call_no, :endpoint, min(max(:after_seq, 0), last_seq), last_seq, 0, 0, :after_seq < last_seq
FROM call WHERE call_id = :call_id
ON CONFLICT (call_no, endpoint) DO UPDATE SET
acked_seq = min(acked_seq, excluded.acked_seq), head_seq = excluded.head_seq,
attempts = 0, due_at = 0,
generation = generation + (min(acked_seq, excluded.acked_seq) < excluded.head_seq);

-- name: forget_parked
DELETE FROM parked
WHERE call_no = (SELECT call_no FROM call WHERE call_id = :call_id)
AND endpoint = :endpoint AND seq > :after_seq;

-- name: move_lanes
INSERT INTO lane (call_no, endpoint, acked_seq, head_seq, attempts, due_at, generation)
SELECT call_no, :new, acked_seq, head_seq, 0, 0, generation + 1
FROM lane WHERE endpoint = :old AND acked_seq < head_seq
ON CONFLICT (call_no, endpoint) DO UPDATE SET
acked_seq = CASE WHEN acked_seq = head_seq AND head_seq < excluded.acked_seq
    THEN excluded.acked_seq ELSE min(acked_seq, excluded.acked_seq) END,
head_seq = max(head_seq, excluded.head_seq),
attempts = 0, due_at = 0, generation = generation + 1;

-- name: types_parked
SELECT DISTINCT type FROM parked WHERE endpoint = :old;

-- name: move_parked
-- what the new one never gets goes with the old one (`forget_parked_of`); a report is made only
-- once the call is complete
UPDATE OR REPLACE parked SET endpoint = :new,
type = (SELECT value FROM json_each(:listed) WHERE key = parked.type)
WHERE endpoint = :old AND EXISTS (
    SELECT 1 FROM json_each(:listed) AS listed WHERE listed.key = parked.type
    AND (listed.value = parked.type OR EXISTS (
        SELECT 1 FROM event AS done WHERE done.call_no = parked.call_no AND done.seq <= parked.seq
        AND done.type = 'transcript.completed')));

-- name: forget_parked_of
DELETE FROM parked WHERE endpoint = :old;

-- name: types_left
SELECT DISTINCT event.type
FROM lane JOIN event
ON event.call_no = lane.call_no AND event.seq > lane.acked_seq AND event.seq <= lane.head_seq
WHERE lane.endpoint = :old;

-- name: park_lanes
-- a report is made only once the call is complete
INSERT INTO parked (call_no, endpoint, seq, type, status, reason, parked_at)
SELECT lane.call_no, lane.endpoint, event.seq, listed.value, NULL, :reason, :at
FROM lane
JOIN event
ON event.call_no = lane.call_no AND event.seq > lane.acked_seq AND event.seq <= lane.head_seq
JOIN json_each(:listed) AS listed ON listed.key = event.type
WHERE lane.endpoint = :old
AND (listed.value = event.type OR EXISTS (
    SELECT 1 FROM event AS done WHERE done.call_no = event.call_no AND done.seq <= event.seq
    AND done.type = 'transcript.completed'))
ORDER BY lane.call_no, event.seq
ON CONFLICT (call_no, endpoint, seq) DO NOTHING;

-- name: forget_lanes
DELETE FROM lane WHERE endpoint = :old;

-- name: forget_endpoint
DELETE FROM endpoint_state WHERE endpoint = :old;

-- name: keep_alias
INSERT INTO endpoint_alias (old, new) VALUES (:old, :new)
ON CONFLICT (old) DO UPDATE SET new = excluded.new;

-- name: redirect_aliases
UPDATE endpoint_alias SET new = :new WHERE new = :old;

-- name: forget_alias
DELETE FROM endpoint_alias WHERE old = :new;

-- name: aliases
SELECT old, new FROM endpoint_alias;

-- name: keep_filter
INSERT INTO endpoint_filter (endpoint, events, report) VALUES (?, ?, ?)
ON CONFLICT (endpoint) DO UPDATE SET events = excluded.events, report = excluded.report;

-- name: filters
SELECT endpoint, events, report FROM endpoint_filter;

-- name: endpoint_names
SELECT endpoint FROM lane UNION SELECT endpoint FROM parked
UNION SELECT endpoint FROM endpoint_state UNION SELECT old FROM endpoint_alias;

-- name: disable
INSERT INTO endpoint_state (endpoint, disabled_reason, disabled_at) VALUES (?, ?, ?)
ON CONFLICT (endpoint) DO UPDATE SET
disabled_reason = excluded.disabled_reason, disabled_at = excluded.disabled_at;

-- name: enable
DELETE FROM endpoint_state WHERE endpoint = ?;

-- name: keep_token
INSERT INTO media_token (token_hash, header_hash, call_id, leg_id, expires_at)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (token_hash) DO NOTHING;

-- name: use_token
UPDATE media_token SET expires_at = max(expires_at, :keep_until)
WHERE token_hash = :token_hash AND expires_at > :now
RETURNING token_hash, header_hash, call_id, leg_id, expires_at;

-- name: forget_tokens
DELETE FROM media_token WHERE call_id = :call_id;

-- name: prune_tokens
DELETE FROM media_token WHERE expires_at <= ?;

-- name: prune_inputs
DELETE FROM inbox WHERE input_id IN (
SELECT input_id FROM inbox WHERE received_at < ? ORDER BY received_at LIMIT ?);

-- name: count_check
UPDATE probe SET checks = checks + 1 RETURNING checks;

-- name: read_checks
SELECT checks FROM probe;

-- name: load
SELECT call_id, version, epoch, state, wake_at FROM call WHERE call_id = ?;

-- name: find_call
SELECT call_id FROM leg JOIN call USING (call_no) WHERE leg_id = ?;

-- name: unfinished
SELECT call_id, version, epoch, state, wake_at FROM call
WHERE NOT ended OR wake_at IS NOT NULL ORDER BY call_no;

-- name: read
SELECT call_id, seq, type, body FROM call JOIN event USING (call_no)
WHERE call_id = ? AND seq > ? ORDER BY seq LIMIT ?;

-- name: backlog
SELECT call_no, call_id, endpoint, acked_seq, head_seq, attempts, due_at, generation,
    NOT ended
FROM lane INDEXED BY lane_backlog CROSS JOIN call USING (call_no)
WHERE acked_seq < head_seq
AND call_no >= :call_no AND (call_no > :call_no OR endpoint > :endpoint)
ORDER BY call_no, endpoint LIMIT :limit;

-- name: lanes_of
SELECT call_id, lane.endpoint, acked_seq, head_seq, attempts, due_at, generation, NOT ended,
parked.seq
FROM call JOIN lane USING (call_no)
LEFT JOIN parked ON parked.call_no = lane.call_no AND parked.endpoint = lane.endpoint
AND parked.seq > acked_seq - 100 AND parked.seq <= acked_seq
WHERE call_id = ?1 AND (?2 IS NULL OR lane.endpoint = ?2) ORDER BY lane.endpoint, parked.seq;

-- name: parked
SELECT id, call_id, endpoint, seq, type, status, reason, parked_at
FROM parked JOIN call USING (call_no) WHERE (parked_at, id) < (?, ?)
ORDER BY parked_at DESC, id DESC LIMIT ?;

-- name: parked_for
-- the same, of calls that a binding covers
SELECT id, call_id, endpoint, seq, type, status, reason, parked_at
FROM parked JOIN call USING (call_no) JOIN summary USING (call_no)
WHERE (parked_at, id) < (?1, ?2)
AND (?4 IS NULL OR summary.route IN (SELECT value FROM json_each(?4)))
AND NOT EXISTS (
    SELECT 1 FROM json_each(?5) AS bound WHERE NOT EXISTS (
        SELECT 1 FROM json_each(summary.metadata) AS given
        WHERE given.key = bound.key AND CASE
            WHEN given.type IN ('true', 'false', 'null') THEN given.type
            ELSE CAST(given.atom AS TEXT) END IN (SELECT value FROM json_each(bound.value))))
ORDER BY parked_at DESC, id DESC LIMIT ?3;

-- name: find_parked
SELECT id, call_id, endpoint, seq, type, status, reason, parked_at
FROM parked JOIN call USING (call_no) WHERE id = ?;

-- name: disabled
SELECT endpoint, disabled_reason FROM endpoint_state ORDER BY endpoint;

-- name: keep_recording
INSERT INTO recording (call_no, file, started_at, delete_at)
SELECT call_no, ?, ?, ? FROM call WHERE call_id = ?
ON CONFLICT (call_no) DO NOTHING;

-- name: recording
SELECT call_id, file, started_at, delete_at FROM recording JOIN call USING (call_no)
WHERE call_id = ?;

-- name: recordings_due
SELECT call_id, file, started_at, delete_at FROM recording JOIN call USING (call_no)
WHERE delete_at <= ? ORDER BY delete_at LIMIT ?;

-- name: forget_recording
DELETE FROM recording WHERE call_no = (SELECT call_no FROM call WHERE call_id = ?);

-- name: forget_call
DELETE FROM call WHERE call_no = ?;

-- name: erase_events
DELETE FROM event WHERE call_no = :call_no AND seq < :seq;

-- name: erase_summary
-- a call that is erased while people talk is live no more: nobody knows when it ends
UPDATE summary SET ended_at = coalesce(ended_at, erased_at), duration_ms = NULL,
utterances = 0, words = 0, gaps = 0, transcription = NULL
WHERE call_no = :call_no;

-- name: erase_lanes
UPDATE lane SET acked_seq = :seq - 1, head_seq = :seq, attempts = 0, due_at = 0
WHERE call_no = :call_no;

-- name: erase_parked
DELETE FROM parked WHERE call_no = :call_no;

-- name: erase_recording
-- the file first: whoever finds it due deletes it, and then the row
UPDATE recording SET delete_at = 0 WHERE call_no = :call_no;

-- name: erase_keeping
DELETE FROM keeping WHERE call_no = :call_no;

-- name: erase_parties
DELETE FROM party WHERE call_no = :call_no;

-- name: amend_event
UPDATE event SET body = :body WHERE call_no = :call_no AND seq = :seq;

-- name: unindex_words
INSERT INTO utterance_words (utterance_words, rowid, text)
SELECT 'delete', position, coalesce(apart, text) FROM utterance WHERE call_no = :call_no AND seq = :seq;

-- name: amend_words
-- the two characters are the marks of what was found
UPDATE utterance SET
text = replace(replace(json_extract(CAST(:body AS TEXT), '$.data.text'), char(2), ' '), char(3), ' ')
WHERE call_no = :call_no AND seq = :seq;

-- name: part_letters
UPDATE utterance SET apart = letters_apart(text) WHERE call_no = :call_no AND seq = :seq;

-- name: index_words
INSERT INTO utterance_words (rowid, text)
SELECT position, coalesce(apart, text) FROM utterance WHERE call_no = :call_no AND seq = :seq;

-- name: forget_attempts_at
DELETE FROM attempt WHERE call_no = :call_no AND seq = :seq;

-- name: note_unscrubbed
INSERT INTO unscrubbed (call_no) VALUES (:call_no) ON CONFLICT (call_no) DO NOTHING;

-- name: unscrubbed
SELECT call_no FROM unscrubbed;

-- name: forget_unscrubbed
DELETE FROM unscrubbed WHERE call_no = ?;

-- name: keep_call
INSERT INTO keeping (call_no, text_due_at, attempts_s) VALUES (?, ?, ?)
ON CONFLICT (call_no) DO UPDATE SET
text_due_at = excluded.text_due_at, attempts_s = excluded.attempts_s;

-- name: text_due
SELECT call_id FROM keeping JOIN call USING (call_no)
WHERE text_due_at <= ? ORDER BY text_due_at LIMIT ?;

-- name: calls_of_number
SELECT call_id FROM summary JOIN call USING (call_no)
WHERE (from_number = :number OR to_number = :number) AND erased_at IS NULL
UNION
SELECT call_id FROM party JOIN call USING (call_no) WHERE number = :number
UNION
-- what waits in the state of a call that no route wants yet
SELECT call_id FROM call LEFT JOIN summary USING (call_no)
WHERE (NOT ended OR wake_at IS NOT NULL) AND summary.call_no IS NULL
AND instr(state, :packed) > 0;

-- name: prune_parked
DELETE FROM parked WHERE id IN (
SELECT id FROM keeping JOIN parked USING (call_no)
WHERE attempts_s IS NOT NULL AND parked_at + attempts_s <= ? LIMIT ?);

-- name: newest_event
SELECT coalesce(max(position), 0) FROM event;

-- name: erasures
SELECT call_id FROM event JOIN call USING (call_no)
WHERE position > ? AND type = 'transcript.erased';

-- name: delete_words
DELETE FROM utterance WHERE position IN (
SELECT position FROM utterance JOIN call USING (call_no) WHERE call_id = :call_id LIMIT :limit);

-- name: delete_words_at_once
INSERT INTO utterance_words (utterance_words, rank) VALUES ('secure-delete', 1);

-- name: deletes_words_at_once
SELECT coalesce(max(v), 0) FROM utterance_words_config WHERE k = 'secure-delete';

-- name: layout_of_words
SELECT coalesce(max(v), 0) FROM utterance_words_config WHERE k = 'version';

-- name: merge_words
INSERT INTO utterance_words (utterance_words, rank) VALUES ('merge', ?);
