-- Which calls a key may see; NULL: all, as every key could before.
ALTER TABLE api_key ADD COLUMN binding TEXT;

-- What keys are bound by: the name of the call's route, and its metadata. Calls of before have no
-- route that could be named.
ALTER TABLE summary ADD COLUMN route TEXT;

DROP TRIGGER call_started;

CREATE TRIGGER call_started AFTER INSERT ON event
WHEN new.type = 'call.started' AND json_valid(CAST(new.body AS TEXT))
BEGIN
    INSERT INTO summary (call_no, started_at, direction, from_number, to_number, metadata, route)
    SELECT new.call_no,
    coalesce(round((julianday(json_extract(body, '$.timestamp')) - 2440587.5) * 86400000) / 1000,
        new.created_at),
    json_extract(body, '$.data.direction'),
    json_extract(body, '$.data.from'),
    json_extract(body, '$.data.to'),
    coalesce(json_extract(body, '$.data.metadata'), '{}'),
    CASE json_type(body, '$.data.route') WHEN 'text' THEN json_extract(body, '$.data.route') END
    FROM (SELECT CAST(new.body AS TEXT) AS body) WHERE true
    ON CONFLICT (call_no) DO NOTHING;
END;

-- The latest that is known decides: metadata and route may come, or change, later in a call. An
-- event that says none of one says nothing of it.
CREATE TRIGGER facts_known AFTER INSERT ON event
WHEN new.type NOT IN ('call.started', 'transcript.erased') AND json_valid(CAST(new.body AS TEXT))
BEGIN
    UPDATE summary SET
    metadata = coalesce(given.metadata, summary.metadata),
    route = coalesce(given.route, summary.route)
    FROM (
        SELECT CASE json_type(body, '$.data.metadata') WHEN 'object'
            THEN nullif(json_extract(body, '$.data.metadata'), '{}') END AS metadata,
        CASE json_type(body, '$.data.route') WHEN 'text'
            THEN json_extract(body, '$.data.route') END AS route
        FROM (SELECT CAST(new.body AS TEXT) AS body)) AS given
    WHERE summary.call_no = new.call_no
    AND (summary.metadata <> given.metadata OR summary.route IS NOT coalesce(given.route, summary.route));
END;
