-- What the library asks of PostgreSQL. `{filters}` becomes those of the `where_…` below that are
-- asked for; what they compare with is always bound, by name: `:name` becomes `$1` and so on.

-- name: calls
SELECT call_id, started_at, answered_at, ended_at, completed_at, erased_at, direction,
from_number, to_number, duration_ms, utterances, words, gaps, last_seq, metadata, transcription,
EXISTS (SELECT 1 FROM recording WHERE recording.call_no = summary.call_no), route
FROM summary JOIN call USING (call_no)
WHERE true {filters}
ORDER BY started_at DESC, call_id DESC LIMIT :limit;

-- name: call
SELECT call_id, started_at, answered_at, ended_at, completed_at, erased_at, direction,
from_number, to_number, duration_ms, utterances, words, gaps, last_seq, metadata, transcription,
EXISTS (SELECT 1 FROM recording WHERE recording.call_no = summary.call_no), route
FROM call JOIN summary USING (call_no) WHERE call_id = :call_id;

-- name: calls_of_number
-- two walks, each from the newest and no further than need be, and all that others were in
SELECT * FROM (
    (SELECT call_id, started_at, answered_at, ended_at, completed_at, erased_at, direction,
    from_number, to_number, duration_ms, utterances, words, gaps, last_seq, metadata, transcription,
    EXISTS (SELECT 1 FROM recording WHERE recording.call_no = summary.call_no), route
    FROM summary JOIN call USING (call_no)
    WHERE from_number = :number {filters}
    ORDER BY started_at DESC, call_id DESC LIMIT :limit)
    UNION
    (SELECT call_id, started_at, answered_at, ended_at, completed_at, erased_at, direction,
    from_number, to_number, duration_ms, utterances, words, gaps, last_seq, metadata, transcription,
    EXISTS (SELECT 1 FROM recording WHERE recording.call_no = summary.call_no), route
    FROM summary JOIN call USING (call_no)
    WHERE to_number = :number {filters}
    ORDER BY started_at DESC, call_id DESC LIMIT :limit)
    UNION
    (SELECT call_id, started_at, answered_at, ended_at, completed_at, erased_at, direction,
    from_number, to_number, duration_ms, utterances, words, gaps, last_seq, metadata, transcription,
    EXISTS (SELECT 1 FROM recording WHERE recording.call_no = summary.call_no), route
    FROM party JOIN summary USING (call_no) JOIN call USING (call_no)
    WHERE party.number = :number AND party.shown = 1 {filters}
    ORDER BY started_at DESC, call_id DESC LIMIT :limit)) AS found
ORDER BY started_at DESC, call_id DESC LIMIT :limit;

-- name: calls_of_routes
-- a walk for each route that a key is bound to: calls of a rare one are far apart. It is a span of
-- the index, and not the calls of that route: of those, any that come first are thought to be many
SELECT found.* FROM (
    SELECT DISTINCT name FROM jsonb_array_elements_text(:bound_routes::jsonb) AS name) AS bound
CROSS JOIN LATERAL (
    SELECT call_id, started_at, answered_at, ended_at, completed_at, erased_at, direction,
    from_number, to_number, duration_ms, utterances, words, gaps, last_seq, metadata, transcription,
    EXISTS (SELECT 1 FROM recording WHERE recording.call_no = summary.call_no), route
    FROM summary JOIN call USING (call_no)
    WHERE (summary.route, summary.started_at) >= (bound.name, '-Infinity'::double precision)
    AND (summary.route, summary.started_at) <= (bound.name, :newest::double precision) {filters}
    ORDER BY summary.route DESC, started_at DESC, call_id DESC LIMIT :limit) AS found
ORDER BY found.started_at DESC, found.call_id DESC LIMIT :limit;

-- name: lanes_behind
SELECT endpoint, count(*) FROM call JOIN lane USING (call_no)
WHERE open AND acked_seq < head_seq GROUP BY endpoint;

-- name: events
-- none beside which a transaction goes on that began before it: its events would come before these
SELECT position, call_id, seq, type, body FROM event JOIN call USING (call_no)
WHERE position > :after AND position < (
    SELECT position_base + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 14)
    FROM installation)
ORDER BY position LIMIT :limit;

-- name: frontier
SELECT position_base + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 14) - 1,
coalesce((SELECT max(position) FROM event), 0)
FROM installation;

-- name: newest
-- not the last row's: it may have been erased, and the place is not given again
SELECT position_base + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 14) - 1
FROM installation;

-- name: search
SELECT utterance.position, call.call_id, utterance.seq, utterance.utterance_id, utterance.role,
utterance.start_ms, utterance.end_ms, utterance.occurred_at, utterance.text
FROM utterance
JOIN call ON call.call_no = utterance.call_no
LEFT JOIN summary ON summary.call_no = utterance.call_no
WHERE utterance.words @@ :words::tsquery
AND utterance.position > :after AND utterance.position < :before {filters}
ORDER BY utterance.position DESC LIMIT :limit;

-- name: where_seen_by_all
AND utterance.position < (
    SELECT position_base + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 14)
    FROM installation);

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
AND (summary.from_number BETWEEN :number AND :number_end
    OR summary.to_number BETWEEN :number AND :number_end
    OR (:number::text = :number_end::text AND EXISTS (
        SELECT 1 FROM party WHERE party.call_no = summary.call_no
        AND party.number = :number AND party.shown = 1)));

-- name: where_metadata
AND summary.facts @> :metadata::jsonb;

-- name: where_bound
AND (:bound_routes::jsonb IS NULL OR :bound_routes::jsonb ? summary.route)
AND NOT EXISTS (
    SELECT 1 FROM jsonb_each(:bound_metadata::jsonb) AS bound
    WHERE NOT coalesce(bound.value ? (summary.facts ->> bound.key), false));

-- name: where_role
AND utterance.role = :role;

-- name: where_words_of_call
AND utterance.call_no = (SELECT call_no FROM call WHERE call_id = :call_id);
