-- What was tried, and how it went: for people who look after an endpoint. `delete_at` is known once
-- it is known how long the call is kept.
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    call_no INTEGER NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    endpoint TEXT NOT NULL,
    seq INTEGER NOT NULL,
    made_at REAL NOT NULL,
    result TEXT NOT NULL,
    status INTEGER,
    took_ms INTEGER NOT NULL,
    answer TEXT NOT NULL,
    delete_at REAL
) STRICT;

CREATE INDEX attempt_call ON attempt (call_no);
CREATE INDEX attempt_due ON attempt (delete_at) WHERE delete_at IS NOT NULL;

CREATE TRIGGER keeping_known AFTER INSERT ON keeping WHEN new.attempts_s IS NOT NULL
BEGIN
    UPDATE attempt SET delete_at = made_at + new.attempts_s WHERE call_no = new.call_no;
END;

CREATE TRIGGER keeping_changed AFTER UPDATE OF attempts_s ON keeping
WHEN new.attempts_s IS NOT old.attempts_s
BEGIN
    UPDATE attempt SET delete_at = made_at + new.attempts_s WHERE call_no = new.call_no;
END;
