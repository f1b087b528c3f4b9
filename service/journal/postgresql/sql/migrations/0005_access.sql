-- Who read, heard, took out or erased which call. It outlives the calls, and holds nothing of them
-- but their ids.
CREATE TABLE access (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at double precision NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    call_id text COLLATE "C",
    address text COLLATE "C" NOT NULL
);

CREATE INDEX access_call ON access (call_id, id) WHERE call_id IS NOT NULL;
