-- Whose numbers were in a call, also of those who neither called nor were called, and also where
-- events show no number, or its end alone: what an erasure by number goes by.
CREATE TABLE party (
    call_no bigint NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    number text COLLATE "C" NOT NULL,
    PRIMARY KEY (call_no, number)
);

CREATE INDEX party_number ON party (number);

-- Of calls of before, those whom events name. A body that jsonb does not take names nobody.
CREATE FUNCTION pg_temp.numbers_of(body bytea) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT one.value #>> '{}'
    FROM jsonb_path_query(
        convert_from(body, 'UTF8')::jsonb, '$.data.participants[*].number') AS one (value)
    WHERE jsonb_typeof(one.value) = 'string';
EXCEPTION WHEN data_exception THEN
    RETURN;
END
$$;

INSERT INTO party (call_no, number)
SELECT DISTINCT call_no, number FROM event, pg_temp.numbers_of(body) AS number
WHERE type IN (
    'call.bridged', 'call.transferred', 'conference.joined', 'call.ended', 'transcript.completed');
