-- Whose numbers were in a call, also of those who neither called nor were called, and also where
-- events show no number, or its end alone: what an erasure by number goes by.
CREATE TABLE party (
    call_no INTEGER NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    number TEXT NOT NULL,
    PRIMARY KEY (call_no, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX party_number ON party (number);

-- Of calls of before, those whom events name.
INSERT INTO party (call_no, number)
SELECT DISTINCT said.call_no, json_extract(one.value, '$.number')
FROM (
    SELECT call_no, CASE WHEN json_valid(CAST(body AS TEXT)) THEN CAST(body AS TEXT) ELSE '{}' END
        AS body
    FROM event
    WHERE type IN (
        'call.bridged', 'call.transferred', 'conference.joined', 'call.ended',
        'transcript.completed')) AS said,
json_each(said.body, '$.data.participants') AS one
WHERE one.type = 'object' AND json_type(one.value, '$.number') = 'text';
