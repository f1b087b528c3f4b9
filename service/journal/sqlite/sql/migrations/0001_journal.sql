-- "CSCR": so that nobody's other database is taken for a journal.
PRAGMA application_id = 0x43534352;

-- `call_no` stands for the call in every other table: it is short, and the calls of one day
-- lie side by side in every index, so a group commit touches few pages.

CREATE TABLE call (
    call_no INTEGER PRIMARY KEY,
    call_id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    state BLOB NOT NULL,
    wake_at REAL,
    ended INTEGER NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
) STRICT;

CREATE INDEX call_unfinished ON call (call_no) WHERE NOT ended OR wake_at IS NOT NULL;

CREATE TABLE leg (
    leg_id TEXT PRIMARY KEY,
    call_no INTEGER NOT NULL REFERENCES call (call_no) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX leg_call ON leg (call_no);

CREATE TABLE inbox (
    input_id TEXT PRIMARY KEY,
    received_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX inbox_received ON inbox (received_at);

-- Not WITHOUT ROWID: the bodies of all calls are appended to one place.
CREATE TABLE event (
    call_no INTEGER NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    body BLOB NOT NULL,
    created_at REAL NOT NULL,
    PRIMARY KEY (call_no, seq)
) STRICT;

CREATE TABLE lane (
    call_no INTEGER NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    endpoint TEXT NOT NULL,
    acked_seq INTEGER NOT NULL,
    head_seq INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at REAL NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (call_no, endpoint),
    CHECK (acked_seq <= head_seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX lane_backlog ON lane (call_no) WHERE acked_seq < head_seq;

CREATE TABLE parked (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    call_no INTEGER NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    endpoint TEXT NOT NULL,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    status INTEGER,
    reason TEXT NOT NULL,
    parked_at REAL NOT NULL,
    UNIQUE (call_no, endpoint, seq)
) STRICT;

CREATE INDEX parked_newest ON parked (parked_at);

CREATE TABLE endpoint_state (
    endpoint TEXT PRIMARY KEY,
    disabled_reason TEXT NOT NULL,
    disabled_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE media_token (
    token_hash BLOB PRIMARY KEY,
    call_id TEXT NOT NULL,
    leg_id TEXT NOT NULL,
    expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX media_token_expires ON media_token (expires_at);

CREATE TABLE probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    checks INTEGER NOT NULL
) STRICT;

INSERT INTO probe (id, checks) VALUES (1, 0);
