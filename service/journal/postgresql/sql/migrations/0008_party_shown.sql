-- Whether events show a number in full: only by such is a call found when people list and search. Who
-- has to ask for a number whole could find a hidden one out by asking for all that it may be.
ALTER TABLE party ADD COLUMN shown integer NOT NULL DEFAULT 0;

-- Of calls of before, those whom events name; of a masked one the end alone is there. A body that
-- jsonb does not take names nobody.
CREATE FUNCTION pg_temp.numbers_shown(body bytea) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT one.value #>> '{}'
    FROM jsonb_path_query(
        convert_from(body, 'UTF8')::jsonb, '$.data.participants[*].number') AS one (value)
    WHERE jsonb_typeof(one.value) = 'string';
EXCEPTION WHEN data_exception THEN
    RETURN;
END
$$;

UPDATE party SET shown = 1 WHERE number NOT LIKE '*%' AND (call_no, number) IN (
    SELECT call_no, number FROM event, pg_temp.numbers_shown(body) AS number
    WHERE type IN (
        'call.bridged', 'call.transferred', 'conference.joined', 'call.ended',
        'transcript.completed'));
