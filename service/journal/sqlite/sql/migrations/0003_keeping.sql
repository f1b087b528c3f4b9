-- How long a call is kept, where its route says so. Seconds, and Unix seconds.
CREATE TABLE keeping (
    call_no INTEGER PRIMARY KEY REFERENCES call (call_no) ON DELETE CASCADE,
    text_due_at REAL,
    attempts_s REAL
) STRICT;

CREATE INDEX keeping_due ON keeping (text_due_at) WHERE text_due_at IS NOT NULL;
CREATE INDEX keeping_attempts ON keeping (call_no) WHERE attempts_s IS NOT NULL;
CREATE INDEX recording_due ON recording (delete_at) WHERE delete_at IS NOT NULL;

-- Calls that were erased, and of which the files may still hold bytes that no table has.
CREATE TABLE unscrubbed (
    call_no INTEGER PRIMARY KEY REFERENCES call (call_no) ON DELETE CASCADE
) STRICT;
