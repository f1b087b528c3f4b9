-- Who read, heard, took out or erased which call. It outlives the calls, and holds nothing of them
-- but their ids.
CREATE TABLE access (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    key_id TEXT NOT NULL,
    action TEXT NOT NULL,
    call_id TEXT,
    address TEXT NOT NULL
) STRICT;

CREATE INDEX access_call ON access (call_id, id) WHERE call_id IS NOT NULL;
