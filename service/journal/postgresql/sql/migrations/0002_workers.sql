-- Several services share a database: each is a worker, and a call is one worker's at a time.

CREATE TABLE worker (
    id text COLLATE "C" PRIMARY KEY,
    url text NOT NULL,
    -- both by the clock of this server
    registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- leaves soon: it is given nothing to look after
    draining boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);

-- Whose a call is, with its lanes; NULL, or of a worker that is gone: whoever comes first takes it.
-- Of a call that ended it is the last one it had.
ALTER TABLE call ADD COLUMN owner text COLLATE "C";

CREATE INDEX call_owner ON call (owner, call_no) WHERE open;

-- What came to one worker and is for a call that is another's. Webhooks have an `input_id`, what
-- people ask has the worker that waits for the reply.
CREATE TABLE pending_input (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_id text COLLATE "C" NOT NULL,
    input_id text COLLATE "C" UNIQUE,
    body bytea NOT NULL,
    asked_by text COLLATE "C",
    reply bytea,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((input_id IS NULL) <> (asked_by IS NULL))
);

CREATE INDEX pending_input_reply ON pending_input (asked_by) WHERE reply IS NOT NULL;

-- Calls that another worker took from one that is alive and does not know yet.
CREATE TABLE taken_call (
    loser text COLLATE "C" NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (loser, call_id)
);

-- Few live rows among many dead ones: they are read every second.
ALTER TABLE pending_input SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
ALTER TABLE taken_call SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- One service after the other was told by this before; now each has its row.
ALTER TABLE installation DROP COLUMN served;
