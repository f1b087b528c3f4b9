-- `call_no` stands for the call in every other table: it is short, and the calls of one day lie
-- side by side. Times are Unix seconds. Text of ours compares by its bytes.
--
-- No index holds what changes with every event or delivery: an update then stays in its page (HOT)
-- and leaves nothing to index again. `open` is what tells which calls are to be looked after; it
-- changes twice a call.

CREATE TABLE installation (
    id integer PRIMARY KEY CHECK (id = 1),
    -- the secret that short-lived tokens are signed with
    token_secret bytea NOT NULL,
    -- how many services have had this journal: one that was away finds out whether another came
    served bigint NOT NULL DEFAULT 0,
    -- added to the number of a transaction in the place of an event: restored into another server,
    -- whose transactions count from the beginning, the places still only grow
    position_base bigint NOT NULL DEFAULT 0
);

CREATE SEQUENCE call_no AS bigint CACHE 1;

CREATE TABLE call (
    call_no bigint PRIMARY KEY,
    call_id text COLLATE "C" NOT NULL UNIQUE,
    version integer NOT NULL,
    epoch integer NOT NULL,
    last_seq integer NOT NULL,
    state bytea NOT NULL,
    wake_at double precision,
    ended boolean NOT NULL,
    -- not ended, or wants to be woken, or a lane may have something left to deliver
    open boolean NOT NULL,
    created_at double precision NOT NULL,
    updated_at double precision NOT NULL
) WITH (fillfactor = 50);

CREATE INDEX call_open ON call (call_no) WHERE open;

CREATE TABLE leg (
    leg_id text COLLATE "C" PRIMARY KEY,
    call_no bigint NOT NULL REFERENCES call (call_no) ON DELETE CASCADE
);

CREATE INDEX leg_call ON leg (call_no);

CREATE TABLE inbox (
    input_id text COLLATE "C" PRIMARY KEY,
    received_at double precision NOT NULL
);

CREATE INDEX inbox_received ON inbox USING brin (received_at) WITH (autosummarize = on);

-- `position` is the place among the events of all calls: the number of the transaction that wrote
-- it, and which of its events it is. What committed later than somebody looked has a greater one,
-- or is not shown before all that are smaller.
CREATE TABLE event (
    call_no bigint NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    seq integer NOT NULL,
    position bigint NOT NULL,
    type text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    created_at double precision NOT NULL,
    PRIMARY KEY (call_no, seq)
);

CREATE UNIQUE INDEX event_position ON event (position);
CREATE INDEX event_erased ON event (position) WHERE type = 'transcript.erased';

CREATE TABLE lane (
    call_no bigint NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    endpoint text COLLATE "C" NOT NULL,
    acked_seq integer NOT NULL,
    head_seq integer NOT NULL,
    attempts integer NOT NULL,
    due_at double precision NOT NULL,
    generation integer NOT NULL,
    PRIMARY KEY (call_no, endpoint),
    CHECK (acked_seq <= head_seq)
) WITH (fillfactor = 50);

CREATE TABLE parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_no bigint NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    endpoint text COLLATE "C" NOT NULL,
    seq integer NOT NULL,
    type text COLLATE "C" NOT NULL,
    status integer,
    reason text COLLATE "C" NOT NULL,
    parked_at double precision NOT NULL,
    UNIQUE (call_no, endpoint, seq)
);

CREATE INDEX parked_newest ON parked (parked_at, id);

-- What was tried, and how it went: for people who look after an endpoint. `delete_at` is known once
-- it is known how long the call is kept.
CREATE TABLE attempt (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_no bigint NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    endpoint text COLLATE "C" NOT NULL,
    seq integer NOT NULL,
    made_at double precision NOT NULL,
    result text COLLATE "C" NOT NULL,
    status integer,
    took_ms integer NOT NULL,
    answer text COLLATE "C" NOT NULL,
    delete_at double precision
);

CREATE INDEX attempt_call ON attempt (call_no);
CREATE INDEX attempt_due ON attempt (delete_at) WHERE delete_at IS NOT NULL;

CREATE TABLE endpoint_state (
    endpoint text COLLATE "C" PRIMARY KEY,
    disabled_reason text COLLATE "C" NOT NULL,
    disabled_at double precision NOT NULL
);

-- Who took over from an endpoint that is configured no more: calls that go on still name the old one.
CREATE TABLE endpoint_alias (
    old text COLLATE "C" PRIMARY KEY,
    new text COLLATE "C" NOT NULL
);

CREATE TABLE media_token (
    token_hash bytea PRIMARY KEY,
    header_hash bytea NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    leg_id text COLLATE "C" NOT NULL,
    expires_at double precision NOT NULL
);

CREATE INDEX media_token_expires ON media_token (expires_at);
CREATE INDEX media_token_call ON media_token (call_id);

CREATE TABLE probe (
    id integer PRIMARY KEY CHECK (id = 1),
    checks bigint NOT NULL
) WITH (fillfactor = 50);

INSERT INTO probe (id, checks) VALUES (1, 0);

-- What calls are listed by.
CREATE TABLE summary (
    call_no bigint PRIMARY KEY REFERENCES call (call_no) ON DELETE CASCADE,
    started_at double precision NOT NULL,
    answered_at double precision,
    ended_at double precision,
    completed_at double precision,
    erased_at double precision,
    direction text COLLATE "C",
    from_number text COLLATE "C",
    to_number text COLLATE "C",
    duration_ms bigint,
    utterances integer NOT NULL DEFAULT 0,
    words integer NOT NULL DEFAULT 0,
    gaps integer NOT NULL DEFAULT 0,
    transcription text COLLATE "C",
    -- the route's metadata as it was written, and its top level as text, to be asked for
    metadata bytea NOT NULL,
    facts jsonb NOT NULL
) WITH (fillfactor = 50);

CREATE INDEX summary_newest ON summary (started_at);
CREATE INDEX summary_live ON summary (started_at) WHERE ended_at IS NULL;
CREATE INDEX summary_from ON summary (from_number, started_at);
CREATE INDEX summary_to ON summary (to_number, started_at);

-- The finals, to be searched. `position` is the event's; `words` are the text as it is compared.
CREATE TABLE utterance (
    position bigint PRIMARY KEY,
    call_no bigint NOT NULL REFERENCES call (call_no) ON DELETE CASCADE,
    seq integer NOT NULL,
    utterance_id text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    start_ms bigint,
    end_ms bigint,
    occurred_at double precision NOT NULL,
    text text COLLATE "C" NOT NULL,
    words tsvector NOT NULL
);

CREATE INDEX utterance_call ON utterance (call_no);
CREATE INDEX utterance_words ON utterance USING gin (words) WITH (fastupdate = off);

CREATE TABLE api_key (
    id text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    scopes text COLLATE "C" NOT NULL,
    created_at double precision NOT NULL,
    revoked_at double precision
);

CREATE TABLE saved_search (
    id text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    query text COLLATE "C" NOT NULL,
    created_at double precision NOT NULL
);

-- Captured audio: one file a call, in the recordings' folder.
CREATE TABLE recording (
    call_no bigint PRIMARY KEY REFERENCES call (call_no) ON DELETE CASCADE,
    file text COLLATE "C" NOT NULL,
    started_at double precision NOT NULL,
    delete_at double precision
);

CREATE INDEX recording_due ON recording (delete_at) WHERE delete_at IS NOT NULL;

-- How long a call is kept, where its route says so.
CREATE TABLE keeping (
    call_no bigint PRIMARY KEY REFERENCES call (call_no) ON DELETE CASCADE,
    text_due_at double precision,
    attempts_s double precision
);

CREATE INDEX keeping_due ON keeping (text_due_at) WHERE text_due_at IS NOT NULL;
CREATE INDEX keeping_attempts ON keeping (call_no) WHERE attempts_s IS NOT NULL;

-- Calls that were erased, and whose rows the files may still hold: since which transaction.
CREATE TABLE unscrubbed (
    call_no bigint PRIMARY KEY REFERENCES call (call_no) ON DELETE CASCADE,
    since xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- The busy tables are looked after early: few dead rows must not mislead who plans a query.
ALTER TABLE call SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 2000);
ALTER TABLE lane SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 2000);
ALTER TABLE summary SET (autovacuum_vacuum_scale_factor = 0.02);
