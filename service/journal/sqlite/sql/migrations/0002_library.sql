-- What people and programs ask, and who may ask it. All but the keys can be made again from the
-- events; triggers keep it, so that it is there with the commit and not a moment later.

-- Every event gets a place among those of all calls, which only ever grows: the feed's cursor.
ALTER TABLE event RENAME TO unplaced_event;

CREATE TABLE event (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    call_no INTEGER NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    body BLOB NOT NULL,
    created_at REAL NOT NULL,
    UNIQUE (call_no, seq)
) STRICT;

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
    transcription TEXT,
    metadata TEXT NOT NULL
) STRICT;

CREATE INDEX summary_newest ON summary (started_at);
CREATE INDEX summary_live ON summary (started_at) WHERE ended_at IS NULL;
CREATE INDEX summary_from ON summary (from_number);
CREATE INDEX summary_to ON summary (to_number);

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

-- The prefixes: without them, each look for `be*` reads the lists of all words that begin so.
CREATE VIRTUAL TABLE utterance_words USING fts5 (
    text, content = 'utterance', content_rowid = 'position', prefix = '2 3',
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

-- From here on an event is in the library with its commit. A body that is none of ours (no JSON,
-- or without what is asked of it) is kept as an event and is in no list.

CREATE TRIGGER call_started AFTER INSERT ON event
WHEN new.type = 'call.started' AND json_valid(CAST(new.body AS TEXT))
BEGIN
    INSERT INTO summary (call_no, started_at, direction, from_number, to_number, metadata)
    SELECT new.call_no,
    coalesce(round((julianday(json_extract(body, '$.timestamp')) - 2440587.5) * 86400000) / 1000,
        new.created_at),
    json_extract(body, '$.data.direction'),
    json_extract(body, '$.data.from'),
    json_extract(body, '$.data.to'),
    coalesce(json_extract(body, '$.data.metadata'), '{}')
    FROM (SELECT CAST(new.body AS TEXT) AS body) WHERE true
    ON CONFLICT (call_no) DO NOTHING;
END;

CREATE TRIGGER call_answered AFTER INSERT ON event
WHEN new.type = 'call.answered' AND json_valid(CAST(new.body AS TEXT))
BEGIN
    UPDATE summary SET answered_at = coalesce(
        round((julianday(json_extract(CAST(new.body AS TEXT), '$.timestamp')) - 2440587.5)
            * 86400000) / 1000,
        new.created_at)
    WHERE call_no = new.call_no;
END;

CREATE TRIGGER call_ended AFTER INSERT ON event
WHEN new.type = 'call.ended' AND json_valid(CAST(new.body AS TEXT))
BEGIN
    UPDATE summary SET ended_at = coalesce(
        round((julianday(json_extract(CAST(new.body AS TEXT), '$.timestamp')) - 2440587.5)
            * 86400000) / 1000,
        new.created_at),
    duration_ms = json_extract(CAST(new.body AS TEXT), '$.data.duration_ms')
    WHERE call_no = new.call_no;
END;

CREATE TRIGGER transcription_changed AFTER INSERT ON event
WHEN new.type IN (
    'transcription.started', 'transcription.resumed', 'transcription.paused',
    'transcription.stopped')
BEGIN
    UPDATE summary SET transcription = CASE new.type
        WHEN 'transcription.paused' THEN 'paused'
        WHEN 'transcription.stopped' THEN 'off'
        ELSE 'on' END
    WHERE call_no = new.call_no;
END;

CREATE TRIGGER transcript_final AFTER INSERT ON event
WHEN new.type = 'transcript.final' AND json_valid(CAST(new.body AS TEXT))
BEGIN
    -- the two characters are the marks of what was found
    INSERT INTO utterance
    (position, call_no, seq, utterance_id, role, start_ms, end_ms, occurred_at, text)
    SELECT new.position, new.call_no, new.seq,
    json_extract(body, '$.data.utterance_id'),
    json_extract(body, '$.data.role'),
    json_extract(body, '$.data.start_ms'),
    json_extract(body, '$.data.end_ms'),
    coalesce(round((julianday(json_extract(body, '$.timestamp')) - 2440587.5) * 86400000) / 1000,
        new.created_at),
    replace(replace(json_extract(body, '$.data.text'), char(2), ' '), char(3), ' ')
    FROM (SELECT CAST(new.body AS TEXT) AS body)
    WHERE json_type(body, '$.data.text') = 'text'
    AND json_type(body, '$.data.utterance_id') = 'text'
    AND json_type(body, '$.data.role') = 'text';
END;

CREATE TRIGGER transcript_gap AFTER INSERT ON event WHEN new.type = 'transcript.gap'
BEGIN
    UPDATE summary SET gaps = gaps + 1 WHERE call_no = new.call_no;
END;

-- The call itself has counted better than these triggers: words may stand apart by more than a
-- space.
CREATE TRIGGER transcript_completed AFTER INSERT ON event
WHEN new.type = 'transcript.completed' AND json_valid(CAST(new.body AS TEXT))
BEGIN
    UPDATE summary SET
    completed_at = coalesce(
        round((julianday(json_extract(CAST(new.body AS TEXT), '$.timestamp')) - 2440587.5)
            * 86400000) / 1000,
        new.created_at),
    utterances = coalesce(json_extract(CAST(new.body AS TEXT), '$.data.utterances'), utterances),
    words = coalesce(json_extract(CAST(new.body AS TEXT), '$.data.words'), words),
    gaps = coalesce(json_extract(CAST(new.body AS TEXT), '$.data.gaps'), gaps),
    transcription = CASE WHEN transcription IS NOT NULL THEN 'off' END
    WHERE call_no = new.call_no;
END;

CREATE TRIGGER transcript_erased AFTER INSERT ON event WHEN new.type = 'transcript.erased'
BEGIN
    UPDATE summary SET erased_at = new.created_at, from_number = NULL, to_number = NULL,
    metadata = '{}'
    WHERE call_no = new.call_no;
END;

CREATE TRIGGER utterance_kept AFTER INSERT ON utterance
BEGIN
    INSERT INTO utterance_words (rowid, text) VALUES (new.position, new.text);
    UPDATE summary SET utterances = utterances + 1,
    words = words + 1 + length(new.text) - length(replace(new.text, ' ', ''))
    WHERE call_no = new.call_no;
END;

-- Where an event goes, so does what was made of it. Its words are only marked in the index:
-- whoever erases merges the index afterwards (`merge_words`).
CREATE TRIGGER event_gone AFTER DELETE ON event
BEGIN
    DELETE FROM utterance WHERE position = old.position;
END;

CREATE TRIGGER utterance_gone AFTER DELETE ON utterance
BEGIN
    INSERT INTO utterance_words (utterance_words, rowid, text)
    VALUES ('delete', old.position, old.text);
END;

-- The events that are there already go the way of new ones.
INSERT INTO event (call_no, seq, type, body, created_at)
SELECT call_no, seq, type, body, created_at FROM unplaced_event ORDER BY rowid;

DROP TABLE unplaced_event;
