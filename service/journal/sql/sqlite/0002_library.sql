-- What people and programs ask, and who may ask it. All but the keys can be made again from the
-- events; triggers keep it, so that it is there with the commit and not a moment later.

-- Every event gets a place among those of all calls, which only ever grows: the feed's cursor.
CREATE TABLE placed_event (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    call_no INTEGER NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    body BLOB NOT NULL,
    created_at REAL NOT NULL,
    UNIQUE (call_no, seq)
) STRICT;

INSERT INTO placed_event (call_no, seq, type, body, created_at)
SELECT call_no, seq, type, body, created_at FROM event ORDER BY rowid;

DROP TABLE event;

ALTER TABLE placed_event RENAME TO event;

-- What calls are listed by.
CREATE TABLE summary (
    call_no INTEGER PRIMARY KEY REFERENCES call (call_no) ON DELETE CASCADE,
    started_at REAL NOT NULL,
    answered_at REAL,
    ended_at REAL,
    completed_at REAL,
    erased_at REAL,
    direction TEXT,
    from_number TEXT,
    to_number TEXT,
    duration_ms INTEGER,
    utterances INTEGER NOT NULL DEFAULT 0,
    words INTEGER NOT NULL DEFAULT 0,
    gaps INTEGER NOT NULL DEFAULT 0,
    metadata TEXT NOT NULL
) STRICT;

CREATE INDEX summary_newest ON summary (started_at, call_no);

-- The finals, to be searched. `position` is the event's.
CREATE TABLE utterance (
    position INTEGER PRIMARY KEY,
    call_no INTEGER NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    utterance_id TEXT NOT NULL,
    role TEXT NOT NULL,
    start_ms INTEGER,
    end_ms INTEGER,
    occurred_at REAL NOT NULL,
    text TEXT NOT NULL
) STRICT;

CREATE INDEX utterance_call ON utterance (call_no);

CREATE VIRTUAL TABLE utterance_words USING fts5 (
    text, content = 'utterance', content_rowid = 'position',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest BLOB NOT NULL,
    scopes TEXT NOT NULL,
    created_at REAL NOT NULL,
    revoked_at REAL
) STRICT, WITHOUT ROWID;

-- The secret that short-lived tokens are signed with.
CREATE TABLE installation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    token_secret BLOB NOT NULL
) STRICT;

INSERT INTO installation (id, token_secret) VALUES (1, randomblob(32));

CREATE TABLE saved_search (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- Captured audio: one file a call, beside the database.
CREATE TABLE recording (
    call_no INTEGER PRIMARY KEY REFERENCES call (call_no) ON DELETE CASCADE,
    file TEXT NOT NULL,
    started_at REAL NOT NULL,
    delete_at REAL
) STRICT;
