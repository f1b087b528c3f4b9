-- Whether events show a number in full: only by such is a call found when people list and search. Who
-- has to ask for a number whole could find a hidden one out by asking for all that it may be.
ALTER TABLE party ADD COLUMN shown INTEGER NOT NULL DEFAULT 0;

-- Of calls of before, those whom events name; of a masked one the end alone is there.
UPDATE party SET shown = 1 WHERE number NOT LIKE '*%' AND (call_no, number) IN (
    SELECT said.call_no, json_extract(one.value, '$.number')
    FROM (
        SELECT call_no,
        CASE WHEN json_valid(CAST(body AS TEXT)) THEN CAST(body AS TEXT) ELSE '{}' END AS body
        FROM event
        WHERE type IN (
            'call.bridged', 'call.transferred', 'conference.joined', 'call.ended',
            'transcript.completed')) AS said,
    json_each(said.body, '$.data.participants') AS one
    WHERE one.type = 'object' AND json_type(one.value, '$.number') = 'text');
