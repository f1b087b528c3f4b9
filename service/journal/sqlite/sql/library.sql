-- What the library asks of the database. `{filters}` becomes those of the `where_…` below that are
-- asked for; what they compare with is always bound.

-- name: calls
SELECT call_id, started_at, answered_at, ended_at, completed_at, erased_at, direction,
from_number, to_number, duration_ms, utterances, words, gaps, last_seq, metadata, transcription,
EXISTS (SELECT 1 FROM recording WHERE recording.call_no = summary.call_no), route
FROM summary CROSS JOIN call USING (call_no)
WHERE true {filters}
ORDER BY started_at DESC, call_id DESC LIMIT :limit;

-- name: call
SELECT call_id, started_at, answered_at, ended_at, completed_at, erased_at, direction,
from_number, to_number, duration_ms, utterances, words, gaps, last_seq, metadata, transcription,
EXISTS (SELECT 1 FROM recording WHERE recording.call_no = summary.call_no), route
FROM call CROSS JOIN summary USING (call_no) WHERE call_id = :call_id;

-- name: calls_of_number
-- two walks, each from the newest and no further than need be, and all that others were in
SELECT * FROM (
    SELECT call_id, started_at, answered_at, ended_at, completed_at, erased_at, direction,
    from_number, to_number, duration_ms, utterances, words, gaps, last_seq, metadata, transcription,
    EXISTS (SELECT 1 FROM recording WHERE recording.call_no = summary.call_no), route
    FROM summary INDEXED BY summary_from CROSS JOIN call USING (call_no)
    WHERE from_number = :number {filters}
    ORDER BY started_at DESC, call_id DESC LIMIT :limit)
UNION
SELECT * FROM (
    SELECT call_id, started_at, answered_at, ended_at, completed_at, erased_at, direction,
    from_number, to_number, duration_ms, utterances, words, gaps, last_seq, metadata, transcription,
    EXISTS (SELECT 1 FROM recording WHERE recording.call_no = summary.call_no), route
    FROM summary INDEXED BY summary_to CROSS JOIN call USING (call_no)
    WHERE to_number = :number {filters}
    ORDER BY started_at DESC, call_id DESC LIMIT :limit)
UNION
SELECT * FROM (
    SELECT call_id, started_at, answered_at, ended_at, completed_at, erased_at, direction,
    from_number, to_number, duration_ms, utterances, words, gaps, last_seq, metadata, transcription,
    EXISTS (SELECT 1 FROM recording WHERE recording.call_no = summary.call_no), route
    FROM party INDEXED BY party_number CROSS JOIN summary USING (call_no)
    CROSS JOIN call USING (call_no)
    WHERE party.number = :number AND party.shown = 1 {filters}
    ORDER BY started_at DESC, call_id DESC LIMIT :limit)
ORDER BY started_at DESC, call_id DESC LIMIT :limit;

-- name: lanes_behind
SELECT endpoint, count(*) FROM lane INDEXED BY lane_backlog
WHERE acked_seq < head_seq GROUP BY endpoint;

-- name: events
SELECT position, call_id, seq, type, body FROM event CROSS JOIN call USING (call_no)
WHERE position > :after ORDER BY position LIMIT :limit;

-- name: newest
-- not the last row's: it may have been erased, and the place is not given again
SELECT seq FROM sqlite_sequence WHERE name = 'event';

-- name: search
SELECT utterance.position, call.call_id, utterance.seq, utterance.utterance_id, utterance.role,
utterance.start_ms, utterance.end_ms, utterance.occurred_at,
-- what was indexed letter by letter is not what is shown
CASE WHEN utterance.apart IS NULL
THEN snippet(utterance_words, 0, char(2), char(3), '…', 32) END, utterance.text
FROM utterance_words
CROSS JOIN utterance ON utterance.position = utterance_words.rowid
CROSS JOIN call ON call.call_no = utterance.call_no
LEFT JOIN summary ON summary.call_no = utterance.call_no
WHERE utterance_words MATCH :words
AND utterance_words.rowid > :after AND utterance_words.rowid < :before {filters}
ORDER BY utterance_words.rowid DESC LIMIT :limit;

-- name: where_before
AND summary.started_at <= :before_at
AND (summary.started_at < :before_at OR call.call_id < :before_id);

-- name: where_live
AND summary.ended_at IS NULL;

-- name: where_over
AND summary.ended_at IS NOT NULL;

-- name: where_started_from
AND summary.started_at >= :started_from;

-- name: where_started_before
AND summary.started_at < :started_before;

-- name: where_number
AND summary.call_no IN (
    SELECT call_no FROM summary WHERE from_number BETWEEN :number AND :number_end
    UNION ALL
    SELECT call_no FROM summary WHERE to_number BETWEEN :number AND :number_end
    UNION ALL
    SELECT call_no FROM party WHERE number = :number AND shown = 1 AND :number = :number_end);

-- name: where_common_number
-- the + keeps it from the indexes of numbers: they would give all of them, to be sorted
AND (+summary.from_number BETWEEN :number AND :number_end
    OR +summary.to_number BETWEEN :number AND :number_end);

-- name: is_common_number
SELECT (SELECT count(*) FROM (
    SELECT 1 FROM summary WHERE from_number BETWEEN :number AND :number_end LIMIT :many))
+ (SELECT count(*) FROM (
    SELECT 1 FROM summary WHERE to_number BETWEEN :number AND :number_end LIMIT :many)) >= :many;

-- name: where_metadata
AND NOT EXISTS (
    SELECT 1 FROM json_each(:metadata) AS wanted WHERE NOT EXISTS (
        SELECT 1 FROM json_each(summary.metadata) AS given
        WHERE given.key = wanted.key AND wanted.value = CASE
            WHEN given.type IN ('true', 'false', 'null') THEN given.type
            ELSE CAST(given.atom AS TEXT) END));

-- name: where_bound
AND (:bound_routes IS NULL OR summary.route IN (SELECT value FROM json_each(:bound_routes)))
AND NOT EXISTS (
    SELECT 1 FROM json_each(:bound_metadata) AS bound WHERE NOT EXISTS (
        SELECT 1 FROM json_each(summary.metadata) AS given
        WHERE given.key = bound.key AND CASE
            WHEN given.type IN ('true', 'false', 'null') THEN given.type
            ELSE CAST(given.atom AS TEXT) END IN (SELECT value FROM json_each(bound.value))));

-- name: where_route
AND summary.route = :route;

-- name: where_role
AND utterance.role = :role;

-- name: where_words_of_call
AND utterance.call_no = (SELECT call_no FROM call WHERE call_id = :call_id)
AND utterance_words.rowid BETWEEN (
    SELECT min(position) FROM utterance
    WHERE call_no = (SELECT call_no FROM call WHERE call_id = :call_id)
) AND (
    SELECT max(position) FROM utterance
    WHERE call_no = (SELECT call_no FROM call WHERE call_id = :call_id));
